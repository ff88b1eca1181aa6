"""A question that goes with the commit of a command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Question:
    """`of`: a statement and its parameters, from the command's answer. `rows`: what it answered of what had just been
    committed; None: it was not asked, or things have moved on since."""

    of: Callable[[Any], tuple[str, Mapping[str, Any]]]
    rows: list[tuple[Any, ...]] | None = None
