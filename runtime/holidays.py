"""The holidays of a year that came out after this release: a file for each, kept by the installation.

year: 2026
notice: 国办发明电〔2025〕7号
published_on: 2025-11-04
holidays: [{name: 元旦, from: 2026-01-01, to: 2026-01-03}]
worked: [2026-01-04]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Text
from engine.timers import YearOfHolidays, learn

FIELDS = frozenset({"year", "notice", "published_on", "holidays", "worked"})
STATUTORY = (
    (1, 1),
    (5, 1),
    (5, 2),
    (10, 1),
    (10, 2),
    (10, 3),
)  # 全国年节及纪念日放假办法 (2024): those with a fixed date
NAMES = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
FEWEST_WORKED, NET_DAYS = 5, range(10, 14)  # of the notices of 2010–2026: 5–12 make-up days; days off less these 10–13
LONGEST_HOLIDAY = 10
EARLIEST = (12, 25)  # a long New Year may begin in the year before


@dataclass(frozen=True, slots=True)
class Finding:
    """`is_doubt`: it can be so, but has not been in any year known; a person must say that the notice says it."""

    message: Text
    is_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds, None where it cannot be used, and what was found about it."""

    year: YearOfHolidays | None
    findings: tuple[Finding, ...]


class WrongHolidays(ValueError):
    """A file of the folder cannot be used: deadlines would be counted wrong without a word."""


def use(folder: Path) -> None:
    """Count with the files of the folder from now on. Raises WrongHolidays."""
    years = []
    for path in files(folder):
        found = read(path.read_text("utf-8"))
        wrong = [one.message for one in found.findings if not one.is_doubt]
        if found.year is None or wrong or path.stem != str(found.year.year):
            why = wrong[0].en if wrong else "the name of the file is not its year"
            raise WrongHolidays(f"{path}: {why}; yuntu holidays check {path}")
        years.append(found.year)
    learn(years)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml")) if folder.is_dir() else []


def read(text: str) -> Read:
    """Everything that is wrong with it or has never been so in a notice."""
    try:
        stated = yaml.safe_load(text)
    except yaml.YAMLError:
        return _unreadable("不是 YAML", "it is no YAML")
    if not isinstance(stated, dict) or set(stated) != FIELDS:
        return _unreadable(
            f"应有且只有 {'、'.join(sorted(FIELDS))}", f"it has {', '.join(sorted(FIELDS))} and nothing else"
        )
    year = stated["year"]
    if type(year) is not int or not 2000 <= year <= 2100:
        return _unreadable("year 应为年份", "year is a year")
    if (
        not isinstance(stated["notice"], str)
        or not stated["notice"].strip()
        or type(stated["published_on"]) is not date
    ):
        return _unreadable(
            "notice、published_on 应写明通知文号与日期", "notice and published_on name the notice and its day"
        )
    try:
        spans = [(str(one["name"]), one["from"], one["to"]) for one in stated["holidays"]]
        worked = list(stated["worked"])
    except (TypeError, KeyError):
        return _unreadable(
            "holidays 应为 name、from、to 的列表，worked 应为日期的列表",
            "holidays lists name, from, to; worked lists dates",
        )
    if not all(type(day) is date for _, *days in spans for day in days) or not all(type(day) is date for day in worked):
        return _unreadable("日期应写作 2027-01-01", "dates are written 2027-01-01")
    if any(not 0 <= (last - first).days < LONGEST_HOLIDAY for _, first, last in spans):
        return _unreadable("假期应有先后，且不超过十天", "a holiday ends after it begins, within ten days")
    off = [first + timedelta(days=n) for _, first, last in spans for n in range((last - first).days + 1)]
    found = YearOfHolidays(year=year, off=frozenset(off), worked=frozenset(worked))
    return Read(found, tuple(_findings(found, [name for name, *_ in spans], off, worked)))


def _unreadable(zh: str, en: str) -> Read:
    return Read(None, (Finding(Text(zh=zh, en=en)),))


def _findings(found: YearOfHolidays, names: list[str], off: list[date], worked: list[date]) -> Iterator[Finding]:
    def wrong(zh: str, en: str) -> Finding:
        return Finding(Text(zh=zh, en=en))

    def doubt(zh: str, en: str) -> Finding:
        return Finding(Text(zh=zh, en=en), is_doubt=True)

    for day in sorted(found.off | found.worked):
        if day.year != found.year and not (day.year == found.year - 1 and (day.month, day.day) >= EARLIEST):
            yield wrong(f"{day} 不在这一年", f"{day} is not in this year")
    for day in sorted(found.worked):
        if day.weekday() < 5:
            yield wrong(f"{day} 不是周末，不能是补班日", f"{day} is no day of a weekend: nothing is made up on it")
    for day in sorted(found.off & found.worked):
        yield wrong(f"{day} 既放假又补班", f"{day} is both off and worked")
    if len(off) != len(found.off) or len(worked) != len(found.worked):
        yield wrong("同一天写了两次", "a day stands there twice")
    for month, day_of_month in STATUTORY:
        if date(found.year, month, day_of_month) not in found.off:
            yield wrong(
                f"{month}月{day_of_month}日是法定节假日",
                f"{date(found.year, month, day_of_month)} is a statutory holiday",
            )
    for name in NAMES:
        if not any(name in one for one in names):
            yield doubt(f"没有{name}", f"{name} is missing")
    if len(found.worked) < FEWEST_WORKED:
        yield doubt(
            f"补班日只有 {len(found.worked)} 天：2010–2026 年每年至少 {FEWEST_WORKED} 天",
            f"{len(found.worked)} make-up days: the notices of 2010–2026 had at least {FEWEST_WORKED}",
        )
    net = sum(day.weekday() < 5 for day in found.off) - len(found.worked)
    if net not in NET_DAYS:
        yield doubt(
            f"工作日净减 {net} 天：2010–2026 年为 10–13 天",
            f"{net} working days fewer than Monday to Friday: in 2010–2026 it were 10–13",
        )


def as_dates(found: YearOfHolidays) -> dict[str, Any]:
    return {"off": sorted(map(str, found.off)), "worked": sorted(map(str, found.worked))}
