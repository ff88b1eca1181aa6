"""Words of the pages that come from codes: roles, ends, kinds of entry, keys, and what the drawing board says."""

from __future__ import annotations

from collections.abc import Iterable

from web.language import current
from web.language import gettext as _
from workflows.people import ROLES

ROLES_EN = {
    "R-VDOC": "village doctor",
    "R-MCHW": "township maternal-health worker",
    "R-MIDW": "midwife",
    "R-OB": "obstetrician",
    "R-OB-AC": "associate chief physician",
    "R-PM-P": "part-time pregnancy officer",
    "R-MED": "medical affairs office",
    "R-PM-F": "county pregnancy officer",
    "R-DIR": "vice-president in charge",
    "R-HCADM": "county health administration",
    "R-MSO": "maternal and infant safety office",
    "R-DESIGN": "process designer",
    "R-ITADM": "hospital IT",
    "auditor": "auditor",
}


def role_names(roles: Iterable[str]) -> str:
    known = [role for role in ROLES if role in set(roles)]
    return "、".join(ROLES[r].zh for r in known) if current() == "zh" else ", ".join(ROLES_EN.get(r, r) for r in known)


def basis_name(basis: str) -> str:
    """What the expected date rests on."""
    return {"lmp": _("末次月经"), "us": _("B超"), "ivf": _("胚胎移植")}.get(basis, basis)


def end_name(code: str) -> str:
    """How a pregnancy's process ended (P18)."""
    names = {
        "closed.recovered": _("结案：产后恢复"),
        "ended.stillbirth": _("结案：死胎死产"),
        "ended.abortion": _("终止：流产"),
        "ended.maternal_death": _("孕产妇死亡"),
        "moved.out": _("迁出"),
        "lost": _("失访"),
        "refused": _("拒绝管理"),
        "void": _("登记有误，作废"),
    }
    return names.get(code, code)


def entry_kind(kind: str) -> str:
    """What a line of the timeline is."""
    return {
        "done": _("完成"),
        "message": _("收到"),
        "deadline": _("到期"),
        "cancelled": _("取消"),
        "incident": _("异常"),
        "end": _("结束"),
    }[kind]


def record_kind(kind: str) -> str:
    """What a stored record is."""
    names = {"QuestionnaireResponse": _("表单"), "RiskAssessment": _("风险评估"), "Encounter": _("就诊")}
    return names.get(kind, kind)


def tab_name(tab: str) -> str:
    """What an operator looks at."""
    return {
        "incidents": _("异常"),
        "timers": _("逾期定时器"),
        "messages": _("无人接收的消息"),
        "jobs": _("作业"),
        "subscriptions": _("订阅"),
        "batches": _("批量操作"),
    }[tab]


def state_name(state: str) -> str:
    """The state of an instance, message, job or batch."""
    names = {
        "active": _("运行中"),
        "suspended": _("已挂起"),
        "completed": _("已完成"),
        "terminated": _("已终止"),
        "published": _("发送中"),
        "buffered": _("等待接收"),
        "expired": _("已过期"),
        "failed": _("失败"),
        "waiting": _("等待"),
        "running": _("执行中"),
        "paused": _("已暂停"),
        "cancelled": _("取消"),
    }
    return names.get(state, state)


def event_name(event: str) -> str:
    """A line of an instance's history."""
    names = {
        "started": _("开始"),
        "entered": _("进入"),
        "completed": _("完成"),
        "cancelled": _("取消"),
        "fired": _("到期"),
        "received": _("收到"),
        "published": _("发出"),
        "decided": _("决策"),
        "incident": _("异常"),
        "resolved": _("异常已处理"),
        "ended": _("结束"),
        "terminated": _("已终止"),
        "suspended": _("已挂起"),
        "activated": _("已恢复运行"),
        "migrated": _("已迁移"),
        "reverted": _("已撤回迁移"),
        "reopened": _("已撤回终止"),
        "modified": _("已移动令牌"),
        "variables": _("修改变量"),
        "claimed": _("认领"),
        "released": _("退回"),
        "assigned": _("转交"),
        "commented": _("留言"),
        "attached": _("添加附件"),
    }
    return names.get(event, event)


def keys() -> list[tuple[str, str]]:
    """The keys that the help shows, the same on every page."""
    return [
        ("/", _("到搜索框")),
        ("?", _("显示快捷键")),
        ("↑ ↓", _("在列表中选择")),
        ("Enter", _("打开所选；在表单中到下一格")),
        ("Shift+Enter", _("到上一格")),
        ("Ctrl+S", _("保存草稿")),
        ("Ctrl+Enter", _("提交")),
        ("F2", _("与上次相同")),
        ("Ctrl+;", _("填入现在的时间或今天")),
        ("Esc", _("离开，不丢失内容")),
    ]


def designer_words() -> dict[str, str]:
    """What the scripts of the drawing board say; they carry no sentences of their own."""
    return {
        "ready": _("图已打开"),
        "checking": _("正在校验…"),
        "clean": _("校验通过，没有问题"),
        "refused": _("未通过校验，未发布"),
        "warned": _("可以发布，但有提示"),
        "deployed": _("已发布为 v%(version)s"),
        "unchanged": _("内容没有变化，仍为 v%(version)s"),
        "changed": _("有未发布的修改"),
        "broken": _("无法打开这个图"),
        "failed": _("请求失败，请重试"),
        "whole": _("整个图"),
        "warning": _("提示"),
        "error": _("错误"),
        "running": _("运行 %(n)s"),
        "inside": _("里面有问题，点右下角箭头打开"),
        "confirm": _("发布为新版本？运行中的实例留在原版本。"),
    }


FOR_TEMPLATES = {
    "role_names": role_names,
    "basis_name": basis_name,
    "end_name": end_name,
    "entry_kind": entry_kind,
    "record_kind": record_kind,
    "tab_name": tab_name,
    "state_name": state_name,
    "event_name": event_name,
    "keys": keys,
    "designer_words": designer_words,
}
