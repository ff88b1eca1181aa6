"""People of a random walk: what happens to a woman, when a task is worked on and what is written are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from engine.errors import EngineError
from runtime.demo.answers import answers_for
from runtime.simulation.course import Act, Course
from runtime.simulation.desk import OpenTask
from runtime.simulation.habits import PROPOSED
from runtime.simulation.persons import CODES, Person
from runtime.simulation.writing import answers_of, fetuses
from runtime.trials.random_answers import TRIES, corrected, fill_in
from workflows import intake

WALKED_DAYS = 400  # then nothing new happens to her, and what is left is done as it should be
WHO_SHE_IS = frozenset(
    {"name", "id_type", "id_no", "birth_date", "phone", "lmp", "lmp_unknown", "edd_basis", "child_order", "end_code"}
)
TO_THE_END = 5  # every fifth walk; the others are left at a moment that is drawn, as they stand
CLOSED_BY = 900  # days after which nobody waits any more for what should have ended a standing task
ENOUGH = 1300  # days after which a case that goes on will go on for ever
HURRY = 0.1  # share of tasks worked on at once
NEGLECT = 0.06  # share left lying for months
NEGLECTED_DAYS = 90
OUTCOMES = ("live_birth", "live_birth", "live_birth", "stillbirth_iufd", "neonatal_death")
STANDING = ("task_follow_case_file",)
INFECTIONS = ("hiv", "syphilis", "hbv")


class Walker:
    """Around one woman, whatever becomes of her. `person` says who she is; what happens is drawn anew."""

    def __init__(self, person: Person, seed: int) -> None:
        self.person = person
        self._chance = Random(f"walk/{seed}/{person.number}")
        self._begins = datetime.combine(person.arrives_on, time(9), CHINA)
        self.goes_to_the_end = person.number % TO_THE_END == 0
        stops_after = ENOUGH if self.goes_to_the_end else self._chance.randint(20, 330)
        self.stops_at = self._begins + timedelta(days=stops_after)
        self.fallbacks = 0
        self.filled = 0
        self._base: dict[str, Any] = {}

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance
        yield self._begins, self._arrive
        for name, how_many, draw in MESSAGES:
            for _ in range(chance.randint(0, how_many)):
                day = chance.randint(1, 300)
                yield self._moment(day), lambda course, name=name, draw=draw: self._tell(course, name, draw)  # type: ignore[misc]
        if chance.random() < 0.85:
            yield self._moment((self.person.delivers_on - self.person.arrives_on).days), self._tell_birth
        if chance.random() < 0.4:
            yield self._moment(chance.randint(2, 330)), self._tell_end

    def _moment(self, days: int) -> datetime:
        return self._begins + timedelta(days=days, minutes=self._chance.randint(0, 1300))

    def _arrive(self, course: Course) -> None:
        person = self.person
        answers = {**answers_for("registration", person, {}, {}, _on(course.now)), "special_disease": "none"}
        answers["social_factors"] = [self._chance.choice(("none", "mobile", "poor"))]
        intake.open_case(
            course.desk.services,
            by=course.desk.by_login(person.registrar),
            answers=answers,
            home_organisation=person.home,
            patient_id=person.patient_id,
            pregnancy_id=person.pregnancy_id,
        )
        course.stepped(2)

    def _tell(self, course: Course, name: str, draw: Any) -> None:
        course.tell(name, draw(self, course))

    def _tell_birth(self, course: Course) -> None:
        born = course.now - timedelta(hours=self._chance.randint(1, 40))
        children = fetuses(self.person, born)
        for child in children:
            child["outcome"] = self._chance.choice(
                ("live_birth", "live_birth", "live_birth", "stillbirth_iufd", "neonatal_death")
            )
        payload = {"delivered_on": _on(born).isoformat(), "delivered_at": born.isoformat(), "fetuses": children}
        course.tell("message_delivered", payload)

    def _tell_end(self, course: Course) -> None:
        code = self._chance.choice([code for code in sorted(set(CODES.values())) if code != "closed.recovered"])
        course.tell(
            "message_end_reported", {"end_code": code, "reason": "随机", "ended_on": _on(course.now).isoformat()}
        )

    # --- tasks ------------------------------------------------------------------------------------------------------

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance
        if task.element_id in STANDING and chance.random() < 0.9:  # ends with the follow-up, else her doctor closes it
            yield self._begins + timedelta(days=CLOSED_BY), lambda course: self._finish(course, task)
            return
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        if self._is_over(course):
            moment = max(opens, course.now) + timedelta(hours=1)
        elif task.element_id == "task_record_delivery":
            moment = limit + timedelta(days=chance.randint(-20, 40))
        elif (drawn := chance.random()) < HURRY:
            moment = course.now + timedelta(minutes=5)
        elif drawn < HURRY + NEGLECT:
            moment = limit + timedelta(days=chance.randint(1, NEGLECTED_DAYS))
        else:
            moment = opens + max(limit - opens, timedelta(minutes=5)) * chance.uniform(0, 1.4)
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        course.finish(task, lambda: self._entered(course, task))

    def _entered(self, course: Course, task: OpenTask) -> dict[str, Any]:
        """At random while she is walked with; afterwards as it should be, so that every way comes to an end."""
        form = course.desk.form_of(task)
        if form is None:
            return {"variables": {}}
        variables = course.desk.variables_of(task)
        proposed = course.desk.proposed(task, variables) if form.id in PROPOSED else {}
        known = {"seen_before": True, "delivered_at": (course.now - timedelta(hours=2)).isoformat()} | variables
        base = answers_of(self.person, task, proposed, known, course.now)
        if form.id == "tracing":
            base |= {"contact_result": "reached", "contact_detail": "will_come"}
        if form.id == "closure" and variables.get("end_code") is None and "died" in str(self.person.end):
            base |= {"end_code": "moved.out", "receiver": "邻县妇幼保健院"}  # nobody has told of a death
        if self._is_over(course):
            return {"answers": base | self._coming_to_an_end(form.id, course)}
        self._base = base
        self.filled += 1
        return {"answers": fill_in(form, self._chance, base=base, now=course.now, fixed=WHO_SHE_IS)}

    def corrected(
        self, course: Course, task: OpenTask, entered: dict[str, Any], error: EngineError, attempt: int
    ) -> dict[str, Any] | None:
        form = course.desk.form_of(task)
        if form is None or self._is_over(course) or not error.faults:
            return None
        self.fallbacks += attempt == TRIES
        found = corrected(
            form,
            self._chance,
            answers=entered["answers"],
            refused=[fault.path for fault in error.faults],
            attempt=attempt,
            base=self._base,
            now=course.now,
            fixed=WHO_SHE_IS,
        )
        return None if found is None else {"answers": found}

    def _coming_to_an_end(self, form: str, course: Course) -> dict[str, Any]:
        if form == "tracing" and _on(course.now) > self.person.delivers_on:
            dates = {name: self.person.delivers_on.isoformat() for name in ("delivered_on", "discharged_on")}
            return {"contact_result": "delivered", "contact_detail": "done_elsewhere", **dates}
        return {}

    def _is_over(self, course: Course) -> bool:
        return course.now > self._begins + timedelta(days=WALKED_DAYS)

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """Nothing follows that is not drawn."""


def _observed(walker: Walker, course: Course) -> dict[str, Any]:
    chance = walker._chance
    facts = {"hb": chance.randint(40, 130), "plt": chance.randint(20, 300), "sbp": chance.randint(90, 170)}
    name = chance.choice(sorted(facts))
    return {"facts": {name: facts[name]}}


def _diagnosed(walker: Walker, course: Course) -> dict[str, Any]:
    return {"code": "O24.4", "text": "随机诊断", "findings": []}


def _referral(walker: Walker, course: Course) -> dict[str, Any]:
    sent = {"sending_organisation": walker.person.home, "receiving_organisation": "org-hospital"}
    return {"urgency": walker._chance.choice(("planned", "emergency")), "reason": "随机", **sent}


def _redating(walker: Walker, course: Course) -> dict[str, Any]:
    edd = walker.person.true_lmp + timedelta(days=280 + walker._chance.randint(-25, 25))
    return {"edd_proposed": edd.isoformat(), "proposed_basis": "us", "proposed_reason": "随机"}


def _suitability(walker: Walker, course: Course) -> dict[str, Any]:
    return {"reason": "随机"}


def _focus(walker: Walker, course: Course) -> dict[str, Any]:
    return {"social_factors": [walker._chance.choice(("mobile", "poor"))], "special_disease": "none"}


def _infection(walker: Walker, course: Course) -> dict[str, Any]:
    return {"infections": [walker._chance.choice(INFECTIONS)]}


def _prenatal(walker: Walker, course: Course) -> dict[str, Any]:
    return {"indication": "随机"}


def _home(walker: Walker, course: Course) -> dict[str, Any]:
    return {"discharged_at": (course.now - timedelta(hours=1)).isoformat()}


# name, how many at most, what it says
MESSAGES = (
    ("message_observation_received", 2, _observed),
    ("message_diagnosis_received", 2, _diagnosed),
    ("message_referral_requested", 1, _referral),
    ("message_redating_proposed", 2, _redating),
    ("message_suitability_requested", 1, _suitability),
    ("message_focus_told", 1, _focus),
    ("message_infection_found", 1, _infection),
    ("message_prenatal_indicated", 1, _prenatal),
    ("message_discharged", 1, _home),
)


def _on(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()
