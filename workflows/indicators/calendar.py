"""The report calendar of a region: what is due in a period, from the values of its pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import Text
from workflows.indicators.periods import Period
from workflows.regions import Pack

ENDS = {"last_day_of_quarter": 3}  # months
YEAR = 12  # months
PLACES = {
    "pmc_county": "县孕管中心办公室",
    "mch_county": "县妇幼保健机构",
    "hc_county_mch_section": "县卫健委妇幼股",
    "hc_city": "市卫生健康委",
}
FILE = Path(__file__).parent / "calendar.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """`key`: the value of the pack that says so, with `mark` and `source`. `day_is_ours`: the source gives an interval
    only; the day is a local setting. `about`: the month that is reported, where it is another."""

    on: date
    name: Text
    sender: str
    recipient: str
    key: str
    mark: str
    source: str
    day_is_ours: bool = False
    about: date | None = None


def due_dates(pack: Pack, period: Period) -> list[Due]:
    """Everything that falls due in the period, in order."""
    return sorted(_due(pack, period), key=lambda due: (due.on, due.key))


def _due(pack: Pack, period: Period) -> Iterator[Due]:
    for row in _rows():
        value = _value(pack, row["key"])
        if value is None or ("needs" in row and not _value(pack, row["needs"])):
            continue
        source = pack.source(row["key"])
        for on in DAYS[row["every"]](value, pack, period):
            if period.first <= on <= period.last:
                yield Due(
                    on=on,
                    name=_name(pack, row),
                    sender=_who(pack, row.get("from_key"), row["from"]),
                    recipient=_who(pack, row.get("to_key"), row["to"]),
                    key=row["key"],
                    mark=source.mark,
                    source=source.text,
                    day_is_ours=row["every"] in ("months", "per_year", "flag", "works", "at_least"),
                    about=_reported_month(pack, on) if row["every"] == "day_of_month" else None,
                )


def dates_of(pack: Pack, key: str, period: Period) -> list[date]:
    """When what this value asks for falls due; nothing where the region does not ask for it."""
    row, value = row_of(key), _value(pack, key)
    if value is None or ("needs" in row and not _value(pack, row["needs"])):
        return []
    return [on for on in DAYS[row["every"]](value, pack, period) if period.first <= on <= period.last]


def name_of(pack: Pack, key: str) -> Text:
    return _name(pack, row_of(key))


def row_of(key: str) -> dict[str, Any]:
    """The line of the calendar about this value. Raises KeyError."""
    return next(row for row in _rows() if row["key"] == key)


def _name(pack: Pack, row: Mapping[str, str]) -> Text:
    """With what the pack says it is about, where it does."""
    about = _value(pack, row["about_key"]) if "about_key" in row else None
    more = "" if about is None else f"（{'、'.join(about) if isinstance(about, list) else about}）"
    return Text(zh=f"{row['zh']}{more}", en=f"{row['en']}{more}")


def _who(pack: Pack, key: str | None, otherwise: str) -> str:
    """Who the pack names, by its own words or by one of our codes."""
    named = _value(pack, key) if key else None
    return PLACES.get(str(named), str(named)) if named else otherwise


def _day_of_month(value: int, pack: Pack, period: Period) -> Iterator[date]:
    """ "每月5号前": whether the day itself is in time is a parameter."""
    day = value if _value(pack, "sweep.due_inclusive") is not False else value - 1
    yield from (date(first.year, first.month, day) for first in _months(period))


def _reported_month(pack: Pack, on: date) -> date:
    offset = int(_value(pack, "sweep.month_offset") or 0)
    months = on.year * 12 + on.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def _every_months(value: int, pack: Pack, period: Period) -> Iterator[date]:
    """The last day of each interval, the first of which begins in January."""
    yield from (_last_day(first) for first in _months(period) if first.month % value == 0)


def _per_year(value: int, pack: Pack, period: Period) -> Iterator[date]:
    yield from _every_months(max(1, 12 // value), pack, period)


def _works(value: Any, pack: Pack, period: Period) -> Iterator[date]:
    """So many works a year are noted each quarter."""
    yield from _every_months(3, pack, period)


def _at_least(value: Mapping[str, Any], pack: Pack, period: Period) -> Iterator[date]:
    """At least so often in a year: the year's end."""
    yield from _per_year(int(value["value"]), pack, period)


def _monthly(value: Any, pack: Pack, period: Period) -> Iterator[date]:
    if value:
        yield from _every_months(1, pack, period)


def _quarter_end(value: Any, pack: Pack, period: Period) -> Iterator[date]:
    """Raises KeyError for another word than the one that there is."""
    yield from _every_months(ENDS[value["due"]], pack, period)


def _yearly(value: str, pack: Pack, period: Period) -> Iterator[date]:
    yield from _dates({"due": [value]}, pack, period)


def _dates(value: Mapping[str, Any], pack: Pack, period: Period) -> Iterator[date]:
    for year in range(period.first.year, period.last.year + 1):
        for text in value["due"]:
            yield date.fromisoformat(f"{year:04}-{text}")


def _once(value: date, pack: Pack, period: Period) -> Iterator[date]:
    yield value


DAYS: Mapping[str, Callable[[Any, Pack, Period], Iterator[date]]] = {
    "day_of_month": _day_of_month,
    "months": _every_months,
    "per_year": _per_year,
    "flag": _monthly,
    "works": _works,
    "at_least": _at_least,
    "quarter_end": _quarter_end,
    "yearly": _yearly,
    "dates": _dates,
    "once": _once,
}


def _months(period: Period) -> Iterator[date]:
    first = period.first.replace(day=1)
    while first <= period.last:
        yield first
        first = _last_day(first) + timedelta(days=1)


def _last_day(first: date) -> date:
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _value(pack: Pack, key: str) -> Any:
    try:
        return pack.value(key)
    except (KeyError, TypeError):
        return None


@cache
def _rows() -> list[dict[str, Any]]:
    return list(yaml.safe_load(FILE.read_text(encoding="utf-8")))
