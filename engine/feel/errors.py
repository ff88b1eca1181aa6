"""What can be wrong with an expression: it cannot be read, it costs too much, or a part of it has no value (null)."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import Incorrect, Text

MAX_NOTES = 50


class FeelError(Incorrect):
    """An evaluation that must stop: code "budget" when it costs too much."""

    code = "feel"


class FeelSyntaxError(FeelError):
    """The text is not FEEL. `position` counts characters from 0; `expected` says what could have stood there."""

    code = "feel-syntax"

    def __init__(self, zh: str, en: str, *, position: int, expected: Text | None = None) -> None:
        super().__init__(zh, en)
        self.position = position
        self.expected = expected


class Exhausted(FeelError):
    """Steps, memory, depth or list length are used up."""

    code = "budget"

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en, code="budget")


class Fail(Exception):
    """Inside only: a function has no value for these arguments. The call becomes null and the reason a diagnostic."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.message = Text(zh=zh, en=en)


@dataclass(frozen=True)
class Note:
    """Why a part of an expression is null. `position` counts characters from 0."""

    position: int
    message: Text


@dataclass
class Diagnostics:
    """Collects the reasons for nulls during one evaluation, the first 50 of them."""

    notes: list[Note] = field(default_factory=list)

    def add(self, position: int, message: Text) -> None:
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Note(position, message))

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.notes)

    def __len__(self) -> int:
        return len(self.notes)
