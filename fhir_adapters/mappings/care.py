"""Parts of a case that are looked after on their own -> CarePlan, its CareTeam, the label of social focus.

P07 the high-risk case file, P11 prevention of mother-to-child transmission, P20 focus, and the plans that are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    coding,
    concept,
    fitted,
    instant,
    present,
    reference,
    resource,
    restricted,
)
from fhir_adapters.terminology import CAREPLAN_CATEGORY, FLAG_CATEGORY, RISK_FLAG, SOCIAL_FOCUS
from workflows.forms import Form

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`begins`: the answer that says since when; `told`: the answers that say what is planned."""

    code: str
    display: str
    begins: str
    told: tuple[str, ...] = ()
    secret: bool = False


_PLANS = ("plan_management", "plan_treatment", "plan_emergency")
PARTS = {  # form -> the part of the case that it is about
    "case-file": Part(code="high-risk-case", display="高危专案", begins="opened_on", told=_PLANS),
    "expert-plan": Part(code="individual-plan", display="个性化诊疗方案", begins="planned_on", told=_PLANS),
    "delivery-plan": Part(
        code="delivery-plan", display="分娩管理预案", begins="planned_on", told=("plan_place", "plan_transport")
    ),
    "pmtct-mother": Part(code="pmtct", display="母婴阻断", begins="pmtct_date", told=("plan",), secret=True),
    "focus-register": Part(code="focus", display="重点孕产妇管理", begins="focus_on", secret=True),
}
OF_CASE_FILE = ("high-risk-case", "individual-plan")  # what ends with the case file; its team does too
TEAM = {"responsible_doctor": "主管医师", "county_officer": "县级孕管员", "township_worker": "乡镇妇幼专干"}


def part_id(code: str, case: Case) -> str:
    return fitted(code, str(case.pregnancy_id))


def to_part(form_id: str, answers: Answers, case: Case) -> Json:
    """One per case and kind; filling in its form again is the next version of it."""
    part = PARTS[form_id]
    begins, closed = instant(answers.get(part.begins)), instant(answers.get("closing_date"))
    start = begins or local_text(case.at)[:10]
    said = [str(answers[name]) for name in part.told if answers.get(name)]
    return resource(
        "CarePlan",
        part_id(part.code, case),
        meta=restricted() if part.secret else None,
        extension=case.episode_extension,
        partOf=[reference("CarePlan", case.instance_id)],
        status="completed" if closed else "active",
        intent="plan",
        category=[concept(CAREPLAN_CATEGORY, part.code, part.display)],
        title=part.display,
        subject=case.subject,
        period={"start": start} | ({"end": closed} if closed and closed >= start else {}),
        careTeam=[reference("CareTeam", part_id("team", case))] if form_id == "case-file" else None,
        addresses=[reference("Condition", case.condition_id)],
        activity=[{"detail": {"status": "in-progress", "description": text}} for text in said],
    )


def to_team(answers: Answers, case: Case) -> Json | None:
    """Who looks after her case file, by the names in the form. None where nobody is named."""
    begins, closed = instant(answers.get(PARTS["case-file"].begins)), instant(answers.get("closing_date"))
    start = begins or local_text(case.at)[:10]
    named = [
        {"role": [{"text": title}], "member": {"type": "Practitioner", "display": str(answers[name])}}
        for name, title in TEAM.items()
        if answers.get(name)
    ]
    if not named:
        return None
    return resource(
        "CareTeam",
        part_id("team", case),
        extension=case.episode_extension,
        status="inactive" if closed else "active",
        name="高危专案管理团队",
        subject=case.subject,
        period={"start": start} | ({"end": closed} if closed and closed >= start else {}),
        participant=named,
        managingOrganization=present(reference("Organization", case.variables.get("home_organisation"))),
    )


def to_focus(form: Form, answers: Answers, case: Case) -> Json:
    """The label of a woman who needs more than medicine; its reasons are nobody's business but the carers'."""
    item = next(one for top in form.items for one in top.walk() if one.link_id == "focus_factors")
    chosen = [item.option(code) for code in answers.get("focus_factors") or ()]
    codes = [coding(one.system or SOCIAL_FOCUS, one.code, one.text.zh) for one in chosen if one is not None]
    start = instant(answers.get("focus_on")) or local_text(case.at)
    return resource(
        "Flag",
        part_id("flag-social", case),
        meta=restricted("PSY"),
        identifier=[{"system": RISK_FLAG, "value": f"{case.pregnancy_id}/social-focus"}],
        status="active",
        category=[concept(FLAG_CATEGORY, "social-issue")],
        code={"coding": codes} if codes else {"text": "重点孕产妇"},
        subject=case.subject,
        period={"start": start},
    )


def is_part(resource_: Json, *codes: str) -> bool:
    """Whether it is the plan of such a part of a case, its team, or for all parts the label of social focus."""
    wanted = codes or tuple(part.code for part in PARTS.values())
    if resource_["resourceType"] == "CareTeam":
        return not codes or PARTS["case-file"].code in codes
    if resource_["resourceType"] == "Flag":
        return not codes and _has(resource_, FLAG_CATEGORY, ("social-issue",))
    return _has(resource_, CAREPLAN_CATEGORY, wanted)


def _has(resource_: Json, system: str, codes: Sequence[str]) -> bool:
    codings = (c for category in resource_.get("category", ()) for c in category.get("coding", ()))
    return any(c.get("system") == system and c.get("code") in codes for c in codings)


def ended(part: Json, at: str, *, revoked: bool = False) -> Json | None:
    """A plan, team or label as it stands once what it belongs to is over. None for one that has ended."""
    if part["status"] not in ("active", "on-hold"):
        return None
    period = part.get("period", {})
    start = str(period.get("start") or "")
    made = {**part, "period": {**period, "end": at if at[: len(start)] >= start[: len(at)] else start}}
    if part["resourceType"] != "CarePlan":
        return {**made, "status": "inactive"}
    if part.get("activity"):
        made["activity"] = [_over(one, revoked=revoked) for one in part["activity"]]
    return {**made, "status": "revoked" if revoked else "completed"}


def _over(activity: Json, *, revoked: bool) -> Json:
    if "detail" not in activity:
        return activity
    return {**activity, "detail": {**activity["detail"], "status": "stopped" if revoked else "completed"}}
