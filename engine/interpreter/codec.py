"""A state as a few hundred bytes and back. The format is ours and versioned: instances outlive releases.

One byte of codec version, then zlib of JSON: `[status, next id, ended at, scopes, waits]`. The values of the root are
not in it; they are stored beside it as the instance's variables. Paths are worked out again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from engine.interpreter.contracts import InstanceStatus, Wait, WaitKind
from engine.interpreter.state import ROOT, Scope, ScopeKind, State

VERSION = 1
LEVEL = 6


def encode(state: State) -> bytes:
    """The state without its process variables."""
    document = [
        state.status.value,
        state.next_id,
        state.ended_at,
        [_scope_row(scope) for scope in state.scopes.values()],
        [[wait.id, wait.scope, wait.element_id, wait.kind.value, wait.data] for wait in state.waits.values()],
    ]
    return bytes([VERSION]) + zlib.compress(_dumps(document), LEVEL)


def decode(stored: bytes, variables: Mapping[str, Any]) -> State:
    """The state that was encoded, with its process variables. Raises ValueError for an unknown codec version."""
    if not stored or stored[0] != VERSION:
        raise ValueError(f"unknown codec version {stored[:1]!r}")
    status, next_id, ended_at, scopes, waits = json.loads(zlib.decompress(stored[1:]), parse_float=Decimal)
    state = State({row[0]: _scope(row) for row in scopes}, {}, next_id, InstanceStatus(status), ended_at)
    state.scopes[ROOT].values = dict(variables)
    prefixes: dict[int, str] = {}
    for identity, scope, element, kind, data in waits:
        if scope not in prefixes:
            prefixes[scope] = state.prefix(scope)
        state.waits[identity] = Wait(identity, scope, element, prefixes[scope] + element, WaitKind(kind), data)
    return state


def _scope_row(scope: Scope) -> list[Any]:
    """The fields in order; empty ones at the end are left out."""
    values = {} if scope.id == ROOT else scope.values
    row = [scope.id, scope.parent, scope.kind.value, scope.element, scope.process, scope.tokens]
    rest = [values, scope.joins, scope.loop, scope.frozen, 0 if scope.sees_caller else 1, scope.undo]
    while rest and not rest[-1] and rest[-1] is not False:
        rest.pop()
    return row + rest


def _scope(row: list[Any]) -> Scope:
    identity, parent, kind, element, process, tokens, *rest = row
    values, joins, loop, frozen, blind, undo = rest + [{}, {}, None, {}, 0, []][len(rest) :]
    return Scope(
        identity,
        parent,
        ScopeKind(kind),
        element,
        process,
        tokens,
        values,
        joins,
        loop,
        frozen,
        not blind,
        undo,
    )


def _dumps(document: Any) -> bytes:
    try:
        return orjson.dumps(document, default=_number)
    except TypeError:
        return orjson.dumps(_widened(document), default=_number)


def _widened(value: Any) -> Any:
    """Integers beyond 64 bits as decimals, which keep their digits."""
    if isinstance(value, dict):
        return {key: _widened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_widened(item) for item in value]
    is_wide = isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63
    return Decimal(value) if is_wide else value


def _number(value: Any) -> orjson.Fragment:
    """A decimal with all its digits."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} does not belong in a state")
