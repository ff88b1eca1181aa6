"""Values as text, as `string()` writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.feel.meter import Run
from engine.feel.values import Function, Range, Unequal


def number_text(value: Any) -> str:
    """Without exponent, without trailing zeros that were not asked for."""
    if isinstance(value, int):
        return str(value)
    if not value:
        return "0"
    text = format(value, "f")
    return text


def string_of(value: Any, run: Run) -> str:
    """A string as it is; the rest as FEEL would write it."""
    if isinstance(value, str):
        return value
    return _text(value, run)


def _text(value: Any, run: Run) -> str:
    run.charge(1)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | int):
        text = number_text(value)
        run.charge_string(len(text))
        return text
    if isinstance(value, str):
        run.charge_string(len(value))
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | dict):
        return _compound(value, run)
    if isinstance(value, Range):
        return _range_text(value, run)
    if isinstance(value, Unequal):
        return f"(!= {_text(value.value, run)})"
    if isinstance(value, Function):
        return f"function({', '.join(name for name, _ in value.parameters)})"
    return str(value)


def _compound(value: Any, run: Run) -> str:
    run.enter()
    if isinstance(value, list):
        parts = [_text(item, run) for item in value]
    else:
        parts = [f"{_key(name)}: {_text(item, run)}" for name, item in value.items()]
    run.depth -= 1
    inner = ", ".join(parts)
    run.charge_string(len(inner))
    return f"[{inner}]" if isinstance(value, list) else f"{{{inner}}}"


def _key(name: str) -> str:
    return name if name and not set(name) & set('"{}:,\\') else '"' + name.replace('"', '\\"') + '"'


def _range_text(value: Range, run: Run) -> str:
    if value.unary == "=":
        return f"(= {_text(value.start, run)})"
    if value.unary in ("<", "<=", ">", ">="):
        return f"({value.unary} {_text(value.end if value.start is None else value.start, run)})"
    opening, closing = "[" if value.start_included else "(", "]" if value.end_included else ")"
    return f"{opening}{_text(value.start, run)}..{_text(value.end, run)}{closing}"
