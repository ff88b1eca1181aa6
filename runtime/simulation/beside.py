"""What people begin for a woman that the pathway does not ask for by itself: an admission, a consultation, a rescue, a
hand-over, a correction. By the same calls as the page of occasions makes, by an account that may."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from engine.errors import Conflict
from runtime.demo.answers import example_as_of
from runtime.simulation.course import Act, Course
from runtime.simulation.moments import at_hour, by_day, ending_at, on_day
from runtime.simulation.persons import Person
from runtime.simulation.writing import ENDINGS, born_at, ddi_minutes
from workflows import occasions
from workflows.corrections import carrying_out, grading

JOURNEY = "pregnancy_journey"
HIGH_AFTER = timedelta(days=45)  # of care: a grading was reported, or never will be
OVERLOOKED = "O-2.4"  # of orange like what was found: her colour stays
Write = Callable[[Person, datetime], dict[str, Any]]
When = Callable[[Person, Random], datetime]


def _nothing(person: Person, now: datetime) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Begun:
    """`occasion`: of `workflows.occasions`; `element`: its first task, finished with it. `by`: a log-in, without one
    whoever registered her. `if_`: of whom it can be true."""

    occasion: str
    element: str | None
    form: str
    when: When
    by: str | None = None
    write: Write = _nothing
    if_: Callable[[Person], bool] = lambda person: True


def acts(person: Person, chance: Callable[[str, int], Random]) -> Iterable[tuple[datetime, Act]]:
    """What will be begun for her, and when."""
    for name, begun in BEGUN.items():
        if _is_true(name, person) and begun.if_(person):
            moment = begun.when(person, chance(f"beside/{name}", 0))
            yield moment, lambda course, begun=begun: _begin(course, person, begun)  # type: ignore[misc]
    if "regraded" in person.beside and person.story == "orange" and _is_in_care(person, person.arrives_on + HIGH_AFTER):
        yield (
            by_day(person.arrives_on + HIGH_AFTER, chance("beside/regraded", 0)),
            lambda course: _regrade(course, person),
        )


def is_handed_over(person: Person) -> bool:
    """Of those who move away every other one is handed over; the other's move is told by the hospital's system."""
    return person.end == "moved" and person.number % 2 == 0


def _is_true(name: str, person: Person) -> bool:
    return name in person.beside or (name in ALWAYS and ALWAYS[name](person))


def _begin(course: Course, person: Person, begun: Begun) -> None:
    """Nothing, where she has left care, or is at another stage than was to be expected."""
    if not any(task.definition_key == JOURNEY for task in course.tasks.values()):
        return
    written = ending_at(example_as_of(begun.form, on_day(course.now)), course.now)
    try:
        occasions.begin(
            course.desk.services,
            by=course.desk.by_login(begun.by or person.registrar),
            occasion=begun.occasion,
            pregnancy_id=person.pregnancy_id,
            answers={**written, **begun.write(person, course.now)},
        )
    except Conflict:
        course.tally.unheard += 1
        return
    if begun.element is not None:
        course.tally.tasks[begun.element] += 1
    course.stepped(2)


def _regrade(course: Course, person: Person) -> None:
    """The doctor sees that a criterion was overlooked: the result is amended."""
    variables = course.desk.case_of(course.tasks.values())
    result = grading.in_force(variables or {})
    if variables is None or result is None or result["colour"] != "orange" or variables.get("delivered_on"):
        return
    criteria = [*dict.fromkeys([*(result.get("criteria") or ()), OVERLOOKED])]
    if set(criteria) == set(result.get("criteria") or ()):
        return
    services, by = course.desk.services, course.desk.by_login("doctor")
    asked = grading.amendment(
        services, by, person.pregnancy_id, str(result["graded_at"]), criteria, "漏选一条标准", dry_run=False
    )
    carrying_out.carry_out(services, asked)
    course.stepped(2)


def _is_in_care(person: Person, on: date) -> bool:
    return on < min(person.ends_on or person.delivers_on, person.delivers_on)


def _born_in_hospital(person: Person) -> bool:
    return person.delivers and person.told_by != "nobody"


def _newborn_dies(person: Person) -> bool:
    return "newborn_dies" in person.beside and _born_in_hospital(person) and _lives(person)


def _lives(person: Person) -> bool:
    """Her first child, as far as the birth record goes."""
    return person.births[0]["outcome"] == "live_birth"


# --- when -----------------------------------------------------------------------------------------------------------


def _in_care(person: Person, chance: Random) -> datetime:
    """Some day between three weeks of care and three weeks before the end of it."""
    first = person.arrives_on + timedelta(days=21)
    last = min(person.ends_on or person.delivers_on, person.delivers_on) - timedelta(days=21)
    return by_day(first + timedelta(days=int(chance.random() * max(1, (last - first).days))), chance)


def _before_birth(days: int, hour: int) -> When:
    return lambda person, chance: (
        at_hour(person.delivers_on - timedelta(days=days), hour) + timedelta(minutes=chance.randint(0, 50))
    )


def _after_birth(days: int) -> When:
    return lambda person, chance: by_day(person.delivers_on + timedelta(days=days), chance)


def _decision(person: Person, chance: Random) -> datetime:
    return born_at(person, {}) - timedelta(minutes=ddi_minutes(person))


def _leaves(person: Person, chance: Random) -> datetime:
    return by_day(person.ends_on or person.delivers_on, chance)


def _reported(person: Person, chance: Random) -> datetime:
    return by_day(person.ends_on or person.delivers_on, chance)


# --- what is written ------------------------------------------------------------------------------------------------


def _admission(person: Person, now: datetime) -> dict[str, Any]:
    return {"admitted_at": (now - timedelta(minutes=20)).isoformat(timespec="seconds")}


def _consultation(person: Person, now: datetime) -> dict[str, Any]:
    return {"consult_urgency": "emergency" if person.number % 3 == 0 else "ordinary"}


def _bed(person: Person, now: datetime) -> dict[str, Any]:
    return {"appointment_wish": person.delivers_on.isoformat(), "appointment_org": "org-hospital"}


def _caesarean(person: Person, now: datetime) -> dict[str, Any]:
    return {"cs_decision_at": now.astimezone(CHINA).isoformat(timespec="seconds")}


def _blood(person: Person, now: datetime) -> dict[str, Any]:
    asked = now.astimezone(CHINA)
    return {
        "blood_requested_at": asked.isoformat(timespec="seconds"),
        "blood_needed_by": (asked + timedelta(hours=1)).isoformat(timespec="seconds"),
    }


def _child_died(person: Person, now: datetime) -> dict[str, Any]:
    return {"child_order": 1, "child_died_at": (now - timedelta(minutes=30)).astimezone(CHINA).isoformat()}


def _disposed(person: Person, now: datetime) -> dict[str, Any]:
    return {"disposed_what": ["stillborn"] if person.end == "stillbirth" else ["placenta"]}


def _end(person: Person, now: datetime) -> dict[str, Any]:
    code = {"refused": "refused", "void": "void"}[person.end]
    return {"end_code": code, "ended_on": on_day(now).isoformat(), **ENDINGS[code]}


def is_reported_by_hand(person: Person) -> bool:
    """Ends that staff enter on the page; of the others the hospital's system tells."""
    return person.end in ("refused", "void")


# what is true without being drawn
ALWAYS: Mapping[str, Callable[[Person], bool]] = {
    "leaves": is_handed_over,
    "caesarean": lambda person: person.mode == "cs_emergency" and _born_in_hospital(person),
    "rescued": lambda person: person.is_near_miss and _born_in_hospital(person),
    "ends": is_reported_by_hand,
}
BEGUN: Mapping[str, Begun] = {
    "consulted": Begun(
        occasion="consultation", element="task_request_consultation", form="consultation-request", when=_in_care,
        write=_consultation,
    ),
    "noted": Begun(occasion="event", element="task_case_event", form="case-event", when=_in_care, by="doctor"),
    "taught": Begun(occasion="education", element="task_education", form="education", when=_in_care),
    "new_doctor": Begun(occasion="responsible", element=None, form="responsible-doctor", when=_in_care),
    "booked": Begun(
        occasion="appointment", element="task_request_appointment", form="appointment-request",
        when=_before_birth(30, 10), write=_bed,
    ),
    "asks_away": Begun(
        occasion="handover", element="task_request_handover", form="handover-request", when=_in_care,
        if_=lambda person: person.end != "moved",
    ),
    "leaves": Begun(occasion="handover", element="task_request_handover", form="handover-request", when=_leaves),
    "ends": Begun(occasion="end", element=None, form="end-report", when=_reported, write=_end),
    "admitted": Begun(
        occasion="admission", element="task_assess_labour", form="labour-assessment", when=_before_birth(1, 20),
        by="midwife", write=_admission, if_=_born_in_hospital,
    ),
    "caesarean": Begun(
        occasion="caesarean", element="task_decide_caesarean", form="cs-decision", when=_decision, by="doctor",
        write=_caesarean,
    ),
    "bled": Begun(
        occasion="blood", element="task_request_blood", form="blood-request",
        when=lambda person, chance: born_at(person, {}) + timedelta(minutes=20), by="doctor", write=_blood,
        if_=_born_in_hospital,
    ),
    "rescued": Begun(
        occasion="rescue", element="task_begin_rescue", form="rescue-start",
        when=lambda person, chance: born_at(person, {}) + timedelta(minutes=40), by="midwife",
    ),
    "disposed": Begun(
        occasion="disposition", element="task_disposition", form="disposition", when=_after_birth(1), by="midwife",
        write=_disposed, if_=_born_in_hospital,
    ),
    "newborn_dies": Begun(
        occasion="newborn-death", element=None, form="newborn-died",
        when=lambda person, chance: at_hour(person.delivers_on + timedelta(days=2), 20), by="midwife",
        write=_child_died, if_=_newborn_dies,
    ),
    "passed_on": Begun(
        occasion="child-handover", element="task_hand_child_over", form="child-handover", when=_after_birth(36),
        if_=lambda person: person.delivers and _lives(person) and not _newborn_dies(person),
    ),
}  # fmt: skip
