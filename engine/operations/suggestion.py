"""What lies between the version that instances run on and another, called processes too: as a suggestion for programs,
and as rows for a page on which a person decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound
from engine.interpreter import Program
from engine.interpreter.program import Node
from engine.model.elements import TimerEvent
from engine.operations.migration.suggest import suggest
from engine.store.library import Catalogue, Entry
from engine.store.transaction import Tx

if TYPE_CHECKING:
    from engine.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One element of the old version. `fate`: kept, changed, renamed, gone. `to`: its id in the new one, None: gone.
    `choices`: the elements of its kind in the new version. `what` differs, in the words of `suggest`."""

    element_id: str
    name: str | None
    kind: str
    fate: str
    to: str | None
    choices: tuple[tuple[str, str | None], ...]
    what: tuple[str, ...] = ()
    is_timer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Two versions of one process; `added`: (id, name, kind). `is_root`: the process of the instances themselves."""

    key: str
    old: int
    new: int
    is_root: bool
    rows: tuple[Row, ...]
    added: tuple[tuple[str, str | None, str], ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    key: str
    old: int
    new: int
    before: Program
    after: Program


def suggestion(engine: Engine, key: str, version: int, to: int | None = None) -> dict[str, Any]:
    """What lies between two versions of a process and the processes that it calls: those that most of its open
    instances have with them, and those that the new version calls today. `to` None: the newest that is not suspended.
    Raises NotFound."""
    with engine.looking() as tx:
        root, *called = _pairs(tx, key, version, to)
        return {
            "key": key,
            "from": version,
            "to": root.new,
            **suggest(root.before, root.after),
            "called": {p.key: {"from": p.old, "to": p.new, **suggest(p.before, p.after)} for p in called},
        }


def between(engine: Engine, key: str, version: int, to: int | None = None) -> list[Between]:
    """The same for a page: the process itself, then those that it calls in another version. Raises NotFound."""
    with engine.looking() as tx:
        root, *called = _pairs(tx, key, version, to)
        return [_between(root, is_root=True), *(_between(p, is_root=False) for p in called if p.old != p.new)]


def _pairs(tx: Tx, key: str, version: int, to: int | None) -> list[_Pair]:
    catalogue = tx.library.catalogue(tx)
    old, new = _entry(catalogue, key, version), _entry(catalogue, key, to)
    in_use: Mapping[str, int] | None = tx.value("read_pins_in_use", key=key, version=version)
    was, is_now = in_use or tx.library.pins(tx, old)["process"], tx.library.pins(tx, new)["process"]
    names = [name for name in was if name != key and name in is_now]
    return [_pair(tx, key, version, new.version), *(_pair(tx, name, was[name], is_now[name]) for name in names)]


def _pair(tx: Tx, key: str, old: int, new: int) -> _Pair:
    return _Pair(key, old, new, tx.library.program(tx, key, old), tx.library.program(tx, key, new))


def _entry(catalogue: Catalogue, key: str, version: int | None) -> Entry:
    found = catalogue.startable("process", key) if version is None else catalogue.exact("process", key, version)
    if found is None:
        raise NotFound(f"没有流程“{key[:200]}”或此版本", f"no process {key[:200]} of this version")
    return found


def _between(pair: _Pair, *, is_root: bool) -> Between:
    found = suggest(pair.before, pair.after)
    gone = {one["element_id"] for one in found["unmapped"]}
    changed = {one["element_id"]: tuple(one["what"]) for one in found["changed"]}
    rows = [_row(node, pair.after, found["mapping"], gone, changed) for node in pair.before.nodes.values()]
    added = tuple((one["element_id"], one["name"], one["kind"]) for one in found["added"])
    return Between(key=pair.key, old=pair.old, new=pair.new, is_root=is_root, rows=tuple(rows), added=added)


def _row(
    node: Node, new: Program, mapping: Mapping[str, str], gone: set[str], changed: Mapping[str, tuple[str, ...]]
) -> Row:
    to = None if node.id in gone else mapping.get(node.id, node.id)
    what = changed.get(node.id, ())
    fate = "gone" if to is None else "renamed" if to != node.id else "changed" if what else "kept"
    return Row(
        element_id=node.id,
        name=node.element.name or None,
        kind=node.kind.value,
        fate=fate,
        to=to,
        choices=tuple((n.id, n.element.name or None) for n in new.nodes.values() if n.kind is node.kind),
        what=what,
        is_timer=isinstance(node.event, TimerEvent),
    )
