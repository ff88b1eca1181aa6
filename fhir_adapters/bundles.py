"""A FHIR write as one command of the engine: stored, and acted upon, in one database transaction, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EngineError
from fhir_adapters import foreseeing, patching, writing
from fhir_adapters.access import Viewer
from fhir_adapters.correlation import Correlated, correlate
from fhir_adapters.entries import Entry
from fhir_adapters.inbound import (
    answers,
    appointments,
    arrivals,
    births,
    bursts,
    communications,
    consents,
    drafts,
    facts,
    inbox,
    opening,
    people,
    referrals,
    stays,
    tasks,
)
from fhir_adapters.issues import translate
from fhir_adapters.store import resources
from fhir_adapters.store.texts import Stored
from fhir_adapters.types import ENGINE_OWNED, patient_of
from fhir_adapters.work import Item, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyBundle:
    """Answers {"entries": [{"status", "type", "id", "version", "found"}], "correlated"}. The entries are valid
    resources. `written` holds what was stored just now, for whoever answers at once: its writer may read it."""

    entries: tuple[Entry, ...]
    viewer: Viewer
    written: dict[tuple[str, str], Stored] = field(default_factory=dict, compare=False)


def handlers(services: Callable[[], Any]) -> dict[type, Any]:
    """For `Engine(handlers=…)`. `services` is asked when a command runs: the engine is built before they are
    complete."""

    def handle(command: ApplyBundle, tx: Any) -> dict[str, Any]:
        return apply(Work(tx=tx, services=services(), viewer=command.viewer, by=tx.by), command)

    return {ApplyBundle: handle, **bursts.handlers(), **drafts.handlers(), **inbox.handlers()}


def apply(work: Work, command: ApplyBundle) -> dict[str, Any]:
    """Ids and references, permission, the case, the store, then what the new versions cause."""
    try:
        foreseeing.foresee(work, command.entries)
        writing.assign(work, patching.resolved(work, command.entries))
        writing.permit(work)
        opening.plan(work)
        writing.store(work)
        opening.run(work)
        answers.receive(work)
        tasks.receive(work)
        referrals.receive(work)
        stays.receive(work)
        arrivals.receive(work)
        births.receive(work)
        facts.receive(work)
        appointments.receive(work)
        communications.receive(work)
        consents.receive(work)
        people.receive(work)
    except EngineError as error:
        raise translate(error) from error
    new = [item.saved for item in work.items if item.is_new_version and item.entry.type not in ENGINE_OWNED]
    command.written.update(
        ((one.type, one.id), one.stored) for one in new if one is not None and one.stored is not None
    )
    return {"entries": [_answer(work, item) for item in work.items], "correlated": _correlated(work)}


def _answer(work: Work, item: Item) -> dict[str, Any]:
    version = item.saved.version if item.saved else None
    is_ours = item.is_new_version and item.entry.type not in ENGINE_OWNED
    if version is None and item.id and item.entry.method != "GET":
        stored = resources.current(work.asked, work.region_id, item.entry.type, item.id)
        version = stored.version if stored else None
    answer = {"method": item.entry.method, "status": item.status, "type": item.entry.type, "id": item.id}
    at = work.now.isoformat() if is_ours else None  # of what this request wrote: its writer may read it
    return {**answer, "version": version, "at": at}


def _correlated(work: Work) -> str | None:
    """The header's word: the case before anything weaker."""
    if work.opening is not None:
        return f"case/{work.opening.pregnancy_id}"
    found = [item.correlated for item in work.items if item.is_new_version] or _as_before(work)
    for result in ("case", "inbox", "lead"):
        first = next((c for c in found if c.result == result), None)
        if first is not None:
            return first.header
    return "none" if found else None


def _as_before(work: Work) -> list[Correlated]:
    """Of a request that was here already: where its resources belong."""
    again = [item for item in work.items if item.found and item.entry.type != "Patient"]
    stored = [resources.current(work.asked, work.region_id, item.entry.type, item.id) for item in again]
    known = [one.resource() for one in stored if one is not None]
    return [correlate(work.asked, work.region_id, resource, patient_of(resource)) for resource in known]
