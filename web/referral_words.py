"""What the steps of a referral are called on its pages."""

from __future__ import annotations

from web.language import gettext as _


def step_name(step: str) -> str:
    return {
        "requested": _("提出转诊"),
        "received": _("对方系统收到"),
        "accepted": _("同意接收"),
        "refused": _("不接收"),
        "departed": _("护送出发"),
        "arrived": _("到达交接"),
        "onward": _("已续转上级"),
        "returned": _("结果已回转"),
        "no-show": _("未到"),
        "withdrawn": _("已撤回"),
    }.get(step, step)


def told_name(state: str) -> str:
    """Whether the other side's system has it."""
    return {
        "kept": _("本系统内"),
        "waiting": _("等待送达"),
        "sent": _("对方已收到"),
        "refused": _("对方未接受"),
    }.get(state, state)


FOR_TEMPLATES = {"referral_step": step_name, "referral_told": told_name}
