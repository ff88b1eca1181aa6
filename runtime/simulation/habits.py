"""Seeded people: they work by day, now and then late, wrongly or not at all, and see to it that the rest is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from engine.commands.contracts import Actor as By
from runtime.demo.answers import answers_for, example_as_of
from runtime.simulation.course import Act, Course
from runtime.simulation.desk import OpenTask
from runtime.simulation.persons import CODES, Person
from runtime.simulation.rates import LATE_BY_UP_TO, LYING_DAYS, RATES
from runtime.simulation.writing import answers_of, fetuses
from workflows import corrections, intake, leads
from workflows.institutions import calendar

OFFICER = By(id="officer", kind="person", organisation="org-mch", roles=("R-PM-F",))
VISITS = frozenset({"task_antenatal_visit", "task_check_42d"})  # she may not come, and is traced
NOTES = ("task_urge", "task_remind", "task_chase", "task_county_calls", "task_visit_lead", "task_county_lead")
# Forms that the system fills in from what is known; the others are written by hand.
PROPOSED = frozenset(
    {"risk-screening", "risk-grading", "screening-referral", "case-file", "risk-report", "edd-confirmation"}
)
BY_DAY = timedelta(hours=12)  # what has less time than this is done at night too
SHORTEST = timedelta(minutes=2)


class Habits:
    """The people around one woman."""

    def __init__(self, person: Person, seed: int) -> None:
        self.person = person
        self._seed = seed
        self._missed: set[Any] = set()  # visits that nobody came to, by task

    # --- what happens to her ----------------------------------------------------------------------------------------

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        person, chance = self.person, self._chance("begin", 0)
        if person.lead_id is not None and person.lead_on is not None:
            yield by_day(person.lead_on, chance), self._report_lead
        yield by_day(person.arrives_on, chance), self._arrive
        yield from self._ending(chance)
        for name, day in person.happens.items():
            if (act := EVENTS.get(name)) is not None:
                yield by_day(day, chance), lambda course, act=act: act(self, course)  # type: ignore[misc]

    def _ending(self, chance: Random) -> Iterable[tuple[datetime, Act]]:
        person = self.person
        if person.delivers and person.told_by == "hospital":
            yield by_day(person.delivers_on, chance), self._tell_birth
        if person.ends_on is not None and person.end != "lost":
            yield by_day(person.ends_on, chance), self._tell_end

    def _report_lead(self, course: Course) -> None:
        person = self.person
        on = _on(course.now)
        known = {"name": person.name, "id_no": person.document, "birth_date": person.birth.isoformat()}
        dates = {"lead_on": on.isoformat(), "lead_lmp": min(person.lmp, on - timedelta(days=14)).isoformat()}
        answers = {**example_as_of("pregnancy-lead", on), **known, **dates}
        village = {"nurse": "village", "nurse2": "village2"}.get(person.registrar, "village")
        by = course.desk.by_login(village)
        leads.open_lead(course.desk.services, by=by, answers=answers, lead_id=person.lead_id)
        course.stepped(2)

    def _arrive(self, course: Course) -> None:
        person = self.person
        written = answers_for("registration", person, {}, {}, _on(course.now))
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
        payload = {"delivered_on": _on(born).isoformat(), "delivered_at": born.isoformat()}
        course.tell("message_delivered", {**payload, "fetuses": fetuses(self.person, born)})

    def _tell_end(self, course: Course) -> None:
        payload = {"end_code": CODES[self.person.end], "reason": "模拟", "ended_on": _on(course.now).isoformat()}
        course.tell("message_end_reported", payload)

    def _correct_date(self, course: Course) -> None:
        """Somebody looks into her papers: the last period was another one. As the page of corrections tells it."""
        variables = self._case(course)
        if variables is None or _on(course.now) >= self.person.delivers_on:
            return
        lmp = self.person.true_lmp.isoformat()
        effect = corrections.effect_of_lmp(variables, lmp, _on(course.now), ended=False)
        payload = {"edd_proposed": effect.new_edd.isoformat(), "proposed_basis": "lmp", "proposed_lmp": lmp}
        course.tell("message_redating_proposed", {**payload, "proposed_reason": "核对病历"})

    def _case(self, course: Course) -> Mapping[str, Any] | None:
        """Variables of her journey while she is pregnant in care."""
        task = next((t for t in course.tasks.values() if t.definition_key == "pregnancy_journey"), None)
        variables = course.desk.variables_of(task) if task else None
        return None if variables is None or variables.get("delivered_on") or variables.get("end_code") else variables

    def _send_result(self, course: Course) -> None:
        course.tell("message_observation_received", {"facts": {"hb": 55}})

    def _send_diagnosis(self, course: Course) -> None:
        course.tell("message_diagnosis_received", {"code": "O24.4", "text": "妊娠期糖尿病", "findings": []})

    def _ask_referral(self, course: Course) -> None:
        sent = {"sending_organisation": self.person.home, "receiving_organisation": "org-hospital"}
        course.tell("message_referral_requested", {"urgency": "planned", "reason": "上级医院产检", **sent})

    # --- what people do about a task ---------------------------------------------------------------------------------

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = self._chance(task.path + task.element_id, nth)
        moment = self._when(course, task, nth, chance)
        if moment is None:
            return
        if task.form and chance.random() < RATES.wrong_form:
            spoilt = moment - timedelta(minutes=10)
            yield spoilt, lambda course: course.spoil(task, lambda: _spoilt(self._entered(course, task)))
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        course.finish(task, lambda: self._entered(course, task))

    def _when(self, course: Course, task: OpenTask, nth: int, chance: Random) -> datetime | None:
        element, person = task.element_id, self.person
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        if element == "task_follow_case_file":
            return None  # stands until the follow-up is over
        if element == "task_record_delivery":
            return _at(person.delivers_on, 7) if person.delivers and person.told_by == "ward" else None
        if element in VISITS and self._stays_away(task, opens, nth, chance):
            self._missed.add(task.id)
            return None
        if element.startswith(NOTES) and chance.random() < RATES.left_lying:
            return by_day(_on(limit) + timedelta(days=LYING_DAYS), chance)
        return moment_in(opens, limit, course.now, chance, is_late=self._is_late(chance))

    def _stays_away(self, task: OpenTask, opens: datetime, nth: int, chance: Random) -> bool:
        person = self.person
        if person.end == "lost" and person.ends_on is not None and _on(task.due_at or opens) >= person.ends_on:
            return True
        if task.element_id == "task_antenatal_visit" and person.delivers and _on(opens) >= person.delivers_on:
            return True
        return chance.random() < RATES.visit_missed

    def _is_late(self, chance: Random) -> bool:
        return chance.random() < (RATES.late_of_late_habit if self.person.is_late else RATES.late)

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
            day = max(_on(course.now), _on(missed.window_from or course.now)) + timedelta(days=chance.randint(1, 4))
            course.at(by_day(day, chance), lambda course, missed=missed: self._finish(course, missed))  # type: ignore[misc]

    def _entered(self, course: Course, task: OpenTask) -> dict[str, Any]:
        if task.form is None:
            return {"variables": {}}
        variables = course.desk.variables_of(task)
        proposed = course.desk.proposed(task, variables) if task.form in PROPOSED else {}
        variables["seen_before"] = course.times_done(task.element_id)
        answers = answers_of(self.person, task, proposed, variables, course.now)
        if task.form == "tracing":
            answers |= self._traced(course, task)
        return {"answers": answers}

    def _traced(self, course: Course, task: OpenTask) -> dict[str, Any]:
        person, on = self.person, _on(course.now)
        gone = person.end == "lost" and person.ends_on is not None and on >= person.ends_on
        rung = task.element_id in ("task_trace_village", "task_trace_township")
        if gone or (rung and self._chance(f"traced/{task.element_id}/{on}", 0).random() < RATES.not_reached):
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


class Staff:
    """The people of the institutions: their duties, period after period."""

    def __init__(self, begins_on: date, seed: int) -> None:
        self._begins_on = begins_on
        self._seed = seed

    def begin(self, course: Course) -> Iterable[tuple[datetime, Act]]:
        yield _at(self._begins_on, 8), self._take_up

    def _take_up(self, course: Course) -> None:
        calendar.take_up(course.desk.services, by=OFFICER)
        course.stepped()

    def plan(self, course: Course, task: OpenTask, nth: int) -> Iterable[tuple[datetime, Act]]:
        chance = Random(f"{self._seed}/{task.business_key}/{task.element_id}/{task.path}")
        opens = max(task.created_at, task.window_from or task.created_at)
        limit = task.due_at or opens + timedelta(days=7)
        moment = moment_in(opens, limit, course.now, chance, is_late=chance.random() < RATES.late)
        yield moment, lambda course: self._finish(course, task)

    def _finish(self, course: Course, task: OpenTask) -> None:
        on = _on(course.now)
        works = {"works_count": 12, "reads_average": 5200} if task.form == "duty-evidence" else {}
        course.finish(
            task, lambda: {"answers": example_as_of(task.form, on) | works} if task.form else {"variables": {}}
        )

    def corrected(self, *refused: Any) -> None:
        """As above."""

    def finished(self, course: Course, task: OpenTask, entered: dict[str, Any]) -> None:
        """Nothing follows that the calendar does not bring."""


def moment_in(opens: datetime, limit: datetime, now: datetime, chance: Random, *, is_late: bool) -> datetime:
    """Some time between both, by day where there is a day's time; late: after the limit."""
    span = max(limit - opens, SHORTEST)
    share = chance.uniform(1.05, LATE_BY_UP_TO) if is_late else chance.random() * 0.9
    wish = max(opens, now) + SHORTEST if span * share < SHORTEST else opens + span * share
    if span <= BY_DAY:
        return max(wish, now)
    local = wish.astimezone(CHINA)
    moment = local if 8 <= local.hour < 17 else by_day(local.date(), chance)
    if not is_late and moment > limit:
        moment = limit - timedelta(minutes=chance.randint(1, 60))
    return max(moment, now)


def by_day(day: date, chance: Random) -> datetime:
    """Some time between half past eight and five in China."""
    return datetime.combine(day, time(8, 30), CHINA) + timedelta(minutes=chance.randint(0, 510))


def _spoilt(entered: Mapping[str, Any]) -> dict[str, Any]:
    """A slip that the form must refuse: an item that it does not have."""
    return {"answers": {**entered["answers"], "no_such_item": "x"}}


def _on(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), CHINA)
