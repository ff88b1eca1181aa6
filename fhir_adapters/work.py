"""What a FHIR write has in hand while its transaction runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.commands.contracts import Actor
from fhir_adapters.access import Viewer
from fhir_adapters.correlation import NONE, Correlated
from fhir_adapters.entries import Entry
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.store.resources import Saved

Json = Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Item:
    """One entry on its way. `resource` has its id and its references resolved; `found` says that nothing is to
    be written because the resource is there already; `mistaken_for` whom its number leads to, who is somebody else."""

    entry: Entry
    id: str
    resource: Json | None = None
    found: bool = False
    saved: Saved | None = None
    status: int = 200
    patient_id: str | None = None
    correlated: Correlated = NONE
    notes: list[Issue] = field(default_factory=list)
    mistaken_for: str | None = None
    before: Json | None = None  # a Patient that is changed, as it was

    @property
    def reference(self) -> str:
        return f"{self.entry.type}/{self.id}"

    @property
    def is_new_version(self) -> bool:
        """Something of it was written just now: only then may it cause anything."""
        return self.saved is not None and self.saved.changed and self.resource is not None


@dataclass(slots=True, kw_only=True)
class Opening:
    """A case that this request opens: for whom, why, and how far the pregnancy is."""

    pregnancy_id: str
    patient_id: str
    condition_id: str
    lmp: str | None
    edd: str | None
    home_organisation: str | None
    at: str  # the entry that opens it
    instance_id: Any = None


@dataclass(slots=True, kw_only=True)
class Work:
    """The transaction (`tx` of the engine), the caller, the items in the order of the request."""

    tx: Any
    services: Any
    viewer: Viewer
    by: Actor
    items: list[Item] = field(default_factory=list)
    opening: Opening | None = None
    women: dict[str, str | None] = field(default_factory=dict)  # whose the cases are that were looked at

    @property
    def conn(self) -> Any:
        return self.tx.conn

    @property
    def asked(self) -> Any:
        """Whoever answers `ask` and `tell`: without leaving the transaction's pipeline, as `conn` does."""
        return self.tx.asked

    @property
    def region_id(self) -> str:
        return self.tx.region_id

    @property
    def now(self) -> datetime:
        return self.tx.now

    def run(self, command: Any) -> Any:
        return self.tx.run(command)

    def changed(self, *types: str) -> list[Item]:
        """Items of these types of which something was written."""
        return [item for item in self.items if item.entry.type in types and item.is_new_version]


def refuse_at(
    status: int, at: str, type_: str, code: str, zh: str, en: str, allowed: str | None = None, etag: str | None = None
) -> FhirError:
    issue = Issue(type=type_, code=code, zh=zh, en=en, expression=at, allowed=allowed)
    return FhirError(status, [issue], etag=etag)


Services = Callable[[], Any]
