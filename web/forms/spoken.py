"""Answers as words: what each field is called and what stands in it, for pages that compare and do not ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.errors import Text
from web.forms.view import Field, fields
from web.forms.wording import Page
from workflows.forms.form import Form


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One field of the form. `value` is empty where nothing was answered."""

    path: str
    label: str
    value: str


def spoken(form: Form, answers: Mapping[str, Any], *, on: date, context: Mapping[str, Any], lang: str) -> list[Spoken]:
    """Every field that asks, in the order of the form; a field of a row carries the name of its row."""
    page = Page(
        answers=answers,
        state=form.evaluate(answers, on, context),
        errors={},
        warnings={},
        last_values={},
        lang=lang,
        readonly=True,
    )
    return [line for field in fields(form.items, page, answers) for line in _lines(field, "", page)]


def _lines(field: Field, around: str, page: Page) -> Iterator[Spoken]:
    if field.widget in ("group", "table", "row"):
        inside = f"{around}{field.label} · " if field.widget == "row" else around
        for child in field.children:
            yield from _lines(child, inside, page)
    elif field.widget == "list":
        said = page.say(Text(zh="、", en=", ")).join(child.value for child in field.children if child.value)
        yield Spoken(path=field.path, label=around + field.label, value=_with_unit(field, said))
    elif field.widget == "answered":
        yield Spoken(path=field.path, label=around + field.label, value=_with_unit(field, field.value))


def _with_unit(field: Field, value: str) -> str:
    """A number with its unit; 未查 has none."""
    return f"{value} {field.unit}".strip() if value[-1:].isdigit() else value
