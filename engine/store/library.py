"""Definitions in the memory of a process: versions never change, so what has been compiled once stays.

Only which versions exist can change; one number tells whether it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from engine.dmn import Definitions, read_decisions
from engine.dmn.imports import Shelf
from engine.errors import Conflict, NotFound
from engine.interpreter import Closure, Program, read_diagram

if TYPE_CHECKING:
    from engine.store.transaction import Tx

Pins = dict[str, dict[str, int]]
MOST_CLOSURES = 1000  # distinct sets of pinned versions kept; beyond it the memory starts afresh


@dataclass(frozen=True)
class Entry:
    kind: str
    key: str
    version: int
    version_tag: str | None
    sha256: str
    deployment_id: int
    suspended: bool = False  # starts no instance for the time being

    @property
    def number_as_tag(self) -> str | None:
        """A form's tag is the number that it gives itself."""
        return str(self.version) if self.kind == "form" else None


@dataclass
class Catalogue:
    """Which versions there are, without their sources."""

    number: int
    versions: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)

    def newest(self, kind: str, key: str) -> Entry | None:
        found = self.versions.get((kind, key))
        return found[-1] if found else None

    def startable(self, kind: str, key: str) -> Entry | None:
        """The newest version that is not suspended."""
        return next((entry for entry in reversed(self.versions.get((kind, key), [])) if not entry.suspended), None)

    def exact(self, kind: str, key: str, version: int) -> Entry | None:
        return next((entry for entry in self.versions.get((kind, key), ()) if entry.version == version), None)

    def find(self, kind: str, key: str, binding: str, version_tag: str | None, deployment_id: int) -> Entry | None:
        """The version that a binding means today: latest, deployment (deployed with the caller), versionTag."""
        found = self.versions.get((kind, key), [])
        if binding == "deployment":
            found = [entry for entry in found if entry.deployment_id == deployment_id]
        elif binding == "versionTag":
            found = [entry for entry in found if version_tag in (entry.version_tag, entry.number_as_tag)]
        return found[-1] if found else None


class Library:
    """One per process, shared by its threads: entries are only ever added."""

    def __init__(self) -> None:
        self._catalogue = Catalogue(-1)
        self._programs: dict[tuple[str, int], Program] = {}
        self._decisions: dict[tuple[str, int], Definitions] = {}
        self._closures: dict[tuple[str, int, str], Closure] = {}
        self._looked: WeakKeyDictionary[Tx, Catalogue] = WeakKeyDictionary()  # one look in a transaction is enough
        self._pins: dict[tuple[Any, ...], Pins] = {}  # of the newest catalogue

    def catalogue(self, tx: Tx) -> Catalogue:
        looked = self._looked.get(tx)
        if looked is not None:
            return looked
        number = tx.value("read_catalogue_number")
        if number != self._catalogue.number:
            fresh = Catalogue(number)
            for row in tx.all("read_catalogue"):
                entry = Entry(*row)
                fresh.versions.setdefault((entry.kind, entry.key), []).append(entry)
            self._catalogue, self._pins = fresh, {}
        self._looked[tx] = self._catalogue
        return self._catalogue

    def pins(self, tx: Tx, root: Entry, fixed: Mapping[str, int] = {}) -> Pins:
        """The versions of everything the process may call, decide by or show, as they are today, transitively;
        `fixed`: of called processes, whatever their binding says.
        Raises Conflict when something is not deployed, or is wanted in two versions at once."""
        catalogue = self.catalogue(tx)
        name = (catalogue.number, root.key, root.version, *sorted(fixed.items()))
        found = self._pins.get(name)
        if found is None:
            found = self._pins[name] = self._find_pins(tx, catalogue, root, fixed)
        return found

    def _find_pins(self, tx: Tx, catalogue: Catalogue, root: Entry, fixed: Mapping[str, int]) -> Pins:
        pins: Pins = {"process": {root.key: root.version}, "decision": {}, "form": {}}
        open_ends = [root]
        while open_ends:
            caller = open_ends.pop()
            program = self.program(tx, caller.key, caller.version)
            for key, binding, tag in sorted(program.decisions, key=str):
                _pin(pins, "decision", caller, key, catalogue.find("decision", key, binding, tag, caller.deployment_id))
            for key, binding, tag in sorted(program.forms, key=str):
                form = catalogue.find("form", key, binding, tag, caller.deployment_id)
                if form is not None:  # where forms are not checked, one that is nowhere was a warning
                    _pin(pins, "form", caller, key, form)
            for key, binding, tag in sorted(program.called_processes, key=str):
                named = fixed.get(key)
                called = (
                    catalogue.find("process", key, binding, tag, caller.deployment_id)
                    if named is None
                    else catalogue.exact("process", key, named)
                )
                if _pin(pins, "process", caller, key, called) and called is not None:
                    open_ends.append(called)
        return pins

    def closure(self, tx: Tx, key: str, version: int, pins: Pins) -> Closure:
        name = (key, version, repr(pins))
        found = self._closures.get(name)
        if found is None:
            programs = {k: self.program(tx, k, v) for k, v in pins["process"].items()}
            decisions = {k: self.decisions(tx, k, v) for k, v in pins["decision"].items()}
            found = Closure(self.program(tx, key, version), programs, decisions)
            if len(self._closures) >= MOST_CLOSURES:
                self._closures.clear()
            self._closures[name] = found
        return found

    def program(self, tx: Tx, key: str, version: int) -> Program:
        found = self._programs.get((key, version))
        if found is None:
            found = read_diagram(self._source(tx, "process", key, version)).programs[key]
            self._programs[key, version] = found
        return found

    def decisions(self, tx: Tx, key: str, version: int) -> Definitions:
        found = self._decisions.get((key, version))
        if found is None:
            source = self._source(tx, "decision", key, version)
            shelf = Shelf(lambda: self.decision_sources(tx, beside=(key, version)))
            found = read_decisions(source, imported=shelf.imports_of(source))
            self._decisions[key, version] = found
        return found

    def decision_model(self, tx: Tx, key: str, version: int | None) -> tuple[Definitions, int]:
        """A deployed model with its version, without a number the newest. Raises NotFound."""
        known = [entry.version for entry in self.catalogue(tx).versions.get(("decision", key), ())]
        if not known or version not in (None, *known):
            raise NotFound(f"没有决策“{key[:200]}”或此版本", f"no such decision or version: {key[:200]}")
        return self.decisions(tx, key, version or known[-1]), version or known[-1]

    def decision_in_memory(self, key: str, catalogue: int) -> Definitions | None:
        """The newest version, by the number of the catalogue that somebody has just read. None where that is another
        than the one in memory, or where the model has not been read yet."""
        known = self._catalogue
        entry = known.newest("decision", key) if catalogue == known.number else None
        return self._decisions.get((key, entry.version)) if entry is not None else None

    def decision_file(self, tx: Tx, source: bytes) -> Definitions:
        """A model that is not deployed, with what it imports of those that are. Raises Refused with every reason."""
        shelf = Shelf(lambda: self.decision_sources(tx))
        return read_decisions(source, imported=shelf.imports_of(source))

    def decision_sources(self, tx: Tx, *, beside: tuple[str, int] | None = None) -> Iterator[bytes]:
        """Every decision file that is live, the latest deployed first; `beside` a version: those that were when it was
        deployed, so that what a version imports never changes."""
        versions = {key: found for (kind, key), found in self.catalogue(tx).versions.items() if kind == "decision"}
        until = next((e.deployment_id for e in versions[beside[0]] if e.version == beside[1]), 0) if beside else None
        known = [[e for e in found if until is None or e.deployment_id <= until] for found in versions.values()]
        newest = sorted((found[-1] for found in known if found), key=lambda entry: -entry.deployment_id)
        for entry in {entry.sha256: entry for entry in newest}.values():
            yield self._source(tx, "decision", entry.key, entry.version)

    def _source(self, tx: Tx, kind: str, key: str, version: int) -> bytes:
        source = tx.value("read_source", kind=kind, key=key, version=version)
        if source is None:
            raise NotFound(f"没有定义“{key}”第 {version} 版", f"no {kind} {key} version {version}")
        return bytes(source)


def _pin(pins: Pins, kind: str, caller: Entry, key: str, entry: Any) -> bool:
    """Remember the version; True when it is new."""
    if entry is None:
        raise Conflict(
            f"流程“{caller.key}”引用的“{key}”尚未部署",
            f"{caller.key} refers to the {kind} {key}, which is not deployed",
            code="reference-missing",
        )
    known = pins[kind].get(key)
    if known is not None and known != entry.version:
        raise Conflict(
            f"“{key}”被同时引用了第 {known} 版和第 {entry.version} 版",
            f"{key} is wanted in versions {known} and {entry.version} at once",
            code="reference-ambiguous",
        )
    pins[kind][key] = entry.version
    return known is None
