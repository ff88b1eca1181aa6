"""Trying out an expression or a decision on data: the value, why a part of it is null, and which rules matched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from engine.dmn import Definitions
from engine.errors import Incorrect, Text
from engine.feel import Diagnostics, compile_expression, compile_unary_tests, to_plain

MOST_NAMES = 100  # with spaces or symbols; beyond it reading an expression would take too long

_WORD = re.compile(r"\w+")

Answer = dict[str, Any]


def try_expression(text: str, context: Mapping[str, Any], now: datetime) -> Answer:
    """The value of an expression. Raises FeelSyntaxError, FeelError "budget"."""
    if text.startswith("="):
        text = f" {text[1:]}"  # as it stands in a diagram; the positions stay
    notes = Diagnostics()
    expression = compile_expression(text, names=_names(context, text), members=_names(_inside(context), text))
    return _answer(expression.evaluate(context, now=now, diagnostics=notes), notes, expression.names)


def try_tests(text: str, value: Any, context: Mapping[str, Any], now: datetime) -> Answer:
    """Whether a value passes the cell of a table. Raises FeelSyntaxError, FeelError "budget"."""
    notes = Diagnostics()
    tests = compile_unary_tests(text, names=_names(context, text), members=_names(_inside(context), text))
    return _answer(tests.test(value, context, now, notes), notes, tests.names)


def try_decision(model: Definitions, decision_id: str, context: Mapping[str, Any], now: datetime) -> Answer:
    """The value of a decision with its trace. Raises NotFound, DecisionError, FeelError "budget"."""
    found = model.evaluate(decision_id, context, now=now)
    diagnostics = [_said("error", text) for text in found.errors] + [_said("note", text) for text in found.notes]
    return {"value": to_plain(found.value), "trace": found.trace, "diagnostics": diagnostics}


def _answer(value: Any, notes: Diagnostics, names: Iterable[str]) -> Answer:
    said = [{"position": note.position, "message": _text(note.message)} for note in notes.notes]
    return {"value": to_plain(value), "diagnostics": said, "names": sorted(names)}


def _said(kind: str, text: Text) -> dict[str, Any]:
    return {"kind": kind, "message": _text(text)}


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _names(known: Iterable[str], text: str) -> list[str]:
    """Of the names those that may stand in the text and need to be known when it is read."""
    words = set(_WORD.findall(text))
    odd = {name for name in known if not name.isalnum() and words.issuperset(_WORD.findall(name))}
    if len(odd) > MOST_NAMES:
        raise Incorrect("带空格或符号的名称过多", "too many names with spaces or symbols", code="budget")
    return sorted(odd)


def _inside(value: Any) -> Iterator[str]:
    """Every name below a value."""
    if isinstance(value, Mapping):
        yield from value
        for part in value.values():
            yield from _inside(part)
    elif isinstance(value, list):
        for part in value:
            yield from _inside(part)
