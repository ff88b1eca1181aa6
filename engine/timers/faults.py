"""The one thing that goes wrong with a timer: its text means no moment."""

from __future__ import annotations

from engine.errors import Text


class TimerFault(Exception):
    """The text is no date, duration or cycle, or one that is out of bounds; `message` says which."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh=zh, en=en)
