"""Hard limits refuse, soft limits ask again, and nothing is dated in the future unless its item says so: a day not
after today, a moment not after now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.clock import CHINA
from engine.errors import Text
from workflows.forms.items import DATES, Item

CLOCKS_APART = timedelta(minutes=5)  # a clock at a desk may be this much ahead of ours before it is wrong
UNITS_EN = {  # by UCUM code: the units that have a Chinese name
    "/min": "/min",
    "Cel": "°C",
    "U": "U",
    "a": "years",
    "d": "days",
    "min": "min",
    "wk": "weeks",
    "{fetus}": "",
    "{score}": "points",
    "{times}": "×",
}


def beyond(item: Item, answer: Any, on: date) -> Iterator[Text]:
    """Why `answer` cannot be."""
    if item.type in DATES:
        yield from _dated_wrongly(item, answer, on)
        return
    number = as_number(answer)
    if number is None:
        return
    low, high = item.limits.low, item.limits.high
    if (low is not None and number < low) or (high is not None and number > high):
        span = between(low, high, item)
        yield Text(zh=f"应{span.zh}", en=f"must be {span.en}")
    if item.decimal_places is not None and number != round(number, item.decimal_places):
        yield Text(zh=f"最多 {item.decimal_places} 位小数", en=f"at most {item.decimal_places} decimal places")


def doubtful(item: Item, answer: Any) -> Iterator[Text]:
    """Why somebody should look at `answer` twice."""
    number = as_number(answer)
    low, high = item.limits.confirm_low, item.limits.confirm_high
    if number is not None and ((low is not None and number < low) or (high is not None and number > high)):
        span = between(low, high, item)
        yield Text(zh=f"{item.text.zh}通常{span.zh}，请确认", en=f"{item.text.en} is usually {span.en}: please confirm")


def as_number(answer: Any) -> Decimal | None:
    is_number = isinstance(answer, int | Decimal) and not isinstance(answer, bool)
    return Decimal(answer) if is_number else None


def between(low: Decimal | None, high: Decimal | None, item: Item) -> Text:
    zh = f" {item.unit.display}" if item.unit else ""
    en = f" {UNITS_EN.get(item.unit.code, item.unit.display)}".rstrip() if item.unit else ""
    if low is not None and high is not None:
        return Text(zh=f"在 {low}–{high}{zh} 之间", en=f"between {low} and {high}{en}")
    if low is not None:
        return Text(zh=f"不小于 {low}{zh}", en=f"at least {low}{en}")
    return Text(zh=f"不大于 {high}{zh}", en=f"at most {high}{en}")


def _dated_wrongly(item: Item, answer: str, on: date) -> Iterator[Text]:
    day = date.fromisoformat(answer[:10])
    if day.year < 1900 or day.year > on.year + 5:
        yield Text(zh="年份不合理", en="the year is implausible")
    elif item.date_range == "past" and day > on and item.type == "date":
        yield Text(zh="不能晚于今天", en="must not lie in the future")
    elif item.date_range == "future" and day < on:
        yield Text(zh="不能早于今天", en="must not lie in the past")


def latest(on: date | datetime) -> datetime:
    """The last moment that does not lie ahead. `on`: the moment at which the form is filled in, or its day, which
    means that day's end."""
    if isinstance(on, datetime):
        return on + CLOCKS_APART
    return datetime.combine(on, time.max, CHINA)


def is_moment_past(item: Item) -> bool:
    """Does its answer say when something happened?"""
    return item.type == "dateTime" and item.date_range == "past"


def ahead(answer: str, latest: datetime) -> Text | None:
    """What is wrong with a moment at which something is said to have happened."""
    if datetime.fromisoformat(answer) <= latest:
        return None
    return Text(zh="不能晚于现在", en="must not lie in the future: it is later than now")
