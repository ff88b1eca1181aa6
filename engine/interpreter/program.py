"""A process made ready to run: nodes that know their neighbours, FEEL compiled once. Shared by all instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.feel import Expression
from engine.model.elements import Element, EventDefinition, Kind, TimerEvent, Work

if TYPE_CHECKING:
    from engine.dmn import Definitions


@dataclass(frozen=True, slots=True)
class Formula:
    """A place in the diagram that holds FEEL or a literal: exactly one of the two is used."""

    text: str
    expression: Expression | None = None
    literal: Any = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Evaluate `source`, put it under the name `target`, reaching inside along its dots."""

    source: Formula
    target: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Flow:
    id: str
    target: Node
    condition: Formula | None


@dataclass(frozen=True, slots=True)
class Loop:
    """Several runs of one activity: over a collection (`collection`), or while a condition holds (`condition`)."""

    sequential: bool
    collection: Formula | None = None
    item: str | None = None
    output_collection: str | None = None
    output_item: Formula | None = None
    completion: Formula | None = None
    test_before: bool = False
    condition: Formula | None = None
    maximum: int | None = None

    @property
    def is_standard(self) -> bool:
        return self.collection is None


@dataclass(eq=False, slots=True)
class Body:
    """The inside of a process or sub-process. `event_sub_processes` listen from its start to its end."""

    start: Node | None = None
    event_starts: tuple[Node, ...] = ()  # of a process: what begins it from outside
    event_sub_processes: tuple[Node, ...] = ()


@dataclass(eq=False, slots=True)
class Node:
    """One element. `formulas` holds its compiled texts by field name; a start event knows its sub-process as `owner`.

    `reach`, of an inclusive join: incoming flow -> ids of the elements from which a token could still come along it.
    """

    id: str
    kind: Kind
    element: Element
    outgoing: tuple[Flow, ...] = ()
    default: Flow | None = None
    conditional: bool = False  # some outgoing flow has a condition
    boundaries: tuple[Node, ...] = ()
    body: Body | None = None
    owner: Node | None = None
    inputs: tuple[Assign, ...] = ()
    outputs: tuple[Assign, ...] = ()
    loop: Loop | None = None
    formulas: dict[str, Formula] = field(default_factory=dict)
    owns_scope: bool = False
    reach: dict[str, frozenset[str]] = field(default_factory=dict)
    undo: Node | None = None  # its compensation handler

    @property
    def event(self) -> EventDefinition | None:
        return self.element.event

    @property
    def work(self) -> Work | None:
        return self.element.work


@dataclass(frozen=True, slots=True)
class StartTimer:
    """When instances begin by themselves: the text as FEEL or literal, and how the diagram wants it read."""

    formula: Formula
    event: TimerEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An executable process. `called_processes`, `decisions` and `forms` are (id, binding, version tag), pinned at
    the start."""

    key: str
    name: str
    version_tag: str | None
    elements: Mapping[str, Element]
    nodes: Mapping[str, Node]
    body: Body
    called_processes: frozenset[tuple[str, str, str | None]]
    decisions: frozenset[tuple[str, str, str | None]]
    forms: frozenset[tuple[str, str, str | None]]
    messages: frozenset[str]
    start_messages: Mapping[str, str]  # message name -> id of the start event
    start_signals: Mapping[str, str] = field(default_factory=dict)  # signal name -> id of the start event
    start_timers: Mapping[str, StartTimer] = field(default_factory=dict)  # by id of the start event
    start_conditions: Mapping[str, Formula] = field(default_factory=dict)  # by id of the start event


@dataclass(frozen=True, slots=True)
class Closure:
    """All that an instance may run: its program, the processes it may call and the decisions, by id, as pinned."""

    root: Program
    programs: Mapping[str, Program] = field(default_factory=dict)
    decisions: Mapping[str, Definitions] = field(default_factory=dict)

    def program(self, key: str) -> Program | None:
        """The program of a process id, or None where it was not pinned."""
        found = self.programs.get(key)
        return found if found is not None or key != self.root.key else self.root
