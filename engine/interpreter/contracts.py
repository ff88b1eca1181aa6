"""What goes into the interpreter and what comes out: plain data, no behaviour.

`start(closure, variables, now) -> Step` and `apply(closure, state, event, now) -> Step` are pure: the state given is
never changed, nothing is read but the arguments. Values in variables are JSON-like: None, bool, int, Decimal, str,
list, dict; a date or duration is its ISO 8601 text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class WaitKind(StrEnum):
    """Why a token stands still. Every open wait but INCIDENT is a row somewhere that somebody or something serves."""

    USER_TASK = "user_task"
    TIMER = "timer"
    MESSAGE = "message"
    SIGNAL = "signal"
    CONDITION = "condition"
    JOB = "job"
    INCIDENT = "incident"


class InstanceStatus(StrEnum):
    ACTIVE = "active"
    COMPLETED = "completed"
    TERMINATED = "terminated"


@dataclass(slots=True)
class Wait:
    """One place where the instance waits. `id` counts up within the instance and is never reused.

    `path` is the element id, prefixed by the ids of the call activities around it (`call_a/call_b/task_x`).
    `data` by kind, all JSON-like, instants as ISO 8601 text with offset:

    - user_task: name, form (key or None), form_version (int or None), candidate_roles (list), organisation (or None),
      assignee (or None), candidate_users (list), window_from, due, until (text or None), priority (int, 50),
      clock (T-xx or None)
    - timer: due, occurrence (int, from 1), cycle (ISO or cron text, or None), remaining (int or None = for ever),
      misfire ("fire_once" | "fire_all" | "skip"), interrupting (bool)
    - message: name, key (text)
    - signal: name
    - job: type, retries (int), headers (dict), variables (dict: what the worker is given)
    - incident: code, message_zh, message_en, cause (WaitKind or None), wait (the data of the failed wait or None)
    """

    id: int
    scope: int
    element_id: str
    path: str
    kind: WaitKind
    data: dict[str, Any] = field(default_factory=dict)


# --- events: what the interpreter is told -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserTaskDone:
    wait_id: int
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimerFired:
    wait_id: int


@dataclass(frozen=True, slots=True)
class MessageReceived:
    wait_id: int
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SignalReceived:
    wait_id: int
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobDone:
    wait_id: int
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobFailed:
    """The job's retries are spent: the wait becomes an incident that names the reason."""

    wait_id: int
    message: str


@dataclass(frozen=True, slots=True)
class ErrorThrown:
    """A job or a person raised a BPMN error at this wait."""

    wait_id: int
    code: str
    message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncidentRetried:
    """Try the element of this incident again, with the values as they are now."""

    wait_id: int


@dataclass(frozen=True, slots=True)
class VariablesChanged:
    """Process variables were set from outside; conditions are looked at again."""

    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Terminated:
    """End the whole instance now."""

    reason: str = ""


Event = (
    UserTaskDone
    | TimerFired
    | MessageReceived
    | SignalReceived
    | JobDone
    | JobFailed
    | ErrorThrown
    | IncidentRetried
    | VariablesChanged
    | Terminated
)


# --- the step: what the interpreter answers ---------------------------------------------------------------------------


class Happened(NamedTuple):
    """One line of history. `event`: started, entered, completed, cancelled, fired, received, published, decided,
    incident, resolved, ended, terminated. `detail` is JSON-like and small; for `decided`: decision, version, inputs,
    rules, output."""

    path: str
    element_id: str
    event: str
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A message or signal that a throw event or send task gives out; correlated after the commit."""

    kind: str  # "message" | "signal"
    name: str
    key: str | None
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """`state` after the event; `written`: the process variables of the root that the step set, by name (write-set)."""

    state: Any  # engine.interpreter.state.State
    happened: tuple[Happened, ...]
    written: Mapping[str, Any]
    published: tuple[Published, ...] = ()
    taken: tuple[str, ...] = ()  # sequence flows, in order


@dataclass(frozen=True, slots=True)
class Diff:
    """Waits that opened, closed or changed their data between two states; the rows are derived from this alone."""

    opened: tuple[Wait, ...]
    closed: tuple[Wait, ...]
    changed: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """Which version of a called process or decision this instance uses, decided when it started."""

    kind: str  # "process" | "decision"
    key: str
    version: int


def instant_text(moment: datetime) -> str:
    """The one spelling of an instant in a state: ISO 8601 with offset, whole seconds where there are no fractions."""
    return moment.isoformat()
