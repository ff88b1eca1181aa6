"""What an app asks for, said in the words of whoever has to agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from web import language
from web.language import gettext as _
from workflows.people.scopes import Scope, read_scope


@dataclass(frozen=True, kw_only=True)
class Line:
    """`writes`: it changes something, which is shown apart."""

    text: str
    scope: str
    writes: bool = False


def lines(scopes: Iterable[str]) -> list[Line]:
    """Reading first, then writing, then who one is and for how long."""
    found = [one for text in sorted(scopes) if (one := _line(text)) is not None]
    return sorted(found, key=lambda one: (read_scope(one.scope) is None, one.writes))


def _line(text: str) -> Line | None:
    around = _around().get(text)
    if around is not None:
        return Line(text=around, scope=text)
    one = read_scope(text)
    return Line(text=_said(one), scope=text, writes=bool(set(one.letters) & set("cud"))) if one is not None else None


def _around() -> dict[str, str]:
    return {
        "openid": _("知道是您在使用（您的账号编号）"),
        "fhirUser": _("知道您是谁：姓名和账号"),
        "profile": _("知道您的姓名"),
        "launch": _("知道是从哪位孕产妇的页面打开的"),
        "launch/patient": _("请您选定一位孕产妇"),
        "launch/encounter": _("请您选定她的一次就诊"),
        "online_access": _("在您退出登录之前不必再问您"),
        "offline_access": _("30 天内不必再问您，您不在时也可使用"),
    }


def _said(one: Scope) -> str:
    whose = _("这位孕产妇的") if one.context == "patient" else _("您能看到的")
    comma = "、" if language.current() == "zh" else ", "
    does = comma.join(word for letter, word in _letters().items() if letter in one.letters)
    what = _("全部资料") if one.type == "*" else _types().get(one.type, one.type)
    only = "，".join(f"{name}={value}" for name, value in one.condition)
    said = _("%(does)s%(whose)s%(what)s", does=does, whose=whose, what=what)
    return said + (_("（只限 %(only)s）", only=only) if only else "")


def _letters() -> dict[str, str]:
    return {"r": _("读取"), "s": _("检索"), "c": _("写入新的"), "u": _("修改"), "d": _("删除")}


def _types() -> dict[str, str]:
    return {
        "Appointment": _("预约"),
        "CarePlan": _("管理计划"),
        "Communication": _("通知"),
        "Condition": _("诊断"),
        "Consent": _("知情同意"),
        "DiagnosticReport": _("检查报告"),
        "Encounter": _("就诊与住院"),
        "EpisodeOfCare": _("孕产个案"),
        "Flag": _("风险标识"),
        "Immunization": _("接种"),
        "Location": _("地点"),
        "Observation": _("检验检查结果"),
        "Organization": _("机构"),
        "Patient": _("基本信息"),
        "Practitioner": _("医务人员"),
        "PractitionerRole": _("医务人员的岗位"),
        "Procedure": _("手术与操作"),
        "Questionnaire": _("表单"),
        "QuestionnaireResponse": _("填写的表单"),
        "RelatedPerson": _("亲属"),
        "RiskAssessment": _("风险评估"),
        "ServiceRequest": _("申请与转诊"),
        "Task": _("任务"),
    }
