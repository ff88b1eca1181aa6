"""The indicators counted a second time, by other means: from tasks, the raw history and the stored forms, woman by
woman, in Python. No variable of a case is read and nothing of `workflows.indicators`, so that a slip there and one here
are unlikely to be the same. Definitions: journey §10.2.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from engine.clock import CHINA

EARLY_DAYS = 90  # 12+6 [src:S17]
GRADED_WITHIN = timedelta(days=14)  # [known N35]
FOLLOWED_WITHIN = timedelta(days=14)  # [src:S15]
VISITED_WITHIN = timedelta(days=28)
PRETERM_DAYS = 259  # 37+0
DDI_TARGET_MIN = 30  # all seeds
HIGH = frozenset({"orange", "red"})  # and the flag: casefile.colours of every pack
BORN_ALIVE = frozenset({"live_birth", "neonatal_death"})
HOSPITALS = frozenset({"province_city_hospital", "county_hospital", "township"})
FORMS = (
    "registration",
    "anc-first",
    "delivery",
    "discharge",
    "postnatal-visit",
    "newborn-screening",
    "death-review",
    "tracing",
    "closure",
    "birth-observation",
    "cs-times",
)

JOURNEYS = """
SELECT business_key, id, policy.face FROM instance i
 CROSS JOIN LATERAL (SELECT (i.given || i.variables) #>> '{policy,face_to_face}' AS face) policy
 WHERE definition_key = 'pregnancy_journey'
"""
TASKS = """
SELECT i.business_key, t.element_id, t.state::text, t.created_at, t.due_at, t.completed_at, t.instance_id
  FROM user_task t JOIN instance i ON i.region_id = t.region_id AND i.id = t.instance_id
 ORDER BY t.created_at
"""
HEARD = """
SELECT m.key, m.name, m.published_at, m.payload
  FROM message m WHERE m.state = 'delivered' AND m.name = ANY(%s) ORDER BY m.published_at, m.id
"""
MESSAGES = ["message_delivered", "message_graded", "message_dated", "message_end_confirmed", "message_discharged"]
TOLD_BY = """
SELECT DISTINCT i.business_key
  FROM history h JOIN instance i ON i.region_id = h.region_id AND i.id = h.instance_id
  JOIN client c ON c.region_id = h.region_id AND c.name = h.by
 WHERE h.event = 'received' AND h.element_id = 'event_delivered'
"""
RESPONSES = """
SELECT r.episode_id, v.body
  FROM resource r
  JOIN resource_version v ON v.region_id = r.region_id AND v.type = r.type AND v.id = r.id AND v.version = r.version
 WHERE r.type = 'QuestionnaireResponse' AND NOT r.deleted
   AND substring(v.body from '/Questionnaire/([a-z0-9-]+)\\|') = ANY(%s)
 ORDER BY r.updated_at, r.id
"""
NEAR_MISSES = "SELECT id FROM instance WHERE definition_key = 'near_miss_review' AND status <> 'terminated'"


class Woman:
    """What was done, heard and written about one pregnancy, in order."""

    def __init__(self, is_met_here: bool) -> None:
        self.is_met_here = is_met_here
        self.tasks: dict[str, list[tuple[str, datetime, datetime | None, datetime | None]]] = defaultdict(list)
        self.heard: dict[str, list[tuple[datetime, Mapping[str, Any]]]] = defaultdict(list)
        self.told_by_hospital = False
        self.forms: dict[str, list[dict[str, list[Any]]]] = defaultdict(list)

    def done(self, element: str) -> list[datetime]:
        return [at for state, _, _, at in self.tasks[element] if state == "completed" and at is not None]

    def form(self, name: str, item: str) -> Any:
        """The last answer; None without one."""
        answers = [form[item][0] for form in self.forms[name] if form.get(item)]
        return answers[-1] if answers else None

    @property
    def end(self) -> str | None:
        told = [detail.get("end_code") for _, detail in self.heard["message_end_confirmed"]]
        return told[-1] if told else self.form("closure", "end_code")

    @property
    def delivered_on(self) -> date | None:
        for _, detail in self.heard["message_delivered"]:
            return date.fromisoformat(str(detail["delivered_on"])[:10])
        told = self.form("delivery", "delivered_at")
        return _day(told) if told else None

    @property
    def is_birth(self) -> bool:
        return self.end not in ("void", "ended.abortion") and self.delivered_on is not None

    @property
    def born_alive(self) -> int:
        for _, detail in self.heard["message_delivered"]:
            if detail.get("fetuses"):
                return sum(each.get("outcome") in BORN_ALIVE for each in detail["fetuses"])
        last = self.forms["delivery"][-1] if self.forms["delivery"] else {}
        return sum(outcome in BORN_ALIVE for outcome in last.get("outcome", ()))

    @property
    def is_early(self) -> bool:
        first, lmp = self.form("anc-first", "filled_on"), self.form("registration", "lmp")
        return bool(first and lmp and (date.fromisoformat(first) - date.fromisoformat(lmp)).days <= EARLY_DAYS)

    @property
    def checks(self) -> int:
        return len(self.done("task_first_visit")) + len(self.done("task_antenatal_visit"))

    @property
    def visited_on(self) -> date | None:
        """The first: a high-risk mother is visited again."""
        return _day(min(self.done("task_home_visit"))) if self.done("task_home_visit") else None

    @property
    def discharged_on(self) -> date | None:
        if self.form("delivery", "admitted_after") is False:
            return self.delivered_on  # born outside and never admitted: at home from the birth
        told = self.form("discharge", "discharged_at")
        heard = [detail.get("discharged_at") for _, detail in self.heard["message_discharged"]]
        found = told or (heard[-1] if heard else self.form("tracing", "discharged_on"))
        return _day(found) if found else None

    @property
    def was_in_hospital(self) -> bool:
        return self.told_by_hospital or self.form("delivery", "delivery_place") in HOSPITALS

    @property
    def is_high(self) -> bool:
        return any(d.get("colour") in HIGH or d.get("purple") is True for _, d in self.heard["message_graded"])


def differences(owner: Any, indicators: Mapping[str, Any], region: str, begin: datetime, end: datetime) -> list[str]:
    """Indicators of the report that are counted differently here; each with both counts."""
    counted = count(owner, end)
    found = []
    for name, (numerator, denominator) in sorted(counted.items()):
        reported = indicators[name]["numerator"], indicators[name]["denominator"]
        if reported != (numerator, denominator):
            found.append(f"{name}: {reported[0]}/{reported[1]} reported, {numerator}/{denominator} counted again")
    return found


def count(owner: psycopg.Connection[Any], now: datetime) -> dict[str, tuple[int, int]]:
    """Numerator and denominator over everything that ever happened."""
    all_women, others = _read(owner)
    women = [woman for woman in all_women if woman.end != "void"]
    births = [woman for woman in women if woman.is_birth]
    alive = [woman for woman in births if woman.born_alive]
    live = sum(woman.born_alive for woman in births)
    high = [woman for woman in women if woman.is_high and woman.end != "ended.abortion"]
    met = [woman for woman in high if woman.is_met_here]
    deaths = [woman for woman in women if woman.end == "ended.maternal_death"]
    positive = [woman for woman in women if woman.tasks["task_refer_positive"]]
    reports = [row for woman in women for row in woman.tasks["task_report_risk"] if _is_due(row, now)]
    referrals = [row for woman in women for row in _referrals(woman)]
    emergencies = [woman for woman in births if _minutes(woman) is not None]
    modes = [mode for woman in births if (mode := _mode(woman))]
    preterm = [woman for woman in alive if _is_preterm(woman)]
    near_misses = [key for (key,) in owner.execute(NEAR_MISSES).fetchall()]
    reviewed = {
        instance for element, instance, state in others if (element, state) == ("task_near_miss_facility", "completed")
    }
    return {
        "I-01": (len(deaths), live),
        "I-04": (sum(_is_systematic(woman) for woman in alive), live),
        "I-05": (sum(woman.is_early for woman in alive), live),
        "I-06": (sum(woman.checks >= 5 for woman in alive), live),
        "I-07": (sum(_is_visited(woman) for woman in alive), live),
        "I-08": (sum(bool(woman.done("task_check_42d")) for woman in births), len(births)),
        "I-09": (sum(bool(woman.form("registration", "handbook_no")) for woman in women), len(women)),
        "I-10": (sum(bool(woman.done("task_screen")) for woman in women), len(women)),
        "I-11": (sum(_is_graded_in_time(woman) for woman in positive), len(positive)),
        "I-12": (sum(bool(woman.tasks["task_open_case_file"]) for woman in high), len(high)),
        "I-13": (sum(bool(row[3] and row[2] and row[3] <= row[2]) for row in reports), len(reports)),
        "I-14": (sum(bool(done and done <= begun + FOLLOWED_WITHIN) for begun, done in referrals), len(referrals)),
        "I-15": (sum(bool(woman.done("task_meet_face_to_face")) for woman in met), len(met)),
        "I-16": (sum((_minutes(woman) or 0) <= DDI_TARGET_MIN for woman in emergencies), len(emergencies)),
        "I-19": (modes.count("cs"), len(modes)),
        "I-20": (sum(key in reviewed for key in near_misses), len(near_misses)),
        "I-21": (sum(woman.form("death-review", "avoidable") == "1" for woman in deaths), len(deaths)),
        "I-23": (sum(min(len(woman.done("task_newborn_visit")), woman.born_alive) for woman in alive), live),
        "I-24": (sum(min(_sampled(woman), woman.born_alive) for woman in alive), live),
        "I-25": (
            sum(
                woman.born_alive
                for woman in preterm
                if any(row[0] != "cancelled" for row in woman.tasks["task_preterm_follow"])
            ),
            sum(woman.born_alive for woman in preterm),
        ),
        "I-27": (sum(woman.end == "lost" for woman in women), len(women)),
    }


def _read(owner: psycopg.Connection[Any]) -> tuple[list[Woman], list[tuple[str, Any, str]]]:
    women = {key: Woman(face != "false") for key, _, face in owner.execute(JOURNEYS).fetchall()}
    others = []
    for key, element, state, created, due, completed, instance in owner.execute(TASKS).fetchall():
        others.append((element, instance, state))
        if key in women:
            women[key].tasks[element].append((state, created, due, completed))
    for key, name, at, payload in owner.execute(HEARD, [MESSAGES]).fetchall():
        if key in women:
            women[key].heard[name].append((at, payload or {}))
    for (key,) in owner.execute(TOLD_BY).fetchall():
        if key in women:
            women[key].told_by_hospital = True
    with owner.cursor(name="responses") as cursor:
        for key, body in cursor.execute(RESPONSES, [list(FORMS)]):
            response = json.loads(body)
            if key in women and response.get("status") != "entered-in-error":
                name = response["questionnaire"].rpartition("/Questionnaire/")[2].partition("|")[0]
                answers: dict[str, list[Any]] = defaultdict(list)
                for item, value in _answers(response):
                    answers[item].append(value)
                women[key].forms[name].append(answers)
    return list(women.values()), others


def _answers(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for item in node.get("item", ()):
        for answer in item.get("answer", ()):
            value = next((value for name, value in answer.items() if name.startswith("value")), None)
            if isinstance(value, Mapping):
                value = (
                    value.get("code")
                    if "system" in value and "value" not in value
                    else value.get("value", value.get("code"))
                )
            yield item["linkId"], value
            yield from _answers(answer)
        yield from _answers(item)


def _is_systematic(woman: Woman) -> bool:
    visited, delivered = woman.visited_on, woman.delivered_on
    in_time = bool(visited and delivered and visited <= delivered + VISITED_WITHIN)
    return woman.is_early and woman.checks >= 5 and woman.was_in_hospital and in_time


def _is_visited(woman: Woman) -> bool:
    visited, home = woman.visited_on, woman.discharged_on
    return bool(visited and home and visited <= home + VISITED_WITHIN)


def _is_graded_in_time(woman: Woman) -> bool:
    screened, graded = woman.done("task_screen"), woman.heard["message_graded"]
    return bool(screened and graded and _day(graded[0][0]) <= _day(screened[-1]) + GRADED_WITHIN)


def _is_due(row: tuple[str, datetime, datetime | None, datetime | None], now: datetime) -> bool:
    state, _, due, done = row
    return state != "cancelled" and (done is not None or (due is not None and due <= now))


def _referrals(woman: Woman) -> Iterator[tuple[datetime, datetime | None]]:
    """When each began, and when its result was known."""
    for asked, answered in (
        ("task_refer_positive", "task_return_slip"),
        ("task_request_transfer", "task_transfer_result"),
    ):
        for sent in woman.done(asked):
            yield sent, min((at for at in woman.done(answered) if at >= sent), default=None)
    for element in ("task_refer_after_visit", "task_refer_postnatal"):
        for state, created, _, done in woman.tasks[element]:
            if state != "cancelled":
                yield created, done


def _mode(woman: Woman) -> str | None:
    """As the birth record says, else whoever watched over her afterwards, else the sheet of an emergency caesarean."""
    told = woman.form("delivery", "delivery_mode") or woman.form("birth-observation", "birth_mode")
    return told or ("cs" if woman.forms["cs-times"] else None)


def _minutes(woman: Woman) -> float | None:
    """From the decision for an emergency caesarean to the birth."""
    if woman.form("delivery", "delivery_mode") != "cs" or woman.form("delivery", "cs_category") != "emergency":
        return None
    decided, born = woman.form("delivery", "cs_decision_at"), woman.form("delivery", "delivered_at")
    return (datetime.fromisoformat(born) - datetime.fromisoformat(decided)).total_seconds() / 60 if decided else None


def _is_preterm(woman: Woman) -> bool:
    """By the due date that was last settled."""
    dated = [detail.get("edd") for _, detail in woman.heard["message_dated"] if detail.get("edd")]
    if not dated or woman.delivered_on is None:
        return False
    return (woman.delivered_on - (date.fromisoformat(str(dated[-1])[:10]) - timedelta(days=280))).days < PRETERM_DAYS


def _sampled(woman: Woman) -> int:
    """Children of whom blood was taken."""
    forms = woman.forms["newborn-screening"]
    return len({form["child_order"][0] for form in forms if form.get("blood_spot", [None])[0] == "sampled"})


def _day(moment: Any) -> date:
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(CHINA).date() if at.tzinfo else at.date()
