"""What is asked or noted of all resources of a request at once, instead of one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection

from engine.store.wire import Asked, Wire, ask, tell
from fhir_adapters.store.resources import SQL, Saved


def same_of(
    conn: Asked, region_id: str, owner: str, wanted: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], str]:
    """Of type, patient and content hash: the resource with which this sender has already said so."""
    if not wanted:
        return {}
    types, patients, hashes = (list(column) for column in zip(*wanted))
    key = {"region_id": region_id, "owner": owner, "types": types, "patients": patients, "hashes": hashes}
    return {(row[0], row[1], row[2]): row[3] for row in ask(conn, SQL["same_contents"], key)}


def record_events(
    conn: Connection[Any] | Wire,
    region_id: str,
    caused: Sequence[tuple[Saved, str | None, str]],
    event: str,
    at: datetime,
) -> None:
    """Note that each of these versions, with its case and result, caused this event."""
    if not caused:
        return
    columns = {
        "types": [saved.type for saved, _, _ in caused],
        "ids": [saved.id for saved, _, _ in caused],
        "versions": [saved.version for saved, _, _ in caused],
        "episodes": [episode_id for _, episode_id, _ in caused],
        "results": [result for _, _, result in caused],
    }
    tell(conn, SQL["record_events"], {"region_id": region_id, "event": event, "at": at, **columns})
