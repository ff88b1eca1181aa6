"""What values, choices, limits and last times are called on the page, in its language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import Text
from web.forms.names import field_id
from workflows.forms.items import ABSENT, NUMBERS, Item
from workflows.forms.limits import UNITS_EN, between


@dataclass(frozen=True, kw_only=True)
class Choice:
    code: str
    label: str
    is_chosen: bool
    id: str


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


def choices_of(item: Item, page: Page, value: Any, path: str) -> tuple[Choice, ...]:
    chosen = value if isinstance(value, list) else [value]
    pairs = [(option.code, page.say(option.text)) for option in item.options]
    if item.type == "boolean":
        chosen = ["true" if one in (True, "true") else "false" if one in (False, "false") else None for one in chosen]
        pairs = [("true", page.say(Text(zh="是", en="Yes"))), ("false", page.say(Text(zh="否", en="No")))]
    return tuple(
        Choice(code=code, label=label, is_chosen=code in chosen, id=f"{field_id(path)}-{number}")
        for number, (code, label) in enumerate(pairs)
    )


def typed(item: Item, value: Any) -> str:
    """The value as a person would type it."""
    if value is None or isinstance(value, list | Mapping):
        return ""
    if item.type in NUMBERS and value in ABSENT:
        return ABSENT[value].zh
    if item.type == "dateTime" and isinstance(value, str):
        return value[:16].replace("T", " ")
    return str(value)


def shown(item: Item, value: Any, page: Page) -> str:
    """The value as a person would read it."""
    if value in (None, "", []):
        return ""
    if isinstance(value, list):
        return page.say(Text(zh="、", en=", ")).join(shown(item, one, page) for one in value)
    if isinstance(value, bool) or value in ("true", "false"):
        return page.say(Text(zh="是", en="Yes") if value in (True, "true") else Text(zh="否", en="No"))
    option = item.option(value)
    if option:
        return page.say(option.text)
    if isinstance(value, str) and item.type in NUMBERS and value in ABSENT:
        return page.say(ABSENT[value])
    return typed(item, value)


def words_of(item: Item, page: Page) -> str:
    """What a calculated code is called, so that the page can show a new one without asking again."""
    choices = {choice.code: choice.label for choice in choices_of(item, page, None, item.link_id)}
    return json.dumps(choices, ensure_ascii=False, separators=(",", ":")) if choices else ""


def last_of(item: Item, last: Any, page: Page) -> str:
    value, at = (last.get("value"), last.get("at")) if isinstance(last, Mapping) else (last, None)
    said = shown(item, value, page)
    if not said:
        return ""
    unit = f" {unit_of(item, page)}".rstrip() if not isinstance(value, str) else ""
    day = str(at)[:10] if at else ""
    when = Text(zh=f"（{day}）", en=f" ({day})") if day else Text(zh="", en="")
    return page.say(Text(zh=f"上次 {said}{unit}{when.zh}", en=f"last {said}{unit}{when.en}"))


def unit_of(item: Item, page: Page) -> str:
    if item.unit is None:
        return ""
    return page.say(Text(zh=item.unit.display, en=UNITS_EN.get(item.unit.code, item.unit.display)))


def hint_of(item: Item, page: Page) -> str:
    parts = [page.say(item.hint)] if item.hint else []
    low, high = item.limits.low, item.limits.high
    if item.type == "quantity" and not item.calculated and (low is not None or high is not None):
        parts.append(page.say(between(low, high, item)).strip())
    return page.say(Text(zh="；", en="; ")).join(parts)
