"""A form as the page sees it: a tree of fields with their values, errors and hints, and no HTML yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Fault, Text
from web.forms.names import field_id
from web.forms.wording import Choice, Page, choices_of, hint_of, last_of, shown, typed, unit_of, words_of
from workflows.forms.items import ABSENT, Item

RADIOS_AT_MOST = 7  # more choices than this are a list to open


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing on the page. `widget` says which macro draws it."""

    widget: str
    path: str
    name: str
    label: str
    kind: str = ""  # of the item: date, quantity, …
    pair: str = ""  # where the rest of `150/90` goes
    born: str = ""  # the field that an identity card number can fill
    code: str | None = None
    required: bool = False
    may_be_required: bool = False  # it depends on other answers
    shown: bool = True
    value: str = ""
    unit: str = ""
    hint: str = ""
    mark: str | None = None
    last: str = ""
    last_value: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    confirmed: bool = False
    choices: tuple[Choice, ...] = ()
    absent: tuple[str, ...] = ()
    data: dict[str, str] = field(default_factory=dict)
    children: tuple[Field, ...] = ()
    blank_row: Field | None = None
    words: str = ""  # of a calculated code: what to show for it, as JSON
    fixed: bool = False  # only to be read: no rows come or go

    @property
    def id(self) -> str:
        return field_id(self.path)

    @property
    def described_by(self) -> str:
        """Ids of what stands beside the field, for those who cannot see it."""
        parts = [
            f"{self.id}-unit" if self.unit else "",
            f"{self.id}-hint" if self.hint else "",
            f"{self.id}-last" if self.last else "",
            f"{self.id}-warning" if self.warnings else "",
            f"{self.id}-error",
        ]
        return " ".join(part for part in parts if part)


def by_path(faults: Sequence[Fault]) -> dict[str, list[Text]]:
    found: dict[str, list[Text]] = {}
    for fault in faults:
        found.setdefault(fault.path, []).append(fault.message)
    return found


def fields(items: tuple[Item, ...], page: Page, answers: Mapping[str, Any], prefix: str = "") -> tuple[Field, ...]:
    siblings = {item.link_id for item in items}
    return tuple(_field(item, page, answers, prefix, siblings) for item in items if not item.hidden)


def _field(item: Item, page: Page, answers: Mapping[str, Any], prefix: str, siblings: set[str]) -> Field:
    path = prefix + item.link_id
    common = _common(item, page, path)
    if item.is_table:
        return _table(item, page, answers, common)
    if item.is_group:
        return Field(widget="group", children=fields(item.items, page, answers, prefix), **common)
    if item.type == "display":
        return Field(widget="display", **common)
    if item.calculated:
        value = page.state["calculated"].get(path)
        return Field(widget="calculated", value=shown(item, value, page), words=words_of(item, page), **common)
    if item.repeats and not item.options:
        return _list(item, page, answers, common, siblings)
    return _question(item, page, answers.get(item.link_id), common, siblings)


def _common(item: Item, page: Page, path: str) -> dict[str, Any]:
    return {
        "path": path,
        "name": path,
        "label": page.say(item.text),
        "code": item.prefix,
        "required": not page.readonly and (item.required or page.state["required"].get(path, False)),
        "may_be_required": not page.readonly and item.required_by is not None,
        "shown": page.state["enabled"].get(path, True),
        "unit": unit_of(item, page),
        "hint": hint_of(item, page),
        "mark": item.limits.mark,
        "errors": page.texts(page.errors.get(path, ())),
        "warnings": page.texts(page.warnings.get(path, ())),
        "data": _data(item),
    }


def _question(item: Item, page: Page, value: Any, common: dict[str, Any], siblings: set[str]) -> Field:
    if value is None:
        value = item.initial
    last = page.last_values.get(item.link_id)
    absent = () if page.readonly else tuple(page.say(ABSENT[reason]) for reason in item.absent)
    return Field(
        widget=_widget(item, page),
        kind=item.type,
        pair="dbp" if item.link_id == "sbp" and "dbp" in siblings else "",
        born="birth_date" if item.check == "cn-id-card" and "birth_date" in siblings else "",
        value=shown(item, value, page) if page.readonly else typed(item, value),
        choices=choices_of(item, page, value, common["path"]),
        last=last_of(item, last, page),
        last_value=typed(item, last["value"] if isinstance(last, Mapping) else last),
        absent=absent,
        **common,
    )


def _list(item: Item, page: Page, answers: Mapping[str, Any], common: dict[str, Any], siblings: set[str]) -> Field:
    """One question with several answers: a short list of inputs, at least one."""
    values = answers.get(item.link_id)
    values = values if isinstance(values, list) else [] if values in (None, "") else [values]
    one = {**common, "errors": (), "warnings": (), "data": {}}

    def entry(number: int | str, value: Any) -> Field:
        path = f"{common['path']}[{number}]"
        place = {"path": path, "name": path, "errors": page.texts(page.errors.get(path, ()))}
        return _question(item, page, value, {**one, **place}, siblings)

    children = tuple(entry(number, value) for number, value in enumerate(values or [None]))
    return Field(widget="list", children=children, blank_row=entry("__n__", None), fixed=page.readonly, **common)


def _table(item: Item, page: Page, answers: Mapping[str, Any], common: dict[str, Any]) -> Field:
    rows = answers.get(item.link_id)
    rows = rows if isinstance(rows, list) and rows else [{}] if item.required else []

    def row(number: int | str, values: Mapping[str, Any]) -> Field:
        path = f"{common['path']}[{number}]"
        inside = fields(item.items, page, values, f"{path}.")
        place = number + 1 if isinstance(number, int) else "__m__"
        label = f"{common['label']} {place}"
        return Field(widget="row", path=path, name=path, label=label, children=inside, fixed=page.readonly)

    children = tuple(row(number, one if isinstance(one, Mapping) else {}) for number, one in enumerate(rows))
    return Field(widget="table", children=children, blank_row=row("__n__", {}), fixed=page.readonly, **common)


def _widget(item: Item, page: Page) -> str:
    if page.readonly:
        return "answered"
    if item.type == "boolean":
        return "yes_no" if item.required else "tick"
    if item.options and item.repeats:
        return "ticks"
    if item.options and item.type == "open-choice":
        return "suggest"
    if item.options:
        is_list = item.control == "drop-down" or (len(item.options) > RADIOS_AT_MOST and item.control != "radio-button")
        return "list_to_open" if is_list else "radios"
    return "long_text" if item.type == "text" else "line"


def _data(item: Item) -> dict[str, str]:
    """What the page's script may know of the item: when it is shown."""
    if not item.conditions:
        return {"by-server": "1"} if item.enabled_by else {}
    conditions = [[each.question, each.operator, each.answer] for each in item.conditions]
    data = {"when": json.dumps(conditions, separators=(",", ":"))}
    return {**data, "any": "1"} if item.any_condition else data
