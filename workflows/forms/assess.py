"""Answers looked at as a whole: what is shown, what is calculated, what is missing, what contradicts what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.errors import Fault, Text
from workflows.forms.checks import RULES
from workflows.forms.items import Item
from workflows.forms.layout import Layout
from workflows.forms.limits import beyond, doubtful
from workflows.forms.schema import blank
from workflows.forms.sheet import Sheet, is_required, listed

REQUIRED = Text(zh="必填", en="required")


@dataclass
class Assessment:
    values: dict[str, Any]  # entered and calculated; answers to what is not shown are gone
    calculated: dict[str, Any]
    enabled: dict[str, bool]
    required: dict[str, bool]  # of the items whose duty depends on other answers
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def assess(layout: Layout, entered: Mapping[str, Any], on: date, context: Mapping[str, Any]) -> Assessment:
    """Let calculations and conditions settle, then look for what is wrong. `entered` has passed the schema."""
    sheet = Sheet(layout, entered, {**context, "today": on.isoformat()})
    sheet.settle()
    shown = sheet.shown()
    found = Assessment(shown, sheet.calculated(), sheet.enabled, sheet.duties())
    for fault, is_error in _findings(sheet, shown, on):
        (found.faults if is_error else found.warnings).append(fault)
    return found


def _findings(sheet: Sheet, shown: Mapping[str, Any], on: date) -> Iterator[tuple[Fault, bool]]:
    """Each finding, and whether it refuses the form."""
    for item in sheet.layout.looked_at:
        if sheet.is_shown(item):
            yield from _findings_of(sheet, item, shown, on)
    for rows in sheet.rows.values():
        for row in rows:
            yield from _findings(row, row.shown(), on)


def _findings_of(sheet: Sheet, item: Item, shown: Mapping[str, Any], on: date) -> Iterator[tuple[Fault, bool]]:
    path, environment = sheet.prefix + item.link_id, sheet.environment
    value = shown.get(item.link_id)
    if is_required(item, environment) and not item.calculated and (item.is_question or item.is_table) and blank(value):
        yield Fault(path=path, message=REQUIRED), True
    if item.calculated and value is not None:
        yield from ((Fault(path=path, message=text), True) for text in beyond(item, value, on))
    if item.limits.confirm_low is not None or item.limits.confirm_high is not None:
        for one in listed(value):
            yield from ((Fault(path=path, message=text), False) for text in doubtful(item, one))
    for constraint in item.constraints:
        if constraint.expression.is_false(environment):
            yield Fault(path=path, message=constraint.message), constraint.is_error
    if item.check and value is not None:
        for fault in RULES[item.check](item.link_id, shown):
            yield Fault(path=sheet.prefix + fault.path, message=fault.message), True
