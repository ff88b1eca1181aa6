"""A death that is known stays known: whoever sends a person again and does not speak of it, or says the contrary by
default, takes it from nobody."""

from __future__ import annotations

from fhir_adapters.store import arrivals
from fhir_adapters.work import Item, Json, Work

BOOLEAN, MOMENT = "deceasedBoolean", "deceasedDateTime"
DENIED = "已登记死亡，对方称在世：请核对 / the death is recorded and the sender says that she lives: check"


def keep(work: Work, items: list[Item]) -> None:
    """Before these are stored."""
    for item in items:
        if item.entry.type == "Patient" and item.before is not None and item.resource is not None:
            item.resource = still_dead(item.resource, item.before)


def ask(work: Work, items: list[Item]) -> None:
    """After they are: of a sender who says that she lives a person is told, once for what was said."""
    for item in items:
        said = item.entry.resource or {}
        if item.before is None or item.saved is None or said.get(BOOLEAN) is not False or not is_dead(item.before):
            continue
        arrivals.propose(
            work.conn, work.region_id, kind="identity-differs", source=work.viewer.source, at=work.now, reason=DENIED,
            resource=arrivals.version_of(item.saved), patient_id=item.id, arrival_id=None,
        )  # fmt: skip


def is_dead(patient: Json) -> bool:
    return bool(patient.get(MOMENT)) or patient.get(BOOLEAN) is True


def still_dead(said: Json, before: Json) -> Json:
    """What is said, with the death that was known; a moment that the sender says itself is the sender's to say."""
    if said.get(MOMENT) or not is_dead(before):
        return said
    name = MOMENT if before.get(MOMENT) else BOOLEAN
    rest = {key: value for key, value in said.items() if key != BOOLEAN}
    return {**rest, name: before[name]}
