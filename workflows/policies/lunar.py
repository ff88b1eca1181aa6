"""Dates of the lunar calendar (农历) as women tell them, converted before anything is calculated (journey G-2)."""

from __future__ import annotations

import re
from datetime import date

from borax.calendars.lunardate import InvalidLunarDateError, LunarDate

_DIGITS = {"〇": 0, "零": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_MONTHS = {"正": 1, "冬": 11, "腊": 12, "臘": 12}
_TOLD = re.compile(
    r"(?:农历|阴历)?(?:(?P<year>\d{4}|[〇零一二三四五六七八九]{4})年)?"
    r"(?P<leap>闰)?(?P<month>正|冬|腊|臘|十[一二]?|[一二三四五六七八九]|\d{1,2})月"
    r"(?P<day>初?十|初[一二三四五六七八九]|[十廿][一二三四五六七八九]|廿|二十[一二三四五六七八九]?|三十|\d{1,2})[日号]?"
)


_SIGNS = re.compile("[农阴闰正冬腊臘初廿〇一二三四五六七八九十]")


def is_told(text: str) -> bool:
    """Whether a date is meant in the lunar calendar: it bears a sign that a Gregorian one in digits never has.

    >>> is_told("闰六月初一"), is_told("2026年1月10日")
    (True, False)
    """
    return _SIGNS.search(text) is not None


def gregorian(told: str, on: date) -> date | None:
    """The day of a lunar date as it is told: "四月初三", "闰六月初一", "2025年腊月廿三". None where it cannot be read
    or there is no such day, as of a leap month that the year does not have.

    on: the day on which it is told. Without a year the last such day up to `on` is meant. A month is the leap month of
    its number only where 闰 is said.

    >>> gregorian("四月初三", on=date(2026, 6, 1))
    datetime.date(2026, 5, 19)
    """
    found = _TOLD.fullmatch(re.sub(r"\s", "", told))
    if found is None:
        return None
    year = _number(found["year"]) if found["year"] else None
    month, day, is_leap = _month(found["month"]), _day(found["day"]), found["leap"] is not None
    for each in (year,) if year else (on.year, on.year - 1):
        day_of_ours = _converted(each, month, day, is_leap)
        if day_of_ours is not None and (year or day_of_ours <= on):
            return day_of_ours
    return None


def _converted(year: int, month: int, day: int, is_leap: bool) -> date | None:
    try:
        return LunarDate(year, month, day, int(is_leap)).to_solar_date()
    except InvalidLunarDateError:
        return None


def _month(text: str) -> int:
    return _MONTHS[text] if text in _MONTHS else _day(text)


def _day(text: str) -> int:
    """初三 3, 十 10, 十五 15, 廿一 and 二十一 21, 三十 30."""
    if text.isdigit():
        return int(text)
    tens = text.removeprefix("初").replace("廿", "二十")
    before, ten, after = tens.partition("十")
    if not ten:
        return _DIGITS[tens]
    return (_DIGITS[before] if before else 1) * 10 + (_DIGITS[after] if after else 0)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else int("".join(str(_DIGITS[one]) for one in text))
