"""Seeded people: they work by day, now and then late, wrongly or not at all, and see to it that the rest is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from runtime.demo.answers import answers_for, example_as_of
from runtime.simulation import beside
from runtime.simulation.course import Act, Course
from runtime.simulation.desk import OpenTask
from runtime.simulation.moments import at_hour, by_day, moment_in, on_day
from runtime.simulation.persons import CODES, Person
from runtime.simulation.rates import LYING_DAYS, RATES, Rates
from runtime.simulation.writing import answers_of, born_at, fetuses
from workflows import corrections, intake, leads

ANTENATAL = frozenset({"task_antenatal_visit", "task_window_visit"})  # the second: as P08 renames it
VISITS = ANTENATAL | {"task_check_42d"}  # she may not come, and is traced
NOTES = ("task_urge", "task_remind", "task_chase", "task_county_calls", "task_visit_lead", "task_county_lead")
# Forms that the system fills in from what is known; the others are written by hand.
PROPOSED = frozenset(
    {"risk-screening", "risk-grading", "screening-referral", "case-file", "risk-report", "edd-confirmation"}
)


# What nobody does for so many days after its limit, where that was drawn for her.
LEFT = {
    "task_grade": ("ungraded", 25),
    "task_answer_transfer": ("unanswered", 1),
    "task_transfer_result": ("unanswered", 12),
    "task_report_risk": ("unreported", 3),
    "task_newborn_screening": ("unscreened", 30),
    "task_delivery_plan": ("unplanned", 20),
}


class Habits:
    """The people around one woman."""

    def __init__(self, person: Person, seed: int, rates: Rates = RATES) -> None:
        self.person = person
        self._seed = seed
        self._rates = rates
        self._missed: set[Any] = set()  # visits that nobody came to, by task

    # --- what happens to her ----------------------------------------------------------------------------------------

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        person, chance = self.person, self._chance("begin", 0)
        if person.lead_id is not None and person.lead_on is not None:
            yield by_day(person.lead_on, chance), self._report_lead
        yield by_day(person.arrives_on, chance), self._arrive
        yield from self._ending(chance)
        yield from beside.acts(person, self._chance)
        for name, day in person.happens.items():
            if (act := EVENTS.get(name)) is not None:
                yield by_day(day, chance), lambda course, act=act: act(self, course)  # type: ignore[misc]

    def _ending(self, chance: Random) -> Iterable[tuple[datetime, Act]]:
        person = self.person
        if person.delivers and person.told_by == "hospital":
            yield by_day(person.delivers_on, chance), self._tell_birth
        told_otherwise = beside.is_handed_over(person) or beside.is_reported_by_hand(person)
        if person.ends_on is not None and person.end != "lost" and not told_otherwise:
            yield by_day(person.ends_on, chance), self._tell_end

    def _report_lead(self, course: Course) -> None:
        person = self.person
        on = on_day(course.now)
        known = {"name": person.name, "id_no": person.document, "birth_date": person.birth.isoformat()}
        dates = {"lead_on": on.isoformat(), "lead_lmp": min(person.lmp, on - timedelta(days=14)).isoformat()}
        answers = {**example_as_of("pregnancy-lead", on), **known, **dates}
        village = {"nurse": "village", "nurse2": "village2"}.get(person.registrar, "village")
        by = course.desk.by_login(village)
        leads.open_lead(course.desk.services, by=by, answers=answers, lead_id=person.lead_id)
        course.stepped(2)

    def _arrive(self, course: Course) -> None:
        person = self.person
        written = answers_for("registration", person, {}, {}, on_day(course.now))
        written |= {"social_factors": list(person.social) or ["none"], "special_disease": "none"}
        intake.open_case(
            course.desk.services,
            by=course.desk.by_login(person.registrar),
            answers=written,
            home_organisation=person.home,
            patient_id=person.patient_id,
            pregnancy_id=person.pregnancy_id,
        )
        course.tally.tasks["task_register"] += 1
        course.stepped(2)

    def _tell_birth(self, course: Course) -> None:
        born = course.now.astimezone(CHINA).replace(hour=6, minute=20, second=0, microsecond=0)
        payload = {"delivered_on": on_day(born).isoformat(), "delivered_at": born.isoformat()}
        course.tell("message_delivered", {**payload, "fetuses": fetuses(self.person, born)})

    def _tell_end(self, course: Course) -> None:
        payload = {"end_code": CODES[self.person.end], "reason": "模拟", "ended_on": on_day(course.now).isoformat()}
        course.tell("message_end_reported", payload)

    def _correct_date(self, course: Course) -> None:
        """Somebody looks into her papers: the last period was another one. As the page of corrections tells it."""
        variables = course.desk.case_of(course.tasks.values())
        if variables is None or variables.get("delivered_on") or variables.get("end_code"):
            return
        if on_day(course.now) >= self.person.delivers_on:
            return
        lmp = self.person.true_lmp.isoformat()
        effect = corrections.effect_of_lmp(variables, lmp, on_day(course.now), ended=False)
        payload = {"edd_proposed": effect.new_edd.isoformat(), "proposed_basis": "lmp", "proposed_lmp": lmp}
        course.tell("message_redating_proposed", {**payload, "proposed_reason": "核对病历"})

    def _send_result(self, course: Course) -> None:
        course.tell("message_observation_received", {"facts": {"hb": 55}})
        self._send_protein(course)

    def _send_protein(self, course: Course) -> None:
        """Abnormal, and no reason for a new grading: somebody has to see it (T-09)."""
        course.tell("message_observation_received", {"facts": {"urine_protein": "1+"}})

    def _send_diagnosis(self, course: Course) -> None:
        course.tell("message_diagnosis_received", {"code": "O24.4", "text": "妊娠期糖尿病", "findings": []})
        self._send_protein(course)

    def _ask_referral(self, course: Course) -> None:
        self._send_protein(course)
        sent = {"sending_organisation": self.person.home, "receiving_organisation": "org-hospital"}
        course.tell("message_referral_requested", {"urgency": "planned", "reason": "上级医院产检", **sent})

    # --- what people do about a task ---------------------------------------------------------------------------------

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance(task.path + task.element_id, nth)
        moment = self._when(course, task, nth, chance)
        if moment is None:
            return
        if task.form and chance.random() < self._rates.wrong_form:
            spoilt = moment - timedelta(minutes=10)
            yield spoilt, lambda course: course.spoil(task, lambda: _spoilt(self._entered(course, task)))
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        course.finish(task, lambda: self._entered(course, task))

    def _when(self, course: Course, task: OpenTask, nth: int, chance: Random) -> datetime | None:
        element, person = task.element_id, self.person
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        if element == "task_follow_case_file":  # stands until the follow-up is over
            return by_day(on_day(limit), chance) if "closed_early" in person.beside else None
        if element in LEFT and LEFT[element][0] in person.beside:
            return by_day(on_day(limit) + timedelta(days=LEFT[element][1]), chance)
        if element == "task_record_delivery":
            return at_hour(person.delivers_on, 7) if person.delivers and person.told_by == "ward" else None
        if element == "task_record_caesarean":
            return max(course.now, born_at(person, {})) + timedelta(minutes=chance.randint(3, 20))
        if element in VISITS and self._stays_away(task, opens, nth, chance):
            self._missed.add(task.id)
            return None
        if element.startswith(NOTES) and chance.random() < self._rates.left_lying:
            return by_day(on_day(limit) + timedelta(days=LYING_DAYS), chance)
        return moment_in(opens, limit, course.now, chance, is_late=self._is_late(chance))

    def _stays_away(self, task: OpenTask, opens: datetime, nth: int, chance: Random) -> bool:
        person = self.person
        if person.end == "lost" and person.ends_on is not None and on_day(task.due_at or opens) >= person.ends_on:
            return True
        if task.element_id in ANTENATAL and person.delivers and on_day(opens) >= person.delivers_on:
            return True
        return chance.random() < self._rates.visit_missed

    def _is_late(self, chance: Random) -> bool:
        return chance.random() < (self._rates.late_of_late_habit if self.person.is_late else self._rates.late)

    def corrected(self, *refused: Any) -> None:
        """What these people send in on purpose must hold; that it does not is a fault to be shown."""

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """Who was found comes within days to what she had missed."""
        found = (entered.get("answers") or {}).get("contact_result") == "reached"
        if not found or self.person.end == "lost":
            return
        for missed in [each for each in course.tasks.values() if each.id in self._missed]:
            self._missed.discard(missed.id)
            chance = self._chance(f"found/{missed.path}", 0)
            day = max(on_day(course.now), on_day(missed.window_from or course.now)) + timedelta(
                days=chance.randint(1, 4)
            )
            course.at(by_day(day, chance), lambda course, missed=missed: self._finish(course, missed))  # type: ignore[misc]

    def _entered(self, course: Course, task: OpenTask) -> dict[str, Any]:
        if task.form is None:
            return {"variables": {}}
        variables = course.desk.variables_of(task)
        proposed = course.desk.proposed(task, variables) if task.form in PROPOSED else {}
        variables["seen_before"] = course.times_done(task.element_id)
        answers = answers_of(self.person, task, proposed, variables, course.now, self._rates)
        if task.form == "tracing":
            answers |= self._traced(course, task)
        return {"answers": answers}

    def _traced(self, course: Course, task: OpenTask) -> dict[str, Any]:
        person, on = self.person, on_day(course.now)
        gone = person.end == "lost" and person.ends_on is not None and on >= person.ends_on
        rung = task.element_id in ("task_trace_village", "task_trace_township")
        if gone or (rung and self._chance(f"traced/{task.element_id}/{on}", 0).random() < self._rates.not_reached):
            return {"contact_result": "not_reached", "contact_detail": "no_answer", "reason": "无人接听"}
        if task.element_id == "task_trace_outcome" and person.delivers and on > person.delivers_on:
            dates = {"delivered_on": person.delivers_on.isoformat(), "discharged_on": person.delivers_on.isoformat()}
            where = {"contact_detail": "done_elsewhere", "delivered_where": "outside"}
            return {"contact_result": "delivered", **where, **dates}
        return {"contact_result": "reached", "contact_detail": "will_come"}

    def _chance(self, what: str, nth: int) -> Random:
        return Random(f"{self._seed}/{self.person.number}/{what}/{nth}")


EVENTS = {
    "date_corrected": Habits._correct_date,
    "anaemic_later": Habits._send_result,
    "diagnosis_later": Habits._send_diagnosis,
    "referred": Habits._ask_referral,
}


def _spoilt(entered: Mapping[str, Any]) -> dict[str, Any]:
    """A slip that the form must refuse: an item that it does not have."""
    return {"answers": {**entered["answers"], "no_such_item": "x"}}
