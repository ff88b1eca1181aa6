"""Women whom a village heard of and who never register: not pregnant, gone, or in care elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from runtime.demo import identity
from runtime.demo.answers import example_as_of
from runtime.simulation.course import Act, Course
from runtime.simulation.desk import OpenTask
from runtime.simulation.moments import by_day, moment_in, on_day
from runtime.simulation.rates import RATES, Rates
from workflows import leads

OUTCOMES = ("not_pregnant", "ended", "elsewhere", "left")
WRITTEN = {
    "not_pregnant": {"lead_reason": "验孕阴性"},
    "ended": {"lead_reason": "自然流产"},
    "elsewhere": {"lead_reason": "娘家建册", "elsewhere_org": "邻县妇幼保健院"},
    "left": {"lead_reason": "外出务工"},
}
FORGOTTEN = 0.3  # share of these leads that nobody follows until the county asks [default]
LATE_DAYS = 25


@dataclass(frozen=True, kw_only=True)
class Passing:
    number: int
    lead_id: str
    heard_on: date
    village: str
    birth: date
    outcome: str
    is_forgotten: bool

    @property
    def keys(self) -> list[str]:
        return [self.lead_id]


def passing_through(births: int, seed: int, begin: date, over_days: int, rates: Rates = RATES) -> list[Passing]:
    """Numbered after those who give birth."""
    how_many = round(births * rates.lead_alone)
    return [_draw(births + k, Random(f"{seed}/passing/{k}"), begin, over_days) for k in range(how_many)]


def _draw(number: int, chance: Random, begin: date, over_days: int) -> Passing:
    return Passing(
        number=number,
        lead_id=str(UUID(int=chance.getrandbits(128), version=4)),
        heard_on=begin + timedelta(days=chance.randrange(over_days)),
        village=("village", "village2")[number % 2],
        birth=date(begin.year - 30, 1, 2) + timedelta(days=number // 500 % 180),
        outcome=chance.choice(OUTCOMES),
        is_forgotten=chance.random() < FORGOTTEN,
    )


class Passers:
    """The people around one lead."""

    def __init__(self, lead: Passing, seed: int, rates: Rates = RATES) -> None:
        self.lead = lead
        self._seed = seed
        self._rates = rates

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        yield by_day(self.lead.heard_on, self._chance("begin")), self._report

    def _report(self, course: Course) -> None:
        lead, on = self.lead, on_day(course.now)
        known = {
            "name": identity.name(lead.number),
            "id_no": identity.identity_number(lead.birth, lead.number),
            "birth_date": lead.birth.isoformat(),
            "lead_on": on.isoformat(),
            "lead_lmp": (on - timedelta(days=40)).isoformat(),
        }
        by = course.desk.by_login(lead.village)
        answers = {**example_as_of("pregnancy-lead", on), **known}
        leads.open_lead(course.desk.services, by=by, answers=answers, lead_id=lead.lead_id)
        course.tally.tasks["task_record_lead"] += 1
        course.stepped(2)

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance(f"{task.element_id}/{nth}")
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        if task.element_id == "task_follow_lead" and self.lead.is_forgotten:
            moment = by_day(on_day(limit) + timedelta(days=LATE_DAYS), chance)
        else:
            moment = moment_in(opens, limit, course.now, chance, is_late=chance.random() < self._rates.late)
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        course.finish(task, lambda: self._entered(task, on_day(course.now)))

    def _entered(self, task: OpenTask, on: date) -> dict[str, Any]:
        if task.form is None:
            return {"variables": {}}
        answers = example_as_of(task.form, on)
        if task.form == "lead-outcome":
            outcome = self.lead.outcome
            ended = {"ended_on": on.isoformat()} if outcome == "ended" else {}
            answers |= {"lead_outcome": outcome, **WRITTEN[outcome], **ended}
        return {"answers": answers}

    def corrected(self, *refused: Any) -> None:
        """What is sent in must hold; that it does not is a fault to be shown."""

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """Nothing follows."""

    def _chance(self, what: str) -> Random:
        return Random(f"{self._seed}/passing/{self.lead.number}/{what}")


def lead_ids(leads_alone: Sequence[Passing], people: Iterable[Any]) -> list[str]:
    """Of all leads that belong to somebody drawn; the others come from monthly sheets."""
    return [one.lead_id for one in leads_alone] + [one.lead_id for one in people if one.lead_id]
