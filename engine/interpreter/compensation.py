"""Undoing what completed: a scope remembers its activities that have a handler; when thrown, these run, last first."""

from __future__ import annotations

from typing import Any

from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import ScopeKind
from engine.interpreter.tree import Move

# activity, handler or None, values (local, for the handler to see), inner (records of its inside)
Record = dict[str, Any]


def remember(run: Run, scope_id: int, at: int, node: Node) -> None:
    """An activity completed. What it did can be undone by its handler, or by the handlers of what ran inside it."""
    own = run.scope(at) if at != scope_id else None
    inner = own.undo if own is not None else []
    if node.undo is None and not inner:
        return
    record: Record = {"activity": node.id, "handler": None if node.undo is None else node.undo.id}
    if own is not None and own.values:
        record["values"] = dict(own.values)
    if node.undo is None:
        record["inner"] = inner
    run.scope(scope_id).undo.append(record)


def of_run(run: Run, at: int, node: Node) -> Record:
    """What one run of several did, with its own values: its item is what its handlers need."""
    own = run.scope(at)
    return {"activity": node.id, "handler": None, "values": dict(own.values), "inner": own.undo}


def throw(run: Run, at: int, node: Node, activity: str | None) -> None:
    """Take what is to be undone out of the memory and begin with the last; `at` is where the thrower stands."""
    owner = run.scope(at)
    while owner.kind is ScopeKind.EVENT or (owner.element == node.id and owner.kind is ScopeKind.ACTIVITY):
        owner = run.scope(run.parent(owner.id))
    chosen = [record for record in owner.undo if activity in (None, record["activity"])]
    owner.undo = [record for record in owner.undo if record not in chosen]
    undo(run, at, node, chosen)


def undo(run: Run, at: int, node: Node, records: list[Record]) -> None:
    """Run the handlers of the records, last first, one after the other; `node` goes on when they are through."""
    undoing = run.open_scope(at, ScopeKind.UNDOING, node.id)
    undoing.loop = {"records": _flat(records)}
    run.push("undo_next", undoing.id, node)


def begin_next(run: Run, move: Move) -> None:
    """The next handler, or the end of compensation."""
    undoing = run.scope(move.scope)
    records = undoing.loop["records"] if undoing.loop is not None else []
    if not records:
        at = run.parent(undoing.id)
        run.drop(undoing.id)
        run.attempt(Move("undone", at, move.node))
        return
    record = records.pop()
    undoing.values = dict(record.get("values", {}))
    undoing.tokens = 1
    run.push("enter", undoing.id, run.node_of(undoing, record["handler"]))


def _flat(records: list[Record]) -> list[Record]:
    flat: list[Record] = []
    for record in records:
        if record["handler"] is not None:
            flat.append(record)
        else:
            values = record.get("values", {})
            flat += [{**inner, "values": {**values, **inner.get("values", {})}} for inner in _flat(record["inner"])]
    return flat
