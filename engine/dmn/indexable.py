"""Which rules a value of a column's kind finds may be known where the whole cell is not static: what null or a value of
another kind finds is left to trying."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from engine.dmn.cells import StaticCell, static_cell
from engine.feel import syntax
from engine.feel.builtins import BUILTINS


def indexable(node: syntax.Tests) -> StaticCell | None:
    """The cell as far as values of its `kind` go. Beside static ones: `? = true`, `null, < 7`, and of lists
    `list contains(?, "a") or list contains(?, "b")`, whose words stand in `values`."""
    found = static_cell(node)
    if found is not None or node.negated:
        return found
    if len(node.tests) == 1 and node.uses_input[0]:
        (test,) = node.tests
        wanted = _equality(test)
        if wanted is not None:
            return StaticCell("boolean" if isinstance(wanted, bool) else "string", (), (wanted,), False)
        words = _words(test)
        return None if words is None else StaticCell("list", (), tuple(words), False)
    kept = [number for number, test in enumerate(node.tests) if not _is_null(test)]
    if not 0 < len(kept) < len(node.tests):
        return None
    rest = syntax.Tests(
        node.position,
        tests=[node.tests[number] for number in kept],
        uses_input=[node.uses_input[number] for number in kept],
    )
    cell = static_cell(rest)
    return None if cell is None or cell.negated else cell


def _is_null(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Literal) and node.value is None


def _is_input(node: syntax.Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == "?"


def _equality(node: syntax.Node) -> bool | str | None:
    if isinstance(node, syntax.Comparison) and node.operator == "=" and _is_input(node.left):
        wanted = node.right.value if isinstance(node.right, syntax.Literal) else None
        return wanted if isinstance(wanted, bool | str) else None
    return None


def _words(node: syntax.Node) -> list[str] | None:
    if isinstance(node, syntax.Logic) and node.operator == "or":
        found = [_words(operand) for operand in node.operands]
        return None if None in found else [word for words in found if words is not None for word in words]
    if not isinstance(node, syntax.Call) or node.names or not isinstance(node.function, syntax.Name):
        return None
    if node.function.name != "list contains" or len(node.arguments) != 2 or not _is_input(node.arguments[0]):
        return None
    wanted = node.arguments[1]
    return [wanted.value] if isinstance(wanted, syntax.Literal) and isinstance(wanted.value, str) else None


def calls_own(node: syntax.Node) -> bool:
    """Does it call a function that is no built-in? Such a one may find fault with the data."""
    return any(
        isinstance(each, syntax.Call)
        and not (isinstance(each.function, syntax.Name) and each.function.name in BUILTINS)
        for each in _walk(node)
    )


def _walk(node: Any) -> Iterator[syntax.Node]:
    if isinstance(node, list | tuple):
        for each in node:
            yield from _walk(each)
    elif isinstance(node, syntax.Node) and is_dataclass(node):
        yield node
        for each in fields(node):
            yield from _walk(getattr(node, each.name))
