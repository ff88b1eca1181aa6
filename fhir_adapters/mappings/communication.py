"""Reports and attempts to reach her -> Communication: {canon}/StructureDefinition/mch-report.

What was said stands in the form; the Communication names it, says whom it went to, when, and how urgent it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    concept,
    fitted,
    instant,
    person,
    present,
    reference,
    resource,
    restricted,
    very_restricted,
)
from fhir_adapters.mappings.risk import grading_id, numbers_of
from fhir_adapters.terminology import REPORT_TYPE

_COUNTY = "county_organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`when`: the answer that says when it went out; `to`: the variable that names who got it."""

    code: str
    display: str
    when: str
    to: str = _COUNTY
    priority: str = "routine"
    secret: str | None = None  # R | V


REPORTS = {  # form -> what it reports
    "risk-report": Report(code="risk-report", display="风险分级报告（M-06）", when="reported_on"),
    "discharge": Report(
        code="maternal-discharge", display="出院信息（M-14）", when="discharged_at", to="postpartum_organisation"
    ),
    "handover-request": Report(code="handover", display="跨区域转介（M-02）", when="handover_at"),
    "blood-request": Report(
        code="blood-request", display="紧急用血申请（M-13）", when="blood_requested_at", priority="stat"
    ),
    "disease-report": Report(
        code="infectious-disease", display="传染病报告", when="disease_reported_at", secret="R", priority="urgent"
    ),
    "death-phone": Report(
        code="maternal-death-call", display="死亡电话上报", when="phoned_at", secret="V", priority="stat"
    ),
    "death-report": Report(
        code="maternal-death", display="孕产妇死亡报告（M-16）", when="reported_on", secret="V", priority="stat"
    ),
    "newborn-death": Report(
        code="newborn-death", display="新生儿死亡报告", when="child_died_at", secret="V", priority="urgent"
    ),
    "near-miss": Report(code="near-miss", display="危重孕产妇评审（M-17）", when="reviewed_on", secret="V"),
    "sweep": Report(code="sweep", display="特殊人群孕情摸排月报", when="reported_on"),
    "official-notice": Report(code="official-notice", display="通报、约谈与整改通知", when="notice_on"),
}
ATTEMPTS = {"tracing": ("contacted_on", "失访追踪"), "lead-note": ("contacted_on", "线索随访")}
NOT_REACHED = frozenset({"not_reached"})
WAYS = {"phone": ("PHONE", "telephone"), "visit": ("FACE", "face to face")}
PARTICIPATION_MODE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
URGED, CONTACT = ("urged", "催检"), ("contact-attempt", "联系记录")
URGENT_COLOURS = {"red": "urgent"}
AWAITED = {  # the task of whoever is to take a report up -> the report; dropped, it asks for nothing any more
    "task_acknowledge_report": "risk-report",
    "task_acknowledge_discharge": "maternal-discharge",
    "task_accept_handover": "handover",
    "task_receive_blood": "blood-request",
}
TAKEN_UP = frozenset({"event_acknowledged", "event_notice_acknowledged"})  # the answer came from another system
WITHDRAWN, IN_ERROR = "已撤回：不再等待对方处理", "所据的分级已更正"


def to_report(form_id: str, answers: Mapping[str, Any], case: Case, response_id: str) -> Json:
    """A report handed on; `basedOn` is the grading that a risk report is about."""
    report = REPORTS[form_id]
    gradings = (numbers_of(case) or [0])[-1] if form_id == "risk-report" else 0
    priority = URGENT_COLOURS.get(str(answers.get("colour")), report.priority)
    return _communication(
        case,
        fitted(response_id, "report"),
        (report.code, report.display),
        response_id,
        meta=very_restricted() if report.secret == "V" else restricted() if report.secret else None,
        basedOn=present(reference("RiskAssessment", grading_id(case, gradings) if gradings else None)),
        status="completed",
        priority=priority,
        recipient=present(reference("Organization", case.variables.get(report.to) or case.variables.get(_COUNTY))),
        sent=_moment(answers.get(report.when)) or local_text(case.at),
    )


def is_of(communication: Json, code: str) -> bool:
    """Whether it is a report of this kind."""
    codings = (c for category in communication.get("category", ()) for c in category.get("coding", ()))
    return any((c.get("system"), c.get("code")) == (REPORT_TYPE, code) for c in codings)


def stopped(communication: Json, why: str) -> Json | None:
    """A report that does not count any more. None for one that never went out, or is stopped already."""
    if communication["status"] != "completed":
        return None
    return {**communication, "status": "stopped", "statusReason": {"text": why}}


def in_place_of(communication: Json, former: Json | None) -> Json | None:
    """A report that takes the place of one that was stopped. None where it takes none's."""
    if former is None or former["status"] != "stopped" or communication.get("inResponseTo"):
        return None
    return {**communication, "inResponseTo": [reference("Communication", str(former["id"]))]}


def rests_on(communication: Json, assessment_id: str) -> bool:
    return reference("RiskAssessment", assessment_id) in communication.get("basedOn", ())


def to_attempt(form_id: str, answers: Mapping[str, Any], case: Case, response_id: str) -> Json:
    """Somebody tried to reach her; where nobody was reached it is not done, with what was found as the reason."""
    when, title = ATTEMPTS[form_id]
    failed = answers.get("contact_result") in NOT_REACHED
    way = WAYS.get(str(answers.get("contact_way")))
    return _communication(
        case,
        fitted(response_id, "contact"),
        CONTACT,
        response_id,
        status="not-done" if failed else "completed",
        statusReason={"text": f"{title}：未联系上"} if failed else None,
        medium=[concept(PARTICIPATION_MODE, *way)] if way else None,
        recipient=present(case.subject),
        sent=_moment(answers.get(when)) or local_text(case.at),
    )


def to_urging(answers: Mapping[str, Any], case: Case, response_id: str) -> Json | None:
    """A visit that was only asked for is no Encounter. None where she was seen."""
    if answers.get("urged_only") is not True:
        return None
    return _communication(
        case,
        fitted(response_id, "urged"),
        URGED,
        response_id,
        status="completed",
        recipient=present(case.subject),
        sent=_moment(answers.get("visit_date")) or local_text(case.at),
    )


def _communication(case: Case, id_: str, category: tuple[str, str], response_id: str, **elements: Any) -> Json:
    return resource(
        "Communication",
        id_,
        extension=case.episode_extension,
        category=[concept(REPORT_TYPE, *category)],
        subject=case.subject,
        about=present(case.episode),
        sender=reference("Organization", case.organisation) or person(case.by),
        payload=[{"contentReference": reference("QuestionnaireResponse", response_id)}],
        **elements,
    )


def _moment(value: Any) -> str | None:
    return instant(value)
