"""A form that was filled in while there was no power or no network, and is handed in later: it counts from when it was
filled in (AC-33, journey 4.2: a clock starts at the event, never at the upload)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.errors import Fault, Incorrect, Text
from workflows.forms.limits import CLOCKS_APART

FIELD = "entered_at"


def since(services: Any, at: datetime | None, opened_at: datetime | None = None) -> datetime | None:
    """The moment as the engine takes it; None for what is handed in at once. Raises Incorrect for a moment that lies
    ahead, or before the task was there."""
    if at is None:
        return None
    now = services.clock()
    if at > now + CLOCKS_APART:
        raise _wrong("填写时间在将来", "it was filled in before it was handed in, not after")
    if opened_at is not None and at < opened_at - CLOCKS_APART:
        raise _wrong("填写时间早于任务开始", "the task was not there yet at that time")
    return None if at >= now else max(at, opened_at) if opened_at is not None else at


def moment(services: Any, at: datetime | None) -> datetime:
    """When the form was filled in, in China: a while ago, or now. Nothing in it can have happened later."""
    return (at or services.clock()).astimezone(CHINA)  # type: ignore[no-any-return]


def _wrong(zh: str, en: str) -> Incorrect:
    text = Text(zh=zh, en=en)
    return Incorrect(zh, en, code="entered-at", faults=[Fault(path=FIELD, message=text)])
