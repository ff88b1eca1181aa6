"""Moments of working days: when people come to a thing, and what they write about the time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from engine.clock import CHINA
from runtime.simulation.rates import LATE_BY_UP_TO

BY_DAY = timedelta(hours=12)  # what has less time than this is done at night too
SHORTEST = timedelta(minutes=2)
A_MOMENT = timedelta(minutes=1)
SHORTEST_DATE_TIME = 16  # letters: `2026-01-05T08:00`


def moment_in(opens: datetime, limit: datetime, now: datetime, chance: Random, *, is_late: bool) -> datetime:
    """Some time between both, by day where there is a day's time; late: after the limit."""
    span = max(limit - opens, SHORTEST)
    share = chance.uniform(1.05, LATE_BY_UP_TO) if is_late else chance.random() * 0.9
    wish = max(opens, now) + SHORTEST if span * share < SHORTEST else opens + span * share
    if span <= BY_DAY:
        return max(wish, now)
    local = wish.astimezone(CHINA)
    moment = local if 8 <= local.hour < 17 else by_day(local.date(), chance)
    if not is_late and moment > limit:
        moment = limit - timedelta(minutes=chance.randint(1, 60))
    return max(moment, now)


def by_day(day: date, chance: Random) -> datetime:
    """Some time between half past eight and five in China."""
    return datetime.combine(day, time(8, 30), CHINA) + timedelta(minutes=chance.randint(0, 510))


def at_hour(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), CHINA)


def on_day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def ending_at(answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answers with their moments moved together, so that the last one is a minute ago."""
    moments = list(_moments(answers))
    if not moments:
        return dict(answers)
    by = now.astimezone(CHINA).replace(second=0, microsecond=0) - A_MOMENT - max(moments)
    return {name: _moved(value, by) for name, value in answers.items()}


def not_ahead(answers: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The answers, moved back together where one of their moments has not come yet."""
    return ending_at(answers, now) if any(moment > now for moment in _moments(answers)) else dict(answers)


def _moments(value: Any) -> list[datetime]:
    if isinstance(value, str) and (moment := _moment(value)) is not None:
        return [moment]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [moment for each in inner for moment in _moments(each)]


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, str) and (moment := _moment(value)) is not None:
        return (moment + by).isoformat(timespec="seconds")
    if isinstance(value, Mapping):
        return {name: _moved(inner, by) for name, inner in value.items()}
    return [_moved(inner, by) for inner in value] if isinstance(value, list) else value


def _moment(text: str) -> datetime | None:
    if len(text) < SHORTEST_DATE_TIME or text[10:11] != "T":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
