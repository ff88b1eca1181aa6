"""Negation in three-valued logic."""

from __future__ import annotations

from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.meter import Run


@builtin("not", "negand: any")
def negation(run: Run, negand: Any) -> bool | None:
    return not negand if isinstance(negand, bool) else None
