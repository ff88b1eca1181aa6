"""What every correction asks for: why, and an error that stands at its field."""

from __future__ import annotations

from engine.errors import Fault, Incorrect, Text

LONGEST_REASON = 500


def reason_of(text: str) -> str:
    """Raises Incorrect without one."""
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise wrong("reason", "请写明原因（500 字以内）", "say why, in at most 500 characters")
    return reason


def wrong(path: str, zh: str, en: str) -> Incorrect:
    return Incorrect(zh, en, code="correction", faults=[Fault(path=path, message=Text(zh=zh, en=en))])
