"""Words of the pages on which something wrong is put right."""

from __future__ import annotations

from typing import Any

from web.language import gettext as _
from web.risk import NATIONAL
from web.text import day, translated
from web.words import end_name


def correction_word(name: str, was: Any, now: Any) -> str:
    """One thing known of a case, before and after."""
    label = {
        "colour": _("颜色"),
        "purple": _("紫色标识"),
        "case_file": _("专案"),
        "edd": _("预产期"),
        "end_code": _("结局"),
    }
    return _("%(name)s：%(was)s → %(now)s", name=label[name], was=_said(name, was), now=_said(name, now))


def _said(name: str, value: Any) -> str:
    if name == "colour":
        colour = NATIONAL.get(str(value))
        return translated(colour) if colour else _("未分级")
    if name == "purple":
        return _("有") if value is True else _("无")
    if name == "case_file":
        files = {"open": _("在管"), "closed": _("已结案"), "withdrawn": _("误建，已收回")}
        return files.get(str(value), _("无"))
    if name == "edd":
        return day(value) or "—"
    return end_name(str(value)) if value else _("无")


FOR_TEMPLATES = {"correction_word": correction_word}
