"""JSON on many lines, for people."""

from __future__ import annotations

from typing import Any

import orjson


def dumps(document: Any) -> bytes:
    """Two blanks a level; a Decimal keeps its digits."""
    return orjson.dumps(document, default=lambda digits: orjson.Fragment(str(digits)), option=orjson.OPT_INDENT_2)
