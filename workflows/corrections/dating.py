"""What a corrected date would change, before anybody changes it. Pure. What happened stays; what is planned moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import Conflict
from workflows.corrections.asking import wrong
from workflows.facts import date_of
from workflows.policies import gestational_age as ages
from workflows.policies import lunar
from workflows.policies.registration import EARLY_UNTIL_DAYS
from workflows.policies.visit_plan import windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One visit window of the package; `visited`: a visit that was made lies in the new one."""

    slot: int
    opened_on: date
    closed_on: date
    opens_on: date
    closes_on: date
    visited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a new last menstrual period does. `kept`: visits made, which stay as they are."""

    lmp: date
    old_edd: date
    new_edd: date
    old_age: str
    new_age: str
    moved: tuple[Moved, ...]
    kept: int
    was_early: bool | None
    is_early: bool | None

    @property
    def days(self) -> int:
        return (self.new_edd - self.old_edd).days


def effect_of_lmp(variables: Mapping[str, Any], lmp_text: str, on: date, *, ended: bool) -> Effect:
    """Raises Incorrect by field for a date that cannot be or changes nothing, Conflict once the pregnancy is over."""
    if ended or variables.get("delivered_on") or variables.get("end_code"):
        raise Conflict("妊娠已结束，孕周不再改动", "the pregnancy is over; its dates stay", code="pregnancy-over")
    old = date_of(variables.get("edd"))
    if old is None:
        raise Conflict("尚未定预产期", "there is no due date yet", code="not-dated")
    lmp = _lmp(lmp_text, on)
    new = ages.due_date(lmp, (variables.get("policy") or {}).get("edd_rule"))
    if new == old:
        raise wrong("lmp", "与现在的预产期相同", "that is the due date she has")
    package: Sequence[Mapping[str, Any]] = (variables.get("policy") or {}).get("visit_windows") or ()
    visited = [day for text in variables.get("visits") or () if (day := date_of(text))]
    before, after = windows(old, package, visited), windows(new, package, visited)
    first = min(visited, default=None)
    return Effect(
        lmp=lmp,
        old_edd=old,
        new_edd=new,
        old_age=ages.written(ages.days_pregnant(old, on)),
        new_age=ages.written(ages.days_pregnant(new, on)),
        moved=tuple(
            Moved(
                slot=then.slot,
                opened_on=then.opens_on,
                closed_on=then.closes_on,
                opens_on=now.opens_on,
                closes_on=now.closes_on,
                visited=now.visited,
            )
            for then, now in zip(before, after)
        ),
        kept=len(visited),
        was_early=variables.get("early_registration"),
        is_early=ages.days_pregnant(new, first) <= EARLY_UNTIL_DAYS if first else None,
    )


def _lmp(text: str, on: date) -> date:
    try:
        lmp = lunar.gregorian(text, on) if lunar.is_told(text) else date.fromisoformat(text)
    except ValueError:
        raise wrong("lmp", "请填日期，如 2025-11-23", "give a date such as 2025-11-23") from None
    if lmp is None:
        raise wrong("lmp", "没有这个农历日期，或无法识别", "there is no such lunar date, or it cannot be read")
    if lmp > on:
        raise wrong("lmp", "末次月经不能晚于今天", "the last period cannot be after today")
    if (on - lmp).days > ages.LONGEST:
        raise wrong("lmp", f"距今超过 {ages.LONGEST} 天，请核对", f"more than {ages.LONGEST} days ago; please check")
    return lmp
