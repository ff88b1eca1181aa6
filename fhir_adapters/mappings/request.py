"""What is asked of another institution or a laboratory -> ServiceRequest, Specimen; its answer -> DiagnosticReport.

Referrals between institutions have a process of their own (`referral.py`). Here: the positive screening (P04), the
consultation (P13), prenatal tests (P10).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, filled, fitted, instant, present, reference, resource
from fhir_adapters.mappings.observation import Source, facts, observation_id
from fhir_adapters.terminology import ACTIVITY, REFERRAL_DIRECTION, REFERRAL_NO, REFERRAL_TYPE
from workflows.forms import Form

Answers = Mapping[str, Any]
PRENATAL = {  # method -> what is tested, and whether blood is taken for it
    "serum": ("serum-screening", "血清学产前筛查", True),
    "nipt": ("nipt", "无创产前检测", True),
    "nt": ("nt-scan", "颈项透明层超声", False),
}
RESULTS = {  # form -> code, title, the answer that says when, the one that says what follows from it
    "prenatal-result": ("prenatal-screening", "产前筛查", "prenatal_result_on", "prenatal_conclusion"),
    "prenatal-diagnosis": ("prenatal-diagnosis", "产前诊断", "diagnosis_result_on", "diagnosis_result"),
    "structural-scan": ("structural-scan", "胎儿结构超声", "scan_done_on", "scan_result"),
    "thalassaemia-screen": ("thalassaemia-screening", "地中海贫血筛查", "thal_done_on", None),
}
TESTS = {code: title for code, title, _ in PRENATAL.values()} | {code: title for code, title, *_ in RESULTS.values()}
URGENT = {"emergency": "stat", "ordinary": "routine"}


def to_screening_referral(answers: Answers, case: Case, response_id: str) -> Json:
    """P04: the doctor's slip after a positive screening; the other half of the slip is its answer."""
    returned, refused = instant(answers.get("returned_on")), answers.get("refused") is True
    until = instant(answers.get("assess_by"))
    return resource(
        "ServiceRequest",
        fitted("screening-referral", response_id),
        extension=case.episode_extension,
        status="revoked" if refused else "completed" if returned else "active",
        intent="order",
        category=[concept(REFERRAL_DIRECTION, "up", "上转")],
        priority="routine",
        code=concept(REFERRAL_TYPE, "screen-positive", "筛查阳性转诊"),
        subject=case.subject,
        occurrencePeriod=filled({"end": until}) or None,
        authoredOn=instant(answers.get("referred_on")) or local_text(case.at),
        requester=reference("Organization", case.organisation),
        performer=present(reference("Organization", case.variables.get("hospital_organisation"))),
        reasonCode=[{"text": str(answers["positive_items"])}] if answers.get("positive_items") else None,
        supportingInfo=[reference("QuestionnaireResponse", response_id)],
    )


def consultation_id(case: Case) -> str:
    return fitted("consultation", case.instance_id)


def to_consultation(answers: Answers, case: Case, response_id: str) -> Json:
    """P13: the request, and with the answer to it the same request, completed. One per consultation."""
    found = {**{name: case.variables.get(name) for name in _ASKED}, **answers}
    number = case.variables.get("referral_no")
    answered = bool(answers.get("consult_answered_at"))
    ended = "revoked" if answers.get("consult_accepted") is False else "completed"
    return resource(
        "ServiceRequest",
        consultation_id(case),
        extension=case.episode_extension,
        requisition={"system": REFERRAL_NO, "value": number} if number else None,
        status=ended if answered else "active",
        intent="order",
        priority=URGENT.get(str(found.get("consult_urgency"))),
        code=concept(REFERRAL_TYPE, "consultation", "会诊"),
        subject=case.subject,
        authoredOn=instant(found.get("consult_requested_at")) or local_text(case.started_at),
        requester=reference("Organization", case.variables.get("asking_organisation") or case.organisation),
        performer=present(reference("Organization", case.variables.get("answering_organisation"))),
        supportingInfo=[reference("QuestionnaireResponse", response_id)],
    )


_ASKED = ("consult_requested_at", "consult_urgency")


def to_prenatal_test(answers: Answers, case: Case, response_id: str) -> Iterator[Json]:
    """P10: what was asked of the laboratory, and the blood taken for it. Nothing where she declined."""
    known = PRENATAL.get(str(answers.get("prenatal_method")))
    taken = instant(answers.get("sampled_on"))
    if known is None or taken is None:
        return
    code, title, of_blood = known
    request_id = fitted("test", response_id)
    yield resource(
        "ServiceRequest",
        request_id,
        extension=case.episode_extension,
        status="active",
        intent="order",
        code=concept(ACTIVITY, code, title),
        subject=case.subject,
        occurrenceDateTime=taken,
        authoredOn=local_text(case.at),
        requester=reference("Organization", case.organisation),
        specimen=[reference("Specimen", fitted("blood", response_id))] if of_blood else None,
    )
    if of_blood:
        yield resource(
            "Specimen",
            fitted("blood", response_id),
            status="available",
            type={"text": "静脉血"},
            subject=case.subject,
            request=[reference("ServiceRequest", request_id)],
            collection={"collectedDateTime": taken},
        )


def to_result(form: Form, answers: Answers, case: Case, source: Source) -> Json:
    """P10: what came of a test, with the values that the form holds."""
    code, title, when, concluded = RESULTS[form.id]
    moment = instant(answers.get(when)) or source.effective
    values = [reference("Observation", observation_id(fact, source)) for fact in facts(form, answers)]
    return resource(
        "DiagnosticReport",
        fitted(source.response_id, "report"),
        extension=case.episode_extension,
        status="final",
        code=concept(ACTIVITY, code, title),
        subject=case.subject,
        effectiveDateTime=moment,
        issued=local_text(case.at),
        performer=present(reference("Organization", case.organisation)),
        result=present(*values),
        conclusion=_said(form, concluded, answers) if concluded else None,
    )


def _said(form: Form, name: str, answers: Answers) -> str | None:
    """The words of the answer that was chosen."""
    item = next((one for top in form.items for one in top.walk() if one.link_id == name), None)
    option = item.option(answers[name]) if item is not None and answers.get(name) else None
    return option.text.zh if option else None
