"""A resource said in one Chinese line, for the narrative of a document. Pure; what it does not know it says by
its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from html import escape
from typing import Any

from fhir_adapters.documents.diagnoses import name_of
from fhir_adapters.documents.kinds import fact_of, is_of_fetus
from fhir_adapters.terminology import FETUS_INDEX, RISK_CRITERION_EXTENSION
from workflows.forms import forms_on_disk

Json = Mapping[str, Any]
STATUS = {
    **{"ready": "待办", "accepted": "已领取", "in-progress": "进行中", "completed": "已完成", "on-hold": "暂停"},
    **{"active": "进行中", "revoked": "已撤销", "finished": "已结束", "planned": "计划", "preliminary": "暂定"},
}
SEX = {"female": "女", "male": "男", "other": "其他", "unknown": "未知"}
UNIT = {"mm[Hg]": "mmHg", "{beats}/min": "次/分", "/min": "次/分", "Cel": "℃", "{score}": "分", "d": "天"}
XHTML = "http://www.w3.org/1999/xhtml"


def lines(one: Json) -> Iterator[str]:
    """Label and text with their markup, ready for a list."""
    said = SAYINGS.get(one["resourceType"])
    if said is not None:
        yield escape(said(one), quote=False)


def narrative(resources: list[Json]) -> Json:
    """An empty section says so."""
    items = [line for one in resources for line in lines(one)]
    inner = "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>" if items else "<p>无记录</p>"
    return {"status": "generated", "div": f'<div xmlns="{XHTML}" lang="zh">{inner}</div>'}


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    """What the forms call each field."""
    walked = (item for form in forms_on_disk().values() for top in form.items for item in top.walk())
    return {item.link_id: item.text.zh for item in walked}


@lru_cache(maxsize=1)
def _options() -> dict[tuple[str, str], str]:
    """What the forms call each answer that is chosen."""
    walked = (item for form in forms_on_disk().values() for top in form.items for item in top.walk())
    return {(item.link_id, option.code): option.text.zh for item in walked for option in item.options}


def concept(value: Any) -> str:
    """Its text, its display, or its code."""
    if not isinstance(value, Mapping):
        return ""
    codings = value.get("coding") or [value]
    shown = next((c.get("display") for c in codings if c.get("display")), None)
    return str(value.get("text") or shown or next((c.get("code") for c in codings if c.get("code")), ""))


def person(patient: Json) -> str:
    """The woman, as a document names her."""
    name = next((n.get("text") for n in patient.get("name", ()) if n.get("text")), "（无姓名）")
    return f"{name}，{SEX.get(str(patient.get('gender')), '未知')}，{patient.get('birthDate', '出生日期不详')} 出生"


def day(text: Any) -> str:
    """As people write it: 2026-01-05 08:00."""
    return str(text or "")[:16].replace("T", " ")


def _observation(one: Json) -> str:
    fact = fact_of(one)
    label = _labels().get(fact or "") or concept(one.get("code"))
    parts = [
        f"{_labels().get(fact_of(part) or '') or concept(part.get('code'))} {_value(part)}"
        for part in one.get("component", ())
    ]
    text = "，".join(parts) or _value(one)
    whose = next(
        (f"胎儿{x.get('valuePositiveInt')} " for x in one.get("extension", ()) if x.get("url") == FETUS_INDEX), ""
    )
    when = day(one.get("effectiveDateTime") or one.get("effectivePeriod", {}).get("start"))
    return f"{whose if is_of_fetus(one) else ''}{'' if parts else label + ' '}{text}（{when}）"


def _value(one: Json) -> str:
    for name, value in one.items():
        if name == "valueQuantity":
            unit = UNIT.get(str(value.get("code")), str(value.get("unit") or value.get("code") or ""))
            return f"{value.get('value')} {unit}".strip()
        if name in ("valueCodeableConcept", "dataAbsentReason"):
            return concept(value)
        if name == "valueBoolean":
            return "是" if value else "否"
        if name.startswith("value") and not isinstance(value, Mapping):
            return day(value)
    return "无值"


def _risk(one: Json) -> str:
    found = []
    for prediction in one.get("prediction", ()):
        codes = [
            concept(part.get("valueCodeableConcept"))
            for extension in prediction.get("extension", ())
            if extension.get("url") == RISK_CRITERION_EXTENSION
            for part in extension.get("extension", ())
            if part.get("url") == "code"
        ]
        text = f"{concept(prediction.get('outcome'))}：{concept(prediction.get('qualitativeRisk'))}"
        found.append(text + (f"（依据 {'、'.join(codes)}）" if codes else ""))
    return f"{day(one.get('occurrenceDateTime'))} {concept(one.get('code'))}　{'；'.join(found)}"


def _condition(one: Json) -> str:
    onset, code = one.get("onsetDateTime"), one.get("code", {})
    named = (name_of(c.get("system"), str(c.get("code", ""))) for c in code.get("coding", ()))
    known = next((name for name in named if name), None)
    said = concept(code)
    if known is not None and known not in said:
        said = f"{known}（{said}）" if said else known
    return said + (f"，起于 {day(onset)}" if onset else "")


def _encounter(one: Json) -> str:
    period = one.get("period", {})
    until = f" 至 {day(period['end'])}" if period.get("end") and period.get("end") != period.get("start") else ""
    kind = next((concept(t) for t in one.get("type", ())), "") or concept(one.get("class"))
    return f"{kind}　{day(period.get('start'))}{until}"


def _procedure(one: Json) -> str:
    at = one.get("performedDateTime") or one.get("performedPeriod", {}).get("start")
    return f"{concept(one.get('code'))}　{day(at)}"


def _immunization(one: Json) -> str:
    why = f"，未接种：{concept(one.get('statusReason'))}" if one.get("status") == "not-done" else ""
    return f"{concept(one.get('vaccineCode'))}　{day(one.get('occurrenceDateTime'))}{why}"


def _task(one: Json) -> str:
    due = one.get("restriction", {}).get("period", {}).get("end")
    text = one.get("description") or _last(one.get("code"))
    said = f"{text}：{STATUS.get(str(one.get('status')), one.get('status'))}" + (f"，{day(due)} 前" if due else "")
    written = [_answered(output) for output in one.get("output", ()) if _is_said(output)]
    return "；".join([said, *written])


def _last(code: Any) -> str:
    """Of several codings our own, which comes last and has words."""
    codings = [c for c in (code or {}).get("coding", ()) if c.get("display")]
    return str(codings[-1]["display"]) if codings else concept(code)


def _answered(output: Json) -> str:
    """The field of the form and what was written in it, as the form calls both."""
    code = next((str(c.get("code")) for c in output.get("type", {}).get("coding", ())), "").replace("-", "_")
    value = _value(output)
    return f"{_labels().get(code, concept(output.get('type')))} {_options().get((code, value), value)}"


def _is_said(output: Json) -> bool:
    return any(name in output for name in ("valueString", "valueDateTime", "valueBoolean"))


def _request(one: Json) -> str:
    reasons = "、".join(text for text in (concept(reason) for reason in one.get("reasonCode", ())) if text)
    return f"{concept(one.get('code'))}{f'：{reasons}' if reasons else ''}　{day(one.get('authoredOn'))}"


def _plan(one: Json) -> str:
    period = one.get("period", {})
    until = f" 至 {day(period['end'])}" if period.get("end") else ""
    status = STATUS.get(str(one.get("status")), one.get("status"))
    return f"{one.get('title', '计划')}：{status}，{day(period.get('start'))}{until}"


SAYINGS: dict[str, Callable[[Json], str]] = {
    "Observation": _observation,
    "RiskAssessment": _risk,
    "Condition": _condition,
    "Encounter": _encounter,
    "Procedure": _procedure,
    "Immunization": _immunization,
    "Task": _task,
    "CarePlan": _plan,
    "ServiceRequest": _request,
    "Patient": person,
}
