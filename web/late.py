"""A form that came too late: what the record says beside what this person typed, which nobody has stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.store import plain
from web import forms
from web.language import current
from web.language import gettext as _


@dataclass(frozen=True, kw_only=True)
class Line:
    """One field; `recorded` or `typed` is empty where that side says nothing."""

    label: str
    recorded: str
    typed: str

    @property
    def differs(self) -> bool:
        return bool(self.typed) and self.recorded != self.typed

    @property
    def is_equal(self) -> bool:
        return bool(self.typed) and self.recorded == self.typed


def compared(page: Any, typed: Mapping[str, Any], on: Any) -> list[Line]:
    """Every field that one of the two sides answered, in the order of the form."""
    if page.form is None:
        return [Line(label=name, recorded="", typed=plain.dumps(value).decode()) for name, value in typed.items()]

    def said(answers: Mapping[str, Any]) -> dict[str, Any]:
        told = forms.spoken(page.form, answers, on=on, context=page.known, lang=current())
        return {one.path: one for one in told}

    recorded, mine = said(page.answers), said(typed)
    lines = []
    for path in [*mine, *(path for path in recorded if path not in mine)]:
        sides = recorded.get(path), mine.get(path)
        if any(side and side.value for side in sides):
            label = next(side.label for side in sides if side)
            lines.append(Line(label=label, recorded=_value(sides[0]), typed=_value(sides[1])))
    return lines


def _value(side: Any) -> str:
    return side.value if side else ""


def as_text(lines: list[Line]) -> str:
    """What was typed, to be copied."""
    colon = _("：")
    return "\n".join(f"{line.label}{colon}{line.typed}" for line in lines if line.typed)
