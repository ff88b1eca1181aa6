"""From what people type to plain values. Full-width digits, several date forms, 未查 and 不详 as answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import CHINA
from engine.errors import Text
from workflows.forms.items import ASKED_UNKNOWN, NOT_PERFORMED, Item
from workflows.policies import lunar

_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20, ord("。"): ord("."), ord("—"): ord("-")}
_SAID_ABSENT = {
    "未查": NOT_PERFORMED,
    "未做": NOT_PERFORMED,
    "未测": NOT_PERFORMED,
    NOT_PERFORMED: NOT_PERFORMED,
    "不详": ASKED_UNKNOWN,
    "不知道": ASKED_UNKNOWN,
    ASKED_UNKNOWN: ASKED_UNKNOWN,
    "not done": NOT_PERFORMED,
    "unknown": ASKED_UNKNOWN,
}
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,9})?")
_PARTED = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_STAMP = re.compile(r"(.+?)(?:[T ]+|(?<=\d{8}))(\d{1,2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?")
_TIME = re.compile(r"(\d{1,2}):?(\d{2})(?::?(\d{2}))?")
_GAPS = re.compile(r"[\s\u200b\ufeff]+")
MAX_TEXT = 4000
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML has no way to say them


class Unreadable(ValueError):
    """The value is of the wrong kind; `text` says what is wanted."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh=zh, en=en)


def narrow(text: str) -> str:
    """Full-width letters, digits and points as the ASCII ones that were meant."""
    return text.translate(_WIDE).strip()


def read(item: Item, value: Any, on: date) -> Any:
    """`value` as the item's plain value. Raises Unreadable."""
    if item.absent and isinstance(value, str):
        said = _SAID_ABSENT.get(value.strip().lower())
        if said in item.absent:
            return said
    return _READERS[item.type](item, value, on)


def read_date(text: str, on: date) -> date:
    """20260110, 2026-1-10, 2026年1月10日, 260110, 0110 (this year), -7 (days before `on`), +7. Raises Unreadable."""
    text = narrow(text)
    try:
        if re.fullmatch(r"[+-]\d{1,3}", text):
            return on + timedelta(days=int(text))
        if parted := _PARTED.fullmatch(text):
            return date(*map(int, parted.groups()))
        if re.fullmatch(r"\d{8}", text):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        if re.fullmatch(r"\d{6}", text):
            year = 2000 + int(text[:2])
            return date(year if year <= on.year + 1 else year - 100, int(text[2:4]), int(text[4:]))
        if re.fullmatch(r"\d{4}", text):
            return date(on.year, int(text[:2]), int(text[2:]))
    except (ValueError, OverflowError):
        raise Unreadable("没有这一天", "there is no such day") from None
    raise Unreadable("请按 20260110 或 2026-1-10 填写日期", "write the date as 20260110 or 2026-1-10")


def _date(item: Item, value: Any, on: date) -> str:
    if not isinstance(value, str):
        raise Unreadable("应为日期文本", "must be a date in text")
    if item.lunar is not None and lunar.is_told(value):
        raise Unreadable(
            "没有这个农历日期，或无法识别；请按“四月初三”“闰六月初一”填写，或写公历",
            "there is no such day in the lunar calendar, or it cannot be read; write the Gregorian day",
        )
    return read_date(value, on).isoformat()


def _date_time(item: Item, value: Any, on: date) -> str:
    """Without a zone it is China Standard Time."""
    if not isinstance(value, str):
        raise Unreadable("应为日期时间文本", "must be a date and time in text")
    stamp = _STAMP.fullmatch(narrow(value))
    if not stamp:
        raise Unreadable("请按 2026-01-10 08:30 填写日期和时间", "write date and time as 2026-01-10 08:30")
    day = read_date(stamp[1], on)
    try:
        hour, minute, second = int(stamp[2]), int(stamp[3]), int(stamp[4] or 0)
        at = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=_zone(stamp[5]))
        return at.astimezone(CHINA).isoformat()
    except (ValueError, OverflowError):
        raise Unreadable("没有这一时刻", "there is no such time") from None


def _zone(offset: str | None) -> Any:
    if offset is None:
        return CHINA
    if offset == "Z":
        return ZoneInfo("UTC")
    return datetime.strptime(offset, "%z").tzinfo


def _time(item: Item, value: Any, on: date) -> str:
    found = _TIME.fullmatch(narrow(value)) if isinstance(value, str) else None
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise Unreadable("请按 08:30 填写时间", "write the time as 08:30")
    return f"{int(found[1]):02}:{found[2]}:{found[3] or '00'}"


def _decimal(item: Item, value: Any, on: date) -> Any:
    if isinstance(value, str):
        value = narrow(value)
        if not _NUMBER.fullmatch(value):
            raise Unreadable("应为数字", "must be a number")
    elif isinstance(value, bool) or not isinstance(value, int | Decimal | float):
        raise Unreadable("应为数字", "must be a number")
    number = Decimal(value) if isinstance(value, int) else Decimal(str(value))
    if not number.is_finite() or abs(number) >= 10**12:
        raise Unreadable("数字超出范围", "the number is out of range")
    return number


def _integer(item: Item, value: Any, on: date) -> int:
    number = _decimal(item, value, on)
    if number != number.to_integral_value():
        raise Unreadable("应为整数", "must be a whole number")
    return int(number)


def _boolean(item: Item, value: Any, on: date) -> bool:
    said = {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise Unreadable("应为是或否", "must be true or false")
    return said


def _string(item: Item, value: Any, on: date) -> str:
    if not isinstance(value, str):
        raise Unreadable("应为文本", "must be text")
    text = value.strip()
    if item.regex or item.check:
        text = narrow(text)
    if item.check == "cn-id-card":
        text = _GAPS.sub("", text).upper()  # as it is written on paper and pasted: 999999 19970615 0027
    if len(text) > (item.max_length or MAX_TEXT):
        limit = item.max_length or MAX_TEXT
        raise Unreadable(f"最多 {limit} 个字", f"at most {limit} characters")
    if UNWRITABLE.search(text):
        raise Unreadable("含有不能保存的字符", "holds a character that cannot be stored")
    if item.regex and not re.fullmatch(item.regex, text):
        hint = item.hint or Text(zh="格式不符", en="has the wrong form")
        raise Unreadable(hint.zh, hint.en)
    return text


def _choice(item: Item, value: Any, on: date) -> str:
    if isinstance(value, str) and item.option(value):
        return value
    if item.type == "open-choice" and isinstance(value, str):
        return _string(item, value, on)
    allowed = "、".join(f"{option.code}" for option in item.options[:12])
    raise Unreadable(f"不在选项之内：{allowed}", f"is not one of: {allowed}")


_READERS: dict[str, Callable[[Item, Any, date], Any]] = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "quantity": _decimal,
    "string": _string,
    "text": _string,
    "date": _date,
    "dateTime": _date_time,
    "time": _time,
    "choice": _choice,
    "open-choice": _choice,
}
