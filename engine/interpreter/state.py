"""A running instance as plain data: a tree of scopes, the waits in them, the counters. Ids are never reused.

Who reads a value looks from the inside outwards; a called process sees what its caller saw when it was called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.interpreter.contracts import InstanceStatus, Wait

ROOT = 0


class ScopeKind(StrEnum):
    """What a scope stands for."""

    ROOT = "root"  # the instance
    ACTIVITY = "activity"  # one run of a task, sub-process or call activity
    BODY = "body"  # an activity that runs several times: the runs are its children
    CALLED = "called"  # the inside of a call activity
    EVENT = "event"  # one run of an event sub-process
    GATEWAY = "gateway"  # the alternatives of an event-based gateway
    UNDOING = "undoing"  # compensation handlers, one after the other


PROCESS_KINDS = frozenset({ScopeKind.ROOT, ScopeKind.CALLED})


@dataclass(slots=True)
class Scope:
    """`element` is the id in the diagram of `process`; for a root or called scope the process id itself.

    `tokens` counts what is under way inside; listening does not count. `values` are local; those of the root are the
    process variables. `joins`: gateway -> flow -> tokens that stand there. `loop`: the counters of a body. `frozen`: of
    a called process, values of its caller as they were at the call, for names that have changed since. `sees_caller`
    False: it sees only what it was given. `undo`: activities that completed and have a compensation handler.
    """

    id: int
    parent: int | None
    kind: ScopeKind
    element: str
    process: str
    tokens: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    joins: dict[str, dict[str, int]] = field(default_factory=dict)
    loop: dict[str, Any] | None = None
    frozen: dict[str, Any] = field(default_factory=dict)
    sees_caller: bool = True
    undo: list[dict[str, Any]] = field(default_factory=list)

    def copy(self) -> Scope:
        """Independent of this one as far as steps change it: values inside values are replaced, never changed."""
        return Scope(
            self.id,
            self.parent,
            self.kind,
            self.element,
            self.process,
            self.tokens,
            dict(self.values),
            {gateway: dict(flows) for gateway, flows in self.joins.items()} if self.joins else {},
            None if self.loop is None else _copy_loop(self.loop),
            dict(self.frozen) if self.frozen else {},
            self.sees_caller,
            list(self.undo) if self.undo else [],
        )


def _copy_loop(loop: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, list) else value for key, value in loop.items()}


@dataclass(slots=True)
class State:
    """Everything an instance needs to go on, without its diagrams and its past."""

    scopes: dict[int, Scope]
    waits: dict[int, Wait] = field(default_factory=dict)
    next_id: int = 1
    status: InstanceStatus = InstanceStatus.ACTIVE
    ended_at: list[str] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, Any]:
        """The process variables of the instance."""
        return self.scopes[ROOT].values

    def copy(self) -> State:
        """A state that a step may change. Waits are shared: a step replaces them."""
        return State(
            {identity: scope.copy() for identity, scope in self.scopes.items()},
            dict(self.waits),
            self.next_id,
            self.status,
            list(self.ended_at),
        )

    def chain(self, scope_id: int) -> Iterator[dict[str, Any]]:
        """The values that can be seen from a scope, innermost first."""
        scope: Scope | None = self.scopes[scope_id]
        while scope is not None:
            if scope.values:
                yield scope.values
            parent = None if scope.parent is None else self.scopes[scope.parent]
            if scope.kind is ScopeKind.CALLED:
                if scope.frozen:
                    yield scope.frozen
                if not scope.sees_caller:
                    yield parent.values if parent is not None else {}
                    return
            scope = parent

    def visible(self, scope_id: int) -> dict[str, Any]:
        """What a scope sees, by name. Not to be changed by the caller."""
        layers = list(self.chain(scope_id))
        if len(layers) == 1:
            return layers[0]
        merged: dict[str, Any] = {}
        for values in reversed(layers):
            merged.update(values)
        return merged

    def prefix(self, scope_id: int, known: dict[int, str] | None = None) -> str:
        """The ids of the call activities around a scope, each followed by a slash. `known`: what is found is kept
        there, for the scopes inside."""
        known = {} if known is None else known
        found = known.get(scope_id)
        if found is not None:
            return found
        calls, scope = "", self.scopes[scope_id]
        while scope.parent is not None:
            outer = self.scopes[scope.parent]
            if scope.kind is ScopeKind.CALLED:
                calls = f"{outer.element}/{calls}"
            found = known.get(outer.id)
            if found is not None:
                calls = found + calls
                break
            scope = outer
        known[scope_id] = calls
        return calls
