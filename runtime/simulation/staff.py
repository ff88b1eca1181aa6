"""The people of the institutions: their duties period after period, the monthly sheets, and what they begin with one
another: checks, notices, adverse events, requests to other departments. About no woman in care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from runtime.demo import identity
from runtime.demo.answers import example_as_of
from runtime.simulation.course import Act, Course
from runtime.simulation.desk import OpenTask
from runtime.simulation.moments import at_hour, by_day, ending_at, moment_in, on_day
from runtime.simulation.rates import RATES, Rates
from workflows.institutions import calendar, matters

MONTH = 30  # days
# what is begun, its rate, by whom, and about which institutions in turn
BEGUN = (
    ("inspection", "inspections", "officer", ("org-hospital", "org-twn-1", "org-twn-2", "org-vil-1")),
    ("official_notice", "notices", "county", ("org-hospital", "org-twn-1")),
    ("adverse_event", "adverse_events", "midwife", (None,)),
    ("support_request", "support_requests", "nurse", (None,)),
)
SWEPT_FROM = 100_000  # numbers of the women on monthly sheets: nobody in care has one so high


class Staff:
    """Everybody at work in an institution. What came up in the course of a day they see on the next morning."""

    def __init__(self, begins_on: date, days: int, seed: int, rates: Rates = RATES) -> None:
        self._begins_on = begins_on
        self._days = days
        self._seed = seed
        self._rates = rates

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        yield at_hour(self._begins_on, 8), self._take_up
        for number in range(1, self._days):
            yield at_hour(self._begins_on + timedelta(days=number), 0), Course.look
        for kind, rate, login, about in BEGUN:
            for nth, day in enumerate(self._days_of(kind, getattr(self._rates, rate))):
                chance = Random(f"{self._seed}/{kind}/{nth}")
                organisation = about[nth % len(about)]
                act = self._beginning(kind, login, organisation, str(UUID(int=chance.getrandbits(128), version=4)))
                yield by_day(day, chance), act

    def _days_of(self, kind: str, rate: float) -> Iterable[date]:
        """Of each thirty days those on which one is begun."""
        chance = Random(f"{self._seed}/{kind}")
        for month in range(self._days // MONTH):
            for _ in range(int(rate) + (chance.random() < rate % 1)):
                yield self._begins_on + timedelta(days=month * MONTH + chance.randint(1, MONTH - 1))

    def _take_up(self, course: Course) -> None:
        calendar.take_up(course.desk.services, by=course.desk.by_login("officer"))
        course.stepped()

    def _beginning(self, kind: str, login: str, organisation: str | None, key: str) -> Act:
        def begin(course: Course) -> None:
            by = course.desk.by_login(login)
            matters.begin(course.desk.services, kind, by=by, organisation=organisation, matter_id=key)
            course.stepped()

        return begin

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance(task)
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        moment = moment_in(opens, limit, course.now, chance, is_late=chance.random() < self._rates.late)
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        course.finish(task, lambda: self._entered(course, task))

    def _entered(self, course: Course, task: OpenTask) -> dict[str, Any]:
        if task.form is None:
            return {"variables": {}}
        on, write = on_day(course.now), WRITERS.get(task.form)
        written = ending_at(example_as_of(task.form, on), course.now)
        if write is not None:
            written |= write(self._chance(task, "written"), on, self._rates)
        return {"answers": written}

    def corrected(self, *refused: Any) -> None:
        """What these people send in must hold; that it does not is a fault to be shown."""

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """Nothing follows that the processes do not bring."""

    def _chance(self, task: OpenTask, what: str = "") -> Random:
        """`created_at`: the same task of the same process may come again."""
        place = f"{task.business_key if task.definition_key != 'pregnancy_lead' else ''}/{task.element_id}/{task.path}"
        return Random(f"{self._seed}/{place}/{task.created_at.timestamp()}{what}")


def _duty(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    return {"works_count": 12, "reads_average": 5200}


def _checked(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    return {"notice_wanted": chance.random() < rates.unsettled}


def _notice(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    kind = chance.choice(("notice", "interview"))
    interview = {"interview_on": (on + timedelta(days=3)).isoformat()} if kind == "interview" else {}
    return {"notice_kind": kind, "reply_by": (on + timedelta(days=10)).isoformat(), **interview}


def _settled(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    if chance.random() >= rates.unsettled:
        return {}
    return {"notice_settled": False, "reply_by": (on + timedelta(days=10)).isoformat()}


def _passed(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    if chance.random() >= rates.unsettled:
        return {}
    return {"action_passed": False, "new_due": (on + timedelta(days=20)).isoformat()}


def _event(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    return {"event_grade": chance.choice(("1", "2", "3", "4"))}


def _support(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    return {"support_came": chance.random() >= rates.turned_down}


def _sheet(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    """Sometimes one of the women is pregnant; or somebody is counted who is not on the sheet."""
    row = {**example_as_of("sweep", on)["rows"][0]}
    if chance.random() >= rates.swept_pregnant:
        return {"rows": [row], "sweep_new_pregnant": 0}
    if chance.random() < 0.5:
        return {"rows": [row], "sweep_new_pregnant": 1}
    number = SWEPT_FROM + chance.randrange(SWEPT_FROM)
    pregnant = {"sweep_name": identity.name(number), "sweep_pregnant": "yes", "sweep_phone": identity.phone(number)}
    return {"rows": [row, {**row, **pregnant}], "sweep_new_pregnant": 1}


def _lead(chance: Random, on: date, rates: Rates) -> dict[str, Any]:
    return {"lead_outcome": "not_pregnant", "lead_reason": "验孕阴性", "contacted_on": on.isoformat()}


Write = Any
WRITERS: Mapping[str, Write] = {
    "duty-evidence": _duty,
    "inspection": _checked,
    "official-notice": _notice,
    "notice-check": _settled,
    "action-check": _passed,
    "adverse-event": _event,
    "support-result": _support,
    "sweep": _sheet,
    "lead-outcome": _lead,
}
