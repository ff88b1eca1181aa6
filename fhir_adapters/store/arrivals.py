"""Raw arrivals and what became of them. Each function sends what its name says on the connection it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from engine.store import sql
from fhir_adapters.store import resources
from fhir_adapters.store.resources import Saved

SQL = sql.load(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What came, byte for byte."""

    id: UUID
    client: str
    channel: str  # hl7v2 | cda | csv | view | fhir | document
    origin: str
    control_id: str
    received_at: datetime
    digest: str
    body: bytes
    corrects: UUID | None
    corrected_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it. `problems`: code, zh, en and place of each; `notes`: the same of what is in order and changed
    nothing; `became`: references."""

    arrival_id: UUID
    client: str
    channel: str
    kind: str
    state: str  # waiting | understood | not-understood | corrected | discarded
    attempts: int
    problems: list[dict[str, str]]
    notes: list[dict[str, str]]
    became: list[str]
    repeats: int
    received_at: datetime
    at: datetime
    by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    client: str
    channel: str
    state: str
    arrivals: int
    repeats: int


def add(
    conn: Connection[Any],
    region_id: str,
    *,
    client: str,
    channel: str,
    origin: str,
    control_id: str,
    kind: str,
    digest: str,
    body: bytes,
    now: datetime,
    corrects: UUID | None = None,
    corrected_by: str | None = None,
) -> tuple[UUID, bool]:
    """Its id, and whether it is new: the same bytes under the same number are received once."""
    key = {"region_id": region_id, "client": client, "channel": channel, "control_id": control_id, "digest": digest}
    given = {**key, "id": uuid4(), "origin": origin, "body": body, "now": now, "kind": kind}
    given |= {"corrects": corrects, "corrected_by": corrected_by}
    made = conn.execute(SQL["add_arrival"], given).fetchone()
    if made is not None:
        conn.execute(SQL["begin_outcome"], given)
        return made[0], True
    found = conn.execute(SQL["same_arrival"], key).fetchone()
    assert found is not None
    conn.execute(SQL["count_repeat"], {"region_id": region_id, "id": found[0]})
    return found[0], False


def arrival(conn: Connection[Any], region_id: str, id_: UUID) -> Arrival | None:
    with conn.cursor(row_factory=class_row(Arrival)) as cursor:
        return cursor.execute(SQL["arrival"], {"region_id": region_id, "id": id_}).fetchone()


def outcome(conn: Connection[Any], region_id: str, id_: UUID, *, held: bool = False) -> Outcome | None:
    """`held`: until the transaction ends."""
    with conn.cursor(row_factory=class_row(Outcome)) as cursor:
        return cursor.execute(
            SQL["hold_outcome" if held else "outcome"], {"region_id": region_id, "id": id_}
        ).fetchone()


def settle(
    conn: Connection[Any],
    region_id: str,
    id_: UUID,
    state: str,
    *,
    kind: str,
    now: datetime,
    problems: Sequence[Mapping[str, str]] = (),
    notes: Sequence[Mapping[str, str]] = (),
    became: Sequence[str] = (),
    by: str | None = None,
    reason: str | None = None,
) -> None:
    given = {"state": state, "kind": kind, "now": now, "by": by, "reason": reason}
    told = {"problems": Jsonb(list(problems)), "notes": Jsonb(list(notes)), "became": Jsonb(list(became))}
    conn.execute(SQL["settle_outcome"], {"region_id": region_id, "id": id_, **given, **told})


def listed(
    conn: Connection[Any],
    region_id: str,
    states: Sequence[str],
    limit: int,
    client: str | None = None,
    channel: str | None = None,
    *,
    noted: bool = False,
) -> list[Outcome]:
    """Newest first; with `noted` what was understood and changed nothing."""
    given = {"states": list(states), "limit": limit, "client": client, "channel": channel, "noted": noted}
    with conn.cursor(row_factory=class_row(Outcome)) as cursor:
        return cursor.execute(SQL["arrivals"], {"region_id": region_id, **given}).fetchall()


def waiting(conn: Connection[Any], region_id: str, before: datetime, limit: int) -> list[UUID]:
    rows = conn.execute(SQL["waiting_arrivals"], {"region_id": region_id, "before": before, "limit": limit})
    return [row[0] for row in rows.fetchall()]


def counts(conn: Connection[Any], region_id: str) -> list[Counted]:
    rows = conn.execute(SQL["arrival_counts"], {"region_id": region_id}).fetchall()
    return [Counted(client=c, channel=ch, state=s, arrivals=n, repeats=int(r)) for c, ch, s, n, r in rows]


def count_open(conn: Connection[Any], region_id: str, client: str, channel: str) -> int:
    """Of one client: what waits for a person."""
    row = conn.execute(SQL["count_open"], {"region_id": region_id, "client": client, "channel": channel}).fetchone()
    return int(row[0]) if row else 0


def forget(conn: Connection[Any], region_id: str, before: datetime) -> int:
    """Of what was settled; answers how many went."""
    return conn.execute(SQL["forget_arrivals"], {"region_id": region_id, "before": before}).rowcount


def forget_news(conn: Connection[Any], region_id: str, prefix: str, before: datetime) -> int:
    """Of what nothing was said since; answers how many went."""
    given = {"region_id": region_id, "prefix": prefix, "before": before}
    return conn.execute(SQL["forget_news"], given).rowcount


def have_effect(conn: Connection[Any], region_id: str, versions: Sequence[Saved]) -> bool:
    """Whether one of these versions moved a case, or a person is asked about it."""
    columns = {"types": [v.type for v in versions], "ids": [v.id for v in versions]}
    given = {"region_id": region_id, **columns, "versions": [v.version for v in versions]}
    row = conn.execute(SQL["effects_of"], given).fetchone()
    return bool(row and row[0])


def propose(
    conn: Connection[Any],
    region_id: str,
    *,
    kind: str,
    source: str,
    reason: str,
    at: datetime,
    resource: tuple[str, str, int],
    patient_id: str | None,
    arrival_id: UUID | None,
) -> None:
    """One question to a person. An unmapped code is asked once as long as that question is open."""
    type_, id_, version = resource
    given = {"kind": kind, "source": source, "reason": reason, "at": at, "patient_id": patient_id}
    given |= {"type": type_, "resource_id": id_, "version": version, "arrival_id": str(arrival_id or "")}
    statement = "ask_for_code" if kind == "unmapped-code" else "propose"
    conn.execute(SQL[statement], {"region_id": region_id, "id": uuid4(), **given})


def patients_with(conn: Any, region_id: str, identities: Sequence[tuple[str, str]]) -> list[str]:
    """Every live patient who carries or holds one of these identities."""
    pairs = [(system, value.strip().upper()) for system, value in identities]
    found = {one for pair in pairs for one in resources.with_identifier(conn, region_id, "Patient", [pair])}
    given = {"systems": [s for s, _ in pairs], "values": [v for _, v in pairs]}
    held = conn.execute(SQL["holders_of"], {"region_id": region_id, **given}).fetchall()
    return sorted(found | {row[0] for row in held})


def version_of(saved: Saved) -> tuple[str, str, int]:
    return saved.type, saved.id, saved.version


def mark_of(conn: Connection[Any], region_id: str, client: str, name: str) -> datetime | None:
    """Up to where a view's rows were taken."""
    row = conn.execute(SQL["mark_of"], {"region_id": region_id, "client": client, "name": name}).fetchone()
    return row[0] if row else None


def put_mark(conn: Connection[Any], region_id: str, client: str, name: str, mark: datetime, now: datetime) -> None:
    given = {"region_id": region_id, "client": client, "name": name, "mark": mark, "now": now}
    conn.execute(SQL["put_mark"], given)
