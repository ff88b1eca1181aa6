"""What can go wrong, in the few kinds that every edge knows how to translate.

Three roads, never mixed: the caller is wrong -> an `EngineError`; the model foresaw it -> a BPMN error caught in the
diagram; the machinery failed -> retries, then an incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Text:
    """One sentence for people, in both languages of the product."""

    zh: str
    en: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong, and where: a form field, a JSON path, a FHIRPath expression, a cell."""

    path: str
    message: Text


class EngineError(Exception):
    """The caller asked for something that cannot be. Nothing has changed.

    `category` is what the edges translate to a status; `code` names the kind for programs; `faults` name the places.
    """

    category = "fault"
    code = "fault"

    def __init__(self, zh: str, en: str, *, code: str | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(en)
        self.message = Text(zh=zh, en=en)
        self.faults = tuple(faults)
        if code is not None:
            self.code = code


class Incorrect(EngineError):
    """What was sent does not fit: 422."""

    category = "incorrect"
    code = "incorrect"


class Malformed(EngineError):
    """What was sent cannot even be read: 400."""

    category = "malformed"
    code = "malformed"


class Forbidden(EngineError):
    """Known, but not allowed to do this: 403."""

    category = "forbidden"
    code = "forbidden"


class NotFound(EngineError):
    """No such thing, or none that the caller may know of: 404."""

    category = "not-found"
    code = "not-found"


class Conflict(EngineError):
    """The world moved on: the user task is done or the instance has ended. Reload; do not retry blindly: 409."""

    category = "conflict"
    code = "conflict"


class Stale(EngineError):
    """The caller read an older revision than the one that is stored: 412."""

    category = "stale"
    code = "stale-revision"


class Busy(EngineError):
    """The database is away or overloaded; the same request may be sent again: 503."""

    category = "busy"
    code = "busy"
