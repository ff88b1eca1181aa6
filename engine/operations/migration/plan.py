"""What an operator asks of a migration, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.errors import Text
from engine.interpreter.contracts import Step
from engine.problems import Problem

Mapped = Mapping[str, str | None]
Since = Callable[[str], datetime | None]  # element id in the old version -> when it was entered last; "": the start


class TimerRule(StrEnum):
    """What becomes of the due time of a timer, or of the window of a user task."""

    KEEP = "keep"  # 1 of 12 weeks left stays 1 week
    RESTART = "restart"  # the new text, from now
    RECOMPUTE = "recompute"  # the new text, from when it began: what has passed counts


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`mappings`: process id -> element id -> its id in the new version; what is not named keeps its id, None gives it
    up (a listener, or a completed activity that could be compensated). `timers`: id in the new version, or `*` for all
    others, -> rule; without one, `keep`. `root`: the process of the instance itself."""

    root: str
    mappings: Mapping[str, Mapped] = field(default_factory=dict)
    timers: Mapping[str, TimerRule] = field(default_factory=dict)

    def rule(self, element_id: str) -> TimerRule:
        return self.timers.get(element_id) or self.timers.get("*") or TimerRule.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an operator should know of a change that is made."""

    element_id: str
    code: str
    message: Text


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`step` is to be used only where there are no `problems`."""

    step: Step
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()


def refusal(element_id: str, element_type: str | None, code: str, zh: str, en: str, **more: Any) -> Problem:
    return Problem(element_id=element_id, element_type=element_type, code=code, message=Text(zh=zh, en=en), **more)
