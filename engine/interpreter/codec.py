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
LEVEL = 1
WINDOW, MEMORY = 12, 5  # of zlib: a state is a kilobyte, and clearing tables for 32 costs more than compressing it
SCOPE_KINDS = {kind.value: kind for kind in ScopeKind}
WAIT_KINDS = {kind.value: kind for kind in WaitKind}
_READER = json.JSONDecoder(parse_float=Decimal)


def encode(state: State) -> bytes:
    """The state without its process variables."""
    document = [
        state.status,
        state.next_id,
        state.ended_at,
        [_scope_row(scope) for scope in state.scopes.values()],
        [[wait.id, wait.scope, wait.element_id, wait.kind, wait.data] for wait in state.waits.values()],
    ]
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY)
    return bytes([VERSION]) + packer.compress(_dumps(document)) + packer.flush()


def decode(stored: bytes, variables: Mapping[str, Any]) -> State:
    """The state that was encoded, with its process variables. Raises ValueError for an unknown codec version."""
    if not stored or stored[0] != VERSION:
        raise ValueError(f"unknown codec version {stored[:1]!r}")
    status, next_id, ended_at, scopes, waits = _READER.decode(zlib.decompress(stored[1:]).decode())
    state = State({row[0]: _scope(row) for row in scopes}, {}, next_id, InstanceStatus(status), ended_at)
    state.scopes[ROOT].values = dict(variables)
    prefixes: dict[int, str] = {}
    for identity, scope, element, kind, data in waits:
        path = state.prefix(scope, prefixes) + element
        state.waits[identity] = Wait(identity, scope, element, path, WAIT_KINDS[kind], data)
    return state


def _scope_row(scope: Scope) -> list[Any]:
    """The fields in order; what an ordinary scope does not have is left out."""
    row = [scope.id, scope.parent, scope.kind, scope.element, scope.process, scope.tokens]
    values = {} if scope.id == ROOT else scope.values
    if scope.frozen or scope.undo or not scope.sees_caller:
        return [*row, values, scope.joins, scope.loop, scope.frozen, 0 if scope.sees_caller else 1, scope.undo]
    if scope.joins or scope.loop is not None:
        return [*row, values, scope.joins, scope.loop]
    return [*row, values] if values else row


def _scope(row: list[Any]) -> Scope:
    identity, parent, kind, element, process, tokens, *rest = row
    scope = Scope(identity, parent, SCOPE_KINDS[kind], element, process, tokens, rest[0] if rest else {}, {}, None, {})
    if len(rest) > 1:
        scope.joins, scope.loop = rest[1], rest[2]
    if len(rest) > 3:
        scope.frozen, scope.sees_caller, scope.undo = rest[3], not rest[4], rest[5]
    return scope


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
