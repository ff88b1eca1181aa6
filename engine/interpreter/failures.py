"""What goes wrong inside a step becomes an incident at the element; only asking for the impossible is an exception."""

from __future__ import annotations

from engine.errors import Conflict, Text


class Unexpected(Conflict):
    """Nobody waits for this event: the wait is gone, or is of another kind."""

    code = "unexpected"


class Failed(Exception):
    """An element cannot go on; caught in the step and turned into an incident wait."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.message = Text(zh=zh, en=en)
