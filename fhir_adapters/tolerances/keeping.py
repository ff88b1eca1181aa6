"""What was put right in what is stored just now: kept beside it in the same transaction, with the codes that nothing
is known of."""

from __future__ import annotations

from fhir_adapters.store import arrivals, resources, tolerances
from fhir_adapters.tolerances import identities
from fhir_adapters.tolerances.kinds import INSTITUTION
from fhir_adapters.work import Item, Json, Work


def keep(work: Work) -> None:
    """Nothing is asked of the database where nothing was tolerated."""
    found = [
        (item.saved, item.entry.tolerated)
        for item in work.items
        if item.entry.tolerated and item.is_new_version and item.saved is not None
    ]
    if found:
        client = work.viewer.source.partition(":")[2]
        tolerances.keep_tolerated(work.asked, work.region_id, client, found, work.now)
        codes = [use.what for _, uses in found for use in uses if use.what is not None]
        tolerances.note_unmapped(work.asked, work.region_id, client, codes, work.now)
    for item in work.items:
        if item.mistaken_for is not None and item.is_new_version:
            _ask_who(work, item)


def is_mistaken(work: Work, said: Json, found: str) -> bool:
    """Whether a hospital's number leads to somebody else than whom it describes."""
    if INSTITUTION not in work.viewer.tolerances:
        return False
    stored = resources.current(work.asked, work.region_id, "Patient", found)
    return stored is not None and identities.is_another(said, stored.resource())


def _ask_who(work: Work, item: Item) -> None:
    """Two people under one number: a person looks. Nothing of the one is put on the other meanwhile."""
    assert item.saved is not None
    arrivals.propose(
        work.conn, work.region_id, kind="identity-differs", source=work.viewer.source, at=work.now,
        reason="同一号码属于另一人，请核对身份 / the same number belongs to somebody else: check who it is",
        resource=arrivals.version_of(item.saved), patient_id=item.id, arrival_id=None,
    )  # fmt: skip
