"""How dates, spans and names are written, the same on every page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from engine.clock import CHINA
from web.language import current, gettext
from web.windows import Window

HOURS_MATTER = timedelta(days=1)  # a window no longer than this says when in the day it ends


def day(value: date | datetime | str | None) -> str:
    """2026-01-10; nothing for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value[:10]
    if isinstance(value, datetime):
        value = value.astimezone(CHINA).date()
    return value.isoformat()


def short_day(value: datetime | None) -> str:
    """01-10, as the list shows it."""
    return day(value)[5:]


def moment(value: datetime | None) -> str:
    """2026-01-10 14:02, in China."""
    return "" if value is None else value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def instant(value: str | None) -> str:
    """A moment that came as text."""
    return moment(datetime.fromisoformat(value)) if value else ""


def window_words(window: Window) -> str:
    """The state of a task's window in a few words."""
    if window.state == "overdue":
        return _spell(
            window,
            gettext("逾期 %(n)s 天", n=window.days),
            gettext("逾期 %(n)s 小时", n=window.hours),
            gettext("逾期 %(n)s 分钟", n=window.minutes),
        )
    if window.state == "not-yet":
        return _spell(
            window,
            gettext("%(n)s 天后开始", n=window.days),
            gettext("%(n)s 小时后开始", n=window.hours),
            gettext("%(n)s 分钟后开始", n=window.minutes),
        )
    if window.state == "soon":
        return _spell(
            window,
            gettext("还剩 %(n)s 天", n=window.days),
            gettext("还剩 %(n)s 小时", n=window.hours),
            gettext("还剩 %(n)s 分钟", n=window.minutes),
        )
    over = {"completed": gettext("已完成"), "cancelled": gettext("已取消")}
    return over.get(window.state) or gettext("可办")


def _spell(window: Window, days: str, hours: str, minutes: str) -> str:
    return days if window.days else hours if window.hours else minutes


def window_span(window: Window) -> str:
    """11-15 … 11-18, or the one end that exists. What is to be done within hours has its time of day."""
    opens, ends = short_day(window.opens), short_day(window.ends)
    if opens and ends and (at := _to_the_hour(window)):
        return gettext("%(day)s 前", day=f"{ends} {at}")
    if opens and ends:
        return f"{opens} … {ends}" if opens != ends else ends
    if ends:
        return gettext("%(day)s 前", day=ends)
    return gettext("%(day)s 起", day=opens) if opens else ""


def _to_the_hour(window: Window) -> str:
    """The end of a window of hours, as 13:40; nothing where it ends with a day."""
    if window.opens is None or window.ends is None or window.ends - window.opens > HOURS_MATTER:
        return ""
    at = window.ends.astimezone(CHINA).strftime("%H:%M")
    return "" if at == "23:59" else at


def translated(item: Any) -> str:
    """A thing that carries `zh` and `en` of its own."""
    return str(item.en if current() == "en" else item.zh)


def span(seconds: float | None) -> str:
    """A length of time in its largest unit, short: 3.2 天, 45 分钟."""
    if seconds is None:
        return ""
    if seconds >= 86_400:
        return gettext("%(n)s 天", n=_short(seconds / 86_400))
    if seconds >= 3600:
        return gettext("%(n)s 小时", n=_short(seconds / 3600))
    if seconds >= 60:
        return gettext("%(n)s 分钟", n=_short(seconds / 60))
    return gettext("%(n)s 秒", n=round(seconds))


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


FILTERS = {
    "day": day,
    "short_day": short_day,
    "moment": moment,
    "instant": instant,
    "span": span,
    "window_words": window_words,
    "window_span": window_span,
    "translated": translated,
}
