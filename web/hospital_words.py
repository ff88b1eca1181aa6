"""Words for what hospital systems send and are told."""

from __future__ import annotations

from fhir_adapters.tolerances.kinds import TOLERANCES
from fhir_adapters.visits import Visit
from web.language import current
from web.language import gettext as _


def resource_name(type_: str) -> str:
    """The kind of a resource, as people call it."""
    names = {
        "Observation": _("检查结果"),
        "DiagnosticReport": _("检查报告"),
        "Condition": _("诊断"),
        "Procedure": _("操作"),
        "Encounter": _("就诊"),
        "Appointment": _("预约"),
        "Patient": _("患者"),
        "QuestionnaireResponse": _("问卷"),
    }
    return names.get(type_, type_)


def case_state(status: str) -> str:
    """The state of a case as FHIR says it."""
    names = {
        "planned": _("拟建册"),
        "active": _("在管"),
        "onhold": _("暂停"),
        "finished": _("已结案"),
        "cancelled": _("取消"),
    }
    return names.get(status, status)


def question(reason: str) -> str:
    """Why a person is asked: kept in both languages."""
    zh, _slash, en = reason.partition(" / ")
    return en if en and current() == "en" else zh


def telling_state(status: str) -> str:
    """The state of a subscription."""
    return {
        "requested": _("等待握手"),
        "active": _("正常"),
        "error": _("出错"),
        "off": _("已停止"),
    }[status]


def channel_name(channel: str) -> str:
    """The way on which it arrived."""
    names = {
        "hl7v2": "HL7 v2",
        "cda": "CDA",
        "csv": _("文件"),
        "view": _("数据库视图"),
        "fhir": _("FHIR 写入"),
        "document": _("FHIR 文档"),
    }
    return names.get(channel, channel)


def arrival_state(state: str) -> str:
    """What became of an arrival."""
    names = {
        "waiting": _("等待识别"),
        "understood": _("已识别"),
        "not-understood": _("未识别"),
        "corrected": _("已改后重发"),
        "discarded": _("已作废"),
    }
    return names.get(state, state)


def visit_kind(visit: Visit) -> str:
    """What kind of visit a hospital tells of."""
    names = {"appointment": _("预约"), "visit": _("门诊"), "stay": _("住院")}
    return _("住院分娩") if visit.for_birth else names[visit.kind]


def visit_state(visit: Visit) -> str:
    """How it stands, as people say it."""
    names = {
        "proposed": _("待确认"),
        "pending": _("待确认"),
        "booked": _("已约"),
        "planned": _("已预约住院"),
        "arrived": _("已到"),
        "checked-in": _("已到"),
        "triaged": _("已到"),
        "fulfilled": _("已到"),
        "in-progress": _("进行中"),
        "onleave": _("请假离院"),
        "finished": _("已结束"),
        "cancelled": _("已取消"),
        "noshow": _("未到"),
        "waitlist": _("候补"),
    }
    return names.get(visit.status, visit.status)


def tolerance_name(name: str) -> str:
    """What a tolerance overlooks."""
    found = TOLERANCES.get(name)
    return (found.en if current() == "en" else found.zh) if found else name


def interaction_name(interaction: str) -> str:
    """What a system asked for."""
    names = {
        "read": _("读取"),
        "search": _("检索"),
        "create": _("新建"),
        "update": _("更新"),
        "patch": _("局部更新"),
        "delete": _("删除"),
        "transaction": _("事务"),
        "batch": _("批处理"),
        "history": _("历史"),
        "validate": _("校验"),
    }
    return names.get(interaction, interaction)


FOR_TEMPLATES = {
    "tolerance_name": tolerance_name,
    "interaction_name": interaction_name,
    "channel_name": channel_name,
    "arrival_state": arrival_state,
    "visit_kind": visit_kind,
    "visit_state": visit_state,
    "resource_name": resource_name,
    "case_state": case_state,
    "question": question,
    "telling_state": telling_state,
}
