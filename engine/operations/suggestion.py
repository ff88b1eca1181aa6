"""The suggestion for two deployed versions, called processes too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import NotFound
from engine.operations.migration.suggest import suggest
from engine.store.library import Catalogue, Entry
from engine.store.transaction import Tx

if TYPE_CHECKING:
    from engine.engine import Engine


def suggestion(engine: Engine, key: str, version: int, to: int | None = None) -> dict[str, Any]:
    """What lies between two versions of a process and the processes they call today; `to` None: the newest that is not
    suspended. Raises NotFound."""
    with engine.looking() as tx:
        catalogue = tx.library.catalogue(tx)
        old = _entry(catalogue, key, version)
        new = _entry(catalogue, key, to)
        was, is_now = tx.library.pins(tx, old)["process"], tx.library.pins(tx, new)["process"]
        called = {
            name: {"from": was[name], "to": is_now[name], **_between(tx, name, was[name], is_now[name])}
            for name in was
            if name != key and name in is_now
        }
        return {
            "key": key,
            "from": version,
            "to": new.version,
            **_between(tx, key, version, new.version),
            "called": called,
        }


def _between(tx: Tx, key: str, old: int, new: int) -> dict[str, Any]:
    return suggest(tx.library.program(tx, key, old), tx.library.program(tx, key, new))


def _entry(catalogue: Catalogue, key: str, version: int | None) -> Entry:
    found = catalogue.startable("process", key) if version is None else catalogue.exact("process", key, version)
    if found is None:
        raise NotFound(f"没有流程“{key[:200]}”或此版本", f"no process {key[:200]} of this version")
    return found
