"""Time comes in from outside: no room of the engine reads a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]  # answers an aware instant in UTC

CHINA = ZoneInfo("Asia/Shanghai")  # civil dates of the pathway; summer time 1986-1991 is in its table


def system_clock() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)
