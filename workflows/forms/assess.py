"""Answers looked at as a whole: what is shown, what is calculated, what is missing, what contradicts what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.clock import CHINA
from engine.errors import Fault, Text
from workflows.forms.checks import RULES
from workflows.forms.layout import Layout, Look
from workflows.forms.limits import ahead, beyond, doubtful, latest
from workflows.forms.sheet import Sheet, is_required, listed

REQUIRED = Text(zh="必填", en="required")


@dataclass
class Assessment:
    values: dict[str, Any]  # entered and calculated; answers to what is not shown are gone
    calculated: dict[str, Any]
    sheet: Sheet
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    @property
    def enabled(self) -> dict[str, bool]:
        return self.sheet.enabled()

    @property
    def required(self) -> dict[str, bool]:
        """Of the items whose duty depends on other answers."""
        return self.sheet.duties()


@dataclass(frozen=True, slots=True)
class When:
    """A form is filled in on the day `on`; nothing in it happened after `latest`."""

    on: date
    latest: datetime


def when(at: date | datetime) -> When:
    """`at`: the moment, or no more than the day."""
    on = at.astimezone(CHINA).date() if isinstance(at, datetime) else at
    return When(on, latest(at))


def assess(layout: Layout, entered: Mapping[str, Any], at: When, context: Mapping[str, Any]) -> Assessment:
    """Let calculations and conditions settle, then look for what is wrong. `entered` has passed the schema."""
    sheet = Sheet(layout, entered, {**context, "today": at.on.isoformat()})
    sheet.settle()
    shown = sheet.shown()
    found = Assessment(shown, sheet.calculated(), sheet)
    for fault, is_error in _findings(sheet, shown, at):
        (found.faults if is_error else found.warnings).append(fault)
    return found


def _findings(sheet: Sheet, shown: Mapping[str, Any], at: When) -> Iterator[tuple[Fault, bool]]:
    """Each finding, and whether it refuses the form."""
    hidden = sheet.hidden
    for look in sheet.layout.looked_at:
        if look.link_id not in hidden:
            yield from _findings_of(sheet, look, shown, at)
    for rows in sheet.rows.values():
        for row in rows:
            yield from _findings(row, row.shown(), at)


def _findings_of(sheet: Sheet, look: Look, shown: Mapping[str, Any], at: When) -> list[tuple[Fault, bool]]:
    """`shown` holds no blank answers: what is not in it is not there."""
    link_id, item, may_be_missing, is_calculated, is_confirmed, is_moment, constraints = look
    path, environment, value = sheet.prefix + link_id, sheet.environment, shown.get(link_id)
    found: list[tuple[Fault, bool]] = []
    if value is None:
        if may_be_missing and is_required(item, environment):
            found.append((Fault(path=path, message=REQUIRED), True))
    else:
        if is_calculated:
            found += ((Fault(path=path, message=text), True) for text in beyond(item, value, at.on))
        if is_confirmed:
            for one in listed(value):
                found += ((Fault(path=path, message=text), False) for text in doubtful(item, one))
        if is_moment:
            late = (ahead(one, at.latest) for one in listed(value))
            found += ((Fault(path=path, message=text), True) for text in late if text is not None)
    for constraint in constraints:
        if constraint.expression.is_false(environment):
            found.append((Fault(path=path, message=constraint.message), constraint.is_error))
    if value is not None and item.check:
        for fault in RULES[item.check](link_id, shown):
            found.append((Fault(path=sheet.prefix + fault.path, message=fault.message), True))
    return found
