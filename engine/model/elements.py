"""What a diagram says, as plain frozen data. What cannot be executed has no place here.

Texts that may be FEEL are kept as written: a leading `=` marks an expression, everything else is a literal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.problems import Problem


class Kind(StrEnum):
    """The kinds of element that execute; the value is the element's name in the XML where there is one."""

    START = "startEvent"
    END = "endEvent"
    THROW = "intermediateThrowEvent"
    CATCH = "intermediateCatchEvent"
    BOUNDARY = "boundaryEvent"
    TASK = "task"
    MANUAL_TASK = "manualTask"
    USER_TASK = "userTask"
    SERVICE_TASK = "serviceTask"
    SEND_TASK = "sendTask"
    RECEIVE_TASK = "receiveTask"
    BUSINESS_RULE_TASK = "businessRuleTask"
    SCRIPT_TASK = "scriptTask"
    EXCLUSIVE = "exclusiveGateway"
    PARALLEL = "parallelGateway"
    INCLUSIVE = "inclusiveGateway"
    EVENT_GATEWAY = "eventBasedGateway"
    SUB_PROCESS = "subProcess"
    EVENT_SUB_PROCESS = "eventSubProcess"
    TRANSACTION = "transaction"
    CALL_ACTIVITY = "callActivity"


TASKS = frozenset(
    {
        Kind.TASK,
        Kind.MANUAL_TASK,
        Kind.USER_TASK,
        Kind.SERVICE_TASK,
        Kind.SEND_TASK,
        Kind.RECEIVE_TASK,
        Kind.BUSINESS_RULE_TASK,
        Kind.SCRIPT_TASK,
    }
)
ACTIVITIES = TASKS | {Kind.SUB_PROCESS, Kind.TRANSACTION, Kind.CALL_ACTIVITY}
GATEWAYS = frozenset({Kind.EXCLUSIVE, Kind.PARALLEL, Kind.INCLUSIVE, Kind.EVENT_GATEWAY})


# --- event definitions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """`name` and `key` may be FEEL; `key` is None only where a process starts."""

    name: str
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEvent:
    """`sort`: date | duration | cycle. `text`: ISO 8601, cron or FEEL. `calendar`, `zone`: see engine.timers."""

    sort: str
    text: str
    misfire: str = "fire_once"
    calendar: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalEvent:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEvent:
    """`code` None: catches every error; it is never None where an error is thrown."""

    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationEvent:
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalEvent:
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvent:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateEvent:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CompensateEvent:
    """`activity` None: everything in the scope that completed and has a handler."""

    activity: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelEvent:
    pass


EventDefinition = (
    MessageEvent
    | TimerEvent
    | SignalEvent
    | ErrorEvent
    | EscalationEvent
    | ConditionalEvent
    | LinkEvent
    | TerminateEvent
    | CompensateEvent
    | CancelEvent
)


# --- what a task does -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """`role` is the lane's name where it names no role of its own; `organisation` may be FEEL."""

    id: str
    name: str
    role: str
    organisation: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserWork:
    """Texts may be FEEL. `follow_up`, `due`, `until` are the window; `clock` is the id of a deadline (T-xx)."""

    form: str | None = None
    form_binding: str = "latest"
    form_version_tag: str | None = None
    assignee: str | None = None
    candidate_groups: str | None = None
    candidate_users: str | None = None
    organisation: str | None = None
    follow_up: str | None = None
    due: str | None = None
    until: str | None = None
    priority: str | None = None
    clock: str | None = None
    lanes: tuple[Lane, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """A piece of work for a registered service task or an outside worker."""

    type: str
    retries: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWork:
    decision: str
    result: str
    binding: str = "latest"
    version_tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptWork:
    expression: str
    result: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWork:
    process: str
    binding: str = "latest"
    version_tag: str | None = None
    all_in: bool = True
    all_out: bool = True


Work = UserWork | JobWork | DecisionWork | ScriptWork | CallWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMapping:
    """`source` is FEEL or a literal, read on one side; `target` the name it gets on the other; `a.b` reaches inside."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiInstance:
    sequential: bool
    collection: str  # FEEL that gives a list
    item: str | None
    output_collection: str | None = None
    output_item: str | None = None
    completion: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardLoop:
    test_before: bool
    condition: str | None
    maximum: int | None


# --- elements and their containers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceFlow:
    id: str
    source: str
    target: str
    condition: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One node of a process. Parts that its kind does not have are None or empty."""

    id: str
    name: str
    kind: Kind
    incoming: tuple[SequenceFlow, ...] = ()
    outgoing: tuple[SequenceFlow, ...] = ()
    default_flow: str | None = None
    event: EventDefinition | None = None
    attached_to: str | None = None
    interrupting: bool = True
    inputs: tuple[ValueMapping, ...] = ()
    outputs: tuple[ValueMapping, ...] = ()
    loop: MultiInstance | StandardLoop | None = None
    work: Work | None = None
    content: Content | None = None
    compensates: bool = False  # a handler: runs only when compensation is thrown
    handler: str | None = None  # of a compensation boundary event: the activity that undoes
    source: str | None = None  # the sentence of the guideline it stands for


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What stands inside a process or sub-process, in the order of the file."""

    elements: Mapping[str, Element]

    def every(self) -> Iterator[Element]:
        """Every element, those inside sub-processes too."""
        for element in self.elements.values():
            yield element
            if element.content is not None:
                yield from element.content.every()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessModel:
    id: str
    name: str
    content: Content
    version_tag: str | None = None

    def every(self) -> Iterator[Element]:
        """Every element of the process, in the order of the file, outer before inner."""
        return self.content.every()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A diagram that may be deployed. `ignored` lists what is kept in the file but means nothing here."""

    processes: Mapping[str, ProcessModel]
    warnings: tuple[Problem, ...] = ()
    ignored: tuple[Problem, ...] = ()
