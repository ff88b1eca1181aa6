"""What a browser posts, as answers. Nothing is judged here: the form does that, and what it refuses is shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from engine.errors import Fault
from web.forms.names import ADD, CONFIRM, REMOVE, split
from workflows.forms.form import Form
from workflows.forms.items import Item, columns


def read(form: Form, posted: MultiDict[str, str]) -> dict[str, Any]:
    """Answers by linkId, as typed. A pressed add or remove button has already added or removed its row."""
    answers = {item.link_id: _answer(item, posted) for item in columns(form.items) if not item.calculated}
    _change_rows(form, answers, posted)
    return {name: value for name, value in answers.items() if value not in (None, "", [])}


def is_row_action(posted: MultiDict[str, str]) -> bool:
    """The post only asks for one more or one less row: show the page again, complete nothing."""
    return ADD in posted or REMOVE in posted


def unconfirmed(warnings: Sequence[Fault], posted: MultiDict[str, str]) -> list[Fault]:
    """Doubtful values that nobody has ticked as looked at."""
    seen = set(posted.getlist(CONFIRM))
    return [warning for warning in warnings if warning.path not in seen]


def _answer(item: Item, posted: MultiDict[str, str], prefix: str = "") -> Any:
    name = prefix + item.link_id
    if item.is_table:
        rows = [_row(item, posted, number) for number in _numbers(item.link_id, posted)]
        return rows if is_row_action(posted) else [row for row in rows if row]
    if item.repeats and item.options:
        return posted.getlist(name)
    if item.repeats:
        return [posted[f"{name}[{number}]"] for number in _numbers(name, posted)]
    return posted.get(name)


def _row(table: Item, posted: MultiDict[str, str], number: int) -> dict[str, Any]:
    prefix = f"{table.link_id}[{number}]."
    row = {
        item.link_id: _answer(item, posted, prefix)
        for item in columns(table.items)
        if not item.calculated and not item.is_table
    }
    return {name: value for name, value in row.items() if value not in (None, "", [])}


def _numbers(name: str, posted: MultiDict[str, str]) -> list[int]:
    found = (split(key) for key in posted)
    return sorted({parts[1] for parts in found if parts and parts[0] == name and parts[1] is not None})


def _change_rows(form: Form, answers: dict[str, Any], posted: MultiDict[str, str]) -> None:
    if (name := posted.get(ADD)) in form.by_link_id and form.by_link_id[name].repeats:
        item = form.by_link_id[name]
        answers[name] = [*(answers.get(name) or [_empty(item)]), _empty(item)]
    if parts := split(posted.get(REMOVE, "")):
        name, number = parts[0], parts[1]
        rows = answers.get(name)
        if isinstance(rows, list) and number is not None and number < len(rows):
            answers[name] = rows[:number] + rows[number + 1 :]


def _empty(item: Item) -> Any:
    return {} if item.is_table else ""
