"""A client's concept map, the codes that nothing is known of, what was put right, and what is agreed for other ways in.
Each function sends what its name says on the connection it is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from engine.store import plain, sql
from engine.store.wire import Asked, Wire, ask, tell
from fhir_adapters.arrivals.profile import Code
from fhir_adapters.search.index import hashed
from fhir_adapters.store.resources import Saved
from fhir_adapters.tolerances.kinds import Use

SQL = sql.load(__file__)
OWNER = "R-ITADM"  # whose task it is until somebody hands it on
Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A row of a client's concept map."""

    system: str
    code: str
    item: str
    unit: str | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A task "map code"."""

    client: str
    system: str
    code: str
    display: str
    seen: int
    first_at: datetime
    last_at: datetime
    owner: str
    state: str  # open | mapped | set-aside
    by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was entered for HL7 v2, CDA, files and views."""

    text: str
    by: str
    at: datetime


def codes_of(conn: Asked, region_id: str, client: str, wanted: Iterable[Key]) -> dict[Key, Code]:
    keys = sorted(wanted)
    if not keys:
        return {}
    given = {"systems": [system for system, _ in keys], "codes": [code for _, code in keys]}
    rows = ask(conn, SQL["codes_of"], {"region_id": region_id, "client": client, **given})
    return {(system, code): Code(item=item, unit=unit) for system, code, item, unit in rows}


def all_codes(conn: Connection[Any], region_id: str, client: str) -> list[Mapped]:
    with conn.cursor(row_factory=class_row(Mapped)) as cursor:
        return cursor.execute(SQL["all_codes"], {"region_id": region_id, "client": client}).fetchall()


def put_code(
    conn: Connection[Any], region_id: str, client: str, key: Key, code: Code, *, by: str, now: datetime
) -> None:
    given = {"system": key[0], "code": key[1], "item": code.item, "unit": code.unit, "by": by, "now": now}
    conn.execute(SQL["put_code"], {"region_id": region_id, "client": client, **given})


def drop_code(conn: Connection[Any], region_id: str, client: str, key: Key) -> bool:
    given = {"region_id": region_id, "client": client, "system": key[0], "code": key[1]}
    return conn.execute(SQL["drop_code"], given).rowcount > 0


def note_unmapped(
    conn: Connection[Any] | Wire, region_id: str, client: str, found: Iterable[tuple[str, str, str]], now: datetime
) -> None:
    """System, code and text, once for each version that was stored with it."""
    told = list(found)
    counted = Counter((system, code) for system, code, _ in told)
    names = {(system, code): text for system, code, text in told}
    if not counted:
        return
    columns = {
        "systems": [system for system, _ in counted],
        "codes": [code for _, code in counted],
        "displays": [names[key] for key in counted],
        "seen": list(counted.values()),
    }
    tell(conn, SQL["note_unmapped"], {"region_id": region_id, "client": client, "now": now, "owner": OWNER, **columns})


def unmapped(
    conn: Connection[Any], region_id: str, client: str, states: Sequence[str] = ("open",), limit: int = 200
) -> list[Unmapped]:
    """Those seen most first."""
    given = {"region_id": region_id, "client": client, "states": list(states), "limit": limit}
    with conn.cursor(row_factory=class_row(Unmapped)) as cursor:
        return cursor.execute(SQL["unmapped"], given).fetchall()


def count_unmapped(conn: Connection[Any], region_id: str) -> dict[str, int]:
    return dict(conn.execute(SQL["count_unmapped"], {"region_id": region_id}).fetchall())


def hand_over(conn: Connection[Any], region_id: str, client: str, key: Key, owner: str) -> bool:
    given = {"region_id": region_id, "client": client, "system": key[0], "code": key[1], "owner": owner}
    return conn.execute(SQL["hand_over"], given).rowcount > 0


def settle(conn: Connection[Any], region_id: str, client: str, key: Key, state: str, *, by: str, now: datetime) -> bool:
    given = {"system": key[0], "code": key[1], "state": state, "by": by, "now": now}
    return conn.execute(SQL["settle"], {"region_id": region_id, "client": client, **given}).rowcount > 0


def keep_tolerated(
    conn: Connection[Any] | Wire,
    region_id: str,
    client: str,
    found: Sequence[tuple[Saved, Sequence[Use]]],
    now: datetime,
) -> None:
    if not found:
        return
    columns = {
        "types": [saved.type for saved, _ in found],
        "ids": [saved.id for saved, _ in found],
        "versions": [saved.version for saved, _ in found],
        "uses": [plain.dumps([use.as_json() for use in uses]).decode() for _, uses in found],
    }
    tell(conn, SQL["keep_tolerated"], {"region_id": region_id, "client": client, "now": now, **columns})


def tolerated_of(conn: Connection[Any], region_id: str, type_: str, id_: str) -> list[dict[str, Any]]:
    """Version, client, at and uses: the values as they were sent."""
    rows = conn.execute(SQL["tolerated_of"], {"region_id": region_id, "type": type_, "id": id_}).fetchall()
    return [{"version": v, "client": client, "at": at, "uses": uses} for v, client, at, uses in rows]


def with_code(
    conn: Connection[Any], region_id: str, owner: str, key: Key, *, after: str = "", limit: int = 200
) -> list[str]:
    """Ids of the owner's live Observations with this code, in its code or in that of a component."""
    system, code = key
    form = f"{system}|{code}" if system else code
    tokens = [hashed(region_id, "Observation", name, form) for name in ("code", "component-code")]
    given = {"owner": owner, "tokens": tokens, "after": after, "limit": limit}
    return [row[0] for row in conn.execute(SQL["with_code"], {"region_id": region_id, **given}).fetchall()]


def inbound_of(conn: Connection[Any], region_id: str, client: str) -> Agreement | None:
    with conn.cursor(row_factory=class_row(Agreement)) as cursor:
        return cursor.execute(SQL["inbound_of"], {"region_id": region_id, "client": client}).fetchone()


def all_inbound(conn: Connection[Any], region_id: str) -> Mapping[str, str]:
    return dict(conn.execute(SQL["all_inbound"], {"region_id": region_id}).fetchall())


def put_inbound(conn: Connection[Any], region_id: str, client: str, text: str, *, by: str, now: datetime) -> None:
    given = {"region_id": region_id, "client": client, "text": text, "by": by, "now": now}
    conn.execute(SQL["put_inbound"], given)


def drop_inbound(conn: Connection[Any], region_id: str, client: str) -> bool:
    return conn.execute(SQL["drop_inbound"], {"region_id": region_id, "client": client}).rowcount > 0
