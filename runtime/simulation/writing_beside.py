"""What is written into the forms of what people begin beside the pathway, and into those of an emergency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from runtime.demo.answers import example_as_of
from runtime.simulation.moments import ending_at, on_day
from runtime.simulation.persons import Person
from runtime.simulation.rates import RATES, Rates

Values = Mapping[str, Any]
Answer = Callable[[Person, Values, datetime, bool], dict[str, Any]]


def answers_beside(
    form: str, person: Person, variables: Values, now: datetime, rates: Rates = RATES
) -> dict[str, Any] | None:
    """None for a form of the pathway itself. What is turned down at first is granted at the second asking."""
    write = WRITERS.get(form)
    if write is None:
        return None
    again = bool(variables.get("seen_before"))
    turned_down = not again and Random(f"{person.number}/{form}").random() < rates.turned_down
    written = {**ending_at(example_as_of(form, on_day(now)), now), **write(person, variables, now, turned_down)}
    return {name: value for name, value in written.items() if value is not None}


def _as_it_is(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    return {}


def _blood(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    if turned_down:
        said = {"blood_found": False, "blood_none_reason": "血站暂无同型血", "blood_answered_at": _text(now)}
        return said | _none("blood_source", "blood_source_name", "blood_carried_by", "blood_expected_at")
    return {"blood_answered_at": _text(now), "blood_expected_at": _text(now + timedelta(minutes=30))}


def _bed(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    if turned_down:
        return {"booked": False, "refuse_reason": "当日床位已满"} | _none("booked_for", "booked_place", "bring")
    return {"booked_for": f"{max(on_day(now), person.delivers_on).isoformat()}T09:00:00+08:00"}


def _handover(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    if person.end != "moved":
        return {"handover_accepted": False, "handover_refused": "查无此址"} | _none("first_visit_on")
    return {"first_visit_on": (on_day(now) + timedelta(days=5)).isoformat()}


def _consultation(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    if person.number % 7 == 0:  # nobody can come: another one is asked
        unsaid = _none("consult_way", "consult_arrived_at", "consult_opinion", "consult_plan", "consult_reassess")
        refused = {"consult_accepted": False, "consult_refused": "当日无心内科医师", "consult_answered_at": _text(now)}
        return refused | unsaid | _none("doctor_title")
    return {"consult_arrived_at": _text(now), "consult_answered_at": _text(now), "consult_reassess": turned_down}


def _times(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    """From the decision to the birth, step by step."""
    decided = datetime.fromisoformat(str(variables["cs_decision_at"]))
    born = max(decided + timedelta(minutes=5), min(now - timedelta(minutes=1), born_of(person)))
    names = ("cs_called_at", "theatre_ready_at", "in_theatre_at", "anaesthesia_at", "incision_at", "delivered_at")
    step = (born - decided) / len(names)
    times = {name: _text(decided + step * number) for number, name in enumerate(names, 1)}
    return {"cs_decision_at": _text(decided), **times, "delivered_at": _text(born), "delay_reason": "手术室占用"}


def born_of(person: Person) -> datetime:
    return datetime.fromisoformat(f"{person.delivers_on.isoformat()}T06:20:00+08:00")


def _team(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    decided = datetime.fromisoformat(str(variables["cs_decision_at"]))
    called = [
        {"call_role": role, "call_name": name, "call_at": _text(decided), "call_arrived_at": _text(now)}
        for role, name in (("anaesthetist", "示范麻醉医师"), ("neonatologist", "示范新生儿医师"))
    ]
    return {"called": called}


def _observation(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    loss = {"blood_loss_total": 1200} if "bled" in person.beside else {}
    return {"birth_mode": "vaginal" if person.mode == "spontaneous" else "cs", **loss}


def _rescue(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    return {"rescue_refer": turned_down}


def _newborn_review(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    died = min(person.delivers_on + timedelta(days=2), on_day(now))
    return {"child_died_on": died.isoformat(), "child_age_days": max((died - person.delivers_on).days, 0)}


def _centre(person: Person, variables: Values, now: datetime, turned_down: bool) -> dict[str, Any]:
    return {"answer": "refuse", "answer_reason": "无床位"} if turned_down else {}


def _none(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


def _text(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="seconds")


WRITERS: Mapping[str, Answer] = {
    "blood-answer": _blood,
    "transfer-answer": _centre,
    "blood-received": _as_it_is,
    "appointment-answer": _bed,
    "handover-answer": _handover,
    "handover-note": _as_it_is,
    "consultation-answer": _consultation,
    "consultation-read": _as_it_is,
    "emergency-note": _as_it_is,
    "cs-times": _times,
    "team-call": _team,
    "ddi-review": _as_it_is,
    "safety-checklist": _as_it_is,
    "birth-observation": _observation,
    "rescue-record": _rescue,
    "newborn-death-review": _newborn_review,
}
