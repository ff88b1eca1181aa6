"""Words of the county's pages: marks, rates, why somebody is not counted."""

from __future__ import annotations

import re

from markupsafe import Markup

from engine.errors import Text
from web.language import current
from web.language import gettext as _
from workflows.indicators.reasons import PARTS, reason_text

_MARKED = re.compile(r"\[(seed|src|known|default)\] ?")


def mark(code: str) -> Markup:
    """How sure a number or a definition is, as a small tag; what an installation must confirm stands out."""
    unsure = " tag--warn" if code in ("known", "default") else ""
    return Markup('<span class="tag{unsure}">{text}</span>').format(unsure=unsure, text=mark_name(code))


def marked(source: str) -> Markup:
    """A source that begins with its mark in brackets, with the mark as the small tag that people know."""
    found = _MARKED.match(source)
    if found is None:
        return Markup('<span lang="zh-CN">{text}</span>').format(text=source)
    return mark(found[1]) + Markup(' <span lang="zh-CN">{text}</span>').format(text=source[found.end() :])


def mark_name(code: str) -> str:
    return {
        "seed": _("政策原文"),
        "src": _("检索所得，待核对"),
        "known": _("专业常识，待确认"),
        "default": _("本地设定，待确认"),
    }[code]


def per_name(factor: int) -> str:
    """What a rate is a share of."""
    hundred_thousand = "/10万" if current() == "zh" else " per 100,000"
    return {100: "%", 1000: "‰", 100_000: hundred_thousand}.get(factor, "")


def op_name(op: str) -> str:
    return {"lt": "<", "le": "≤", "ge": "≥", "eq": "="}[op]


def part_text(part: str) -> Text:
    return PARTS[part]


def duty_state(state: str) -> str:
    """Where a duty of each case stands."""
    return {
        "done": _("已做"),
        "due": _("待做"),
        "overdue": _("逾期"),
        "by-need": _("需要时"),
        "not-asked": _("不要求"),
        "hidden": _("受保护"),
    }[state]


FOR_TEMPLATES = {
    "duty_state": duty_state,
    "mark": mark,
    "marked": marked,
    "mark_name": mark_name,
    "per_name": per_name,
    "op_name": op_name,
    "part_text": part_text,
    "reason_text": reason_text,
}
