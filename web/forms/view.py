"""A form as the page sees it: a tree of fields with their values, errors and hints, and no HTML yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Fault, Text
from web.forms.names import field_id
from workflows.forms.items import ABSENT, NUMBERS, Item
from workflows.forms.limits import between

RADIOS_AT_MOST = 7  # more choices than this are a list to open


@dataclass(frozen=True, kw_only=True)
class Choice:
    code: str
    label: str
    is_chosen: bool
    id: str


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


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything that the fields are drawn from. `state` is what `Form.evaluate` said of the answers."""

    answers: Mapping[str, Any]
    state: Mapping[str, Any]
    errors: Mapping[str, list[Text]]
    warnings: Mapping[str, list[Text]]
    last_values: Mapping[str, Any]
    lang: str
    readonly: bool = False

    def say(self, text: Text) -> str:
        return text.zh if self.lang.startswith("zh") else text.en

    def texts(self, texts: Sequence[Text]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.say(text) for text in texts))


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
        return Field(widget="calculated", value=_shown(item, value, page), words=_words(item, page), **common)
    if item.repeats and not item.options:
        return _list(item, page, answers, common, siblings)
    return _question(item, page, answers.get(item.link_id), common, siblings)


def _common(item: Item, page: Page, path: str) -> dict[str, Any]:
    return {
        "path": path,
        "name": path,
        "label": page.say(item.text),
        "code": item.prefix,
        "required": item.required or page.state["required"].get(path, False),
        "may_be_required": item.required_by is not None,
        "shown": page.state["enabled"].get(path, True),
        "unit": item.unit.display if item.unit else "",
        "hint": _hint(item, page),
        "mark": item.limits.mark,
        "errors": page.texts(page.errors.get(path, ())),
        "warnings": page.texts(page.warnings.get(path, ())),
        "data": _data(item),
    }


def _question(item: Item, page: Page, value: Any, common: dict[str, Any], siblings: set[str]) -> Field:
    if value is None:
        value = item.initial
    last = page.last_values.get(item.link_id)
    absent = tuple(page.say(ABSENT[reason]) for reason in item.absent)
    return Field(
        widget=_widget(item, page),
        kind=item.type,
        pair="dbp" if item.link_id == "sbp" and "dbp" in siblings else "",
        born="birth_date" if item.check == "cn-id-card" and "birth_date" in siblings else "",
        value=_shown(item, value, page) if page.readonly else _typed(item, value),
        choices=_choices(item, page, value, common["path"]),
        last=_last(item, last, page),
        last_value=_typed(item, last["value"] if isinstance(last, Mapping) else last),
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


def _choices(item: Item, page: Page, value: Any, path: str) -> tuple[Choice, ...]:
    chosen = value if isinstance(value, list) else [value]
    pairs = [(option.code, page.say(option.text)) for option in item.options]
    if item.type == "boolean":
        chosen = ["true" if one in (True, "true") else "false" if one in (False, "false") else None for one in chosen]
        pairs = [("true", page.say(Text(zh="是", en="Yes"))), ("false", page.say(Text(zh="否", en="No")))]
    return tuple(
        Choice(code=code, label=label, is_chosen=code in chosen, id=f"{field_id(path)}-{number}")
        for number, (code, label) in enumerate(pairs)
    )


def _typed(item: Item, value: Any) -> str:
    """The value as a person would type it."""
    if value is None or isinstance(value, list | Mapping):
        return ""
    if item.type in NUMBERS and value in ABSENT:
        return ABSENT[value].zh
    if item.type == "dateTime" and isinstance(value, str):
        return value[:16].replace("T", " ")
    return str(value)


def _shown(item: Item, value: Any, page: Page) -> str:
    """The value as a person would read it."""
    if value in (None, "", []):
        return ""
    if isinstance(value, list):
        return "、".join(_shown(item, one, page) for one in value)
    if isinstance(value, bool) or value in ("true", "false"):
        return page.say(Text(zh="是", en="Yes") if value in (True, "true") else Text(zh="否", en="No"))
    option = item.option(value)
    if option:
        return page.say(option.text)
    if isinstance(value, str) and item.type in NUMBERS and value in ABSENT:
        return page.say(ABSENT[value])
    return _typed(item, value)


def _words(item: Item, page: Page) -> str:
    """What a calculated code is called, so that the page can show a new one without asking again."""
    choices = {choice.code: choice.label for choice in _choices(item, page, None, item.link_id)}
    return json.dumps(choices, ensure_ascii=False, separators=(",", ":")) if choices else ""


def _last(item: Item, last: Any, page: Page) -> str:
    value, at = (last.get("value"), last.get("at")) if isinstance(last, Mapping) else (last, None)
    shown = _shown(item, value, page)
    if not shown:
        return ""
    unit = f" {item.unit.display}" if item.unit and value not in ABSENT else ""
    when = f"（{str(at)[:10]}）" if at else ""
    return page.say(Text(zh=f"上次 {shown}{unit}{when}", en=f"last {shown}{unit}{when}"))


def _hint(item: Item, page: Page) -> str:
    parts = [page.say(item.hint)] if item.hint else []
    low, high = item.limits.low, item.limits.high
    if item.type == "quantity" and not item.calculated and (low is not None or high is not None):
        parts.append(page.say(between(low, high, item)).strip())
    if item.absent and not page.readonly:
        words = [page.say(ABSENT[reason]) for reason in item.absent]
        parts.append(page.say(Text(zh=f"可填{'、'.join(words)}", en=f"or: {', '.join(words)}")))
    return page.say(Text(zh="；", en="; ")).join(parts)


def _data(item: Item) -> dict[str, str]:
    """What the page's script may know of the item: when it is shown."""
    if not item.conditions:
        return {"by-server": "1"} if item.enabled_by else {}
    conditions = [[each.question, each.operator, each.answer] for each in item.conditions]
    data = {"when": json.dumps(conditions, separators=(",", ":"))}
    return {**data, "any": "1"} if item.any_condition else data
