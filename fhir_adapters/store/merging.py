"""Records that became one: what is found under whom afterwards. Runs in the transaction of its connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from engine.store import plain, sql
from engine.store.wire import ask, tell
from fhir_adapters.search.index import written
from fhir_adapters.store.texts import Stored, elements
from fhir_adapters.terminology import ACCOUNT, CONFIDENTIALITY

SQL = sql.load(__file__)
PATIENT, PREGNANCY = "patient", "pregnancy"
DOCUMENT = "DocumentReference"  # as which a part of a merge names what lies beside the resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """One merge that stands. `before`: what it changed beside the resources, as it was."""

    id: UUID
    at: datetime
    by: str
    survivor_id: str
    replaced_id: str
    closed: str | None
    kept: str | None
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One resource, and whose it was before; with `came_later`, for whom it was sent after the merge."""

    type: str
    id: str
    patient_id: str
    episode_id: str | None
    came_later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A resource that was not there yet when two records were merged. `as_entered`: its first text."""

    stored: Stored
    at: datetime
    as_entered: str


def survivor_of(conn: Any, region_id: str, kind: str, id_: str) -> str | None:
    rows = ask(conn, SQL["survivor_of"], {"region_id": region_id, "kind": kind, "old_id": id_})
    return rows[0][0] if rows else None


def add(conn: Connection[Any], region_id: str, kind: str, old_id: str, survivor_id: str, at: datetime, by: str) -> None:
    key = {"region_id": region_id, "kind": kind, "old_id": old_id, "survivor_id": survivor_id}
    conn.execute(SQL["add_merged"], {**key, "at": at, "by": by})


def all_of_patient(conn: Connection[Any], region_id: str, patient_id: str) -> list[Stored]:
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        return cursor.execute(SQL["all_of_patient"], {"region_id": region_id, "patient_id": patient_id}).fetchall()


def ownership(conn: Connection[Any], region_id: str, type_: str, id_: str) -> tuple[bool, str | None]:
    """Whether the engine keeps it, and the case it is filed under."""
    row = conn.execute(SQL["owned_by_engine"], {"region_id": region_id, "type": type_, "id": id_}).fetchone()
    assert row is not None
    return row[0], row[1]


def repoint(
    conn: Connection[Any], region_id: str, resource: Mapping[str, Any], patient_id: str, episode_id: str | None
) -> None:
    """`resource` as it would read with the new references: by them it is found, its stored text stays."""
    found = written(region_id, resource, elements(resource))
    key = {"region_id": region_id, "type": resource["resourceType"], "id": resource["id"]}
    conn.execute(
        SQL["repoint"], {**key, "patient_id": patient_id, "episode_id": episode_id, "tokens": f"{{{found.tokens}}}"}
    )


def hand_over_identities(conn: Connection[Any], region_id: str, old_id: str, survivor_id: str) -> None:
    conn.execute(SQL["hand_over_identities"], {"region_id": region_id, "old_id": old_id, "survivor_id": survivor_id})


def open_questions_about(conn: Connection[Any], region_id: str, patient_id: str) -> list[Any]:
    rows = conn.execute(SQL["open_questions_about"], {"region_id": region_id, "patient_id": patient_id}).fetchall()
    return [row[0] for row in rows]


def keep(conn: Connection[Any], region_id: str, merge: Merge) -> None:
    key = {name: getattr(merge, name) for name in Merge.__dataclass_fields__}
    conn.execute(SQL["keep_merge"], {**key, "region_id": region_id, "before": Jsonb(merge.before)})


def keep_part(conn: Any, region_id: str, replaced_id: str, part: Part) -> None:
    """Of the merge that stands of this record; nothing where there is none."""
    key = {name: getattr(part, name) for name in Part.__dataclass_fields__}
    tell(conn, SQL["keep_part"], {**key, "region_id": region_id, "replaced_id": replaced_id})


def open_merge(conn: Connection[Any], region_id: str, replaced_id: str) -> Merge | None:
    with conn.cursor(row_factory=class_row(Merge)) as cursor:
        return cursor.execute(SQL["open_merge"], {"region_id": region_id, "replaced_id": replaced_id}).fetchone()


def last_merge(conn: Connection[Any], region_id: str, replaced_id: str) -> Merge | None:
    """That stands or was undone."""
    with conn.cursor(row_factory=class_row(Merge)) as cursor:
        return cursor.execute(SQL["last_merge"], {"region_id": region_id, "replaced_id": replaced_id}).fetchone()


def open_merges_into(conn: Connection[Any], region_id: str, survivor_id: str) -> list[Merge]:
    """Newest first."""
    with conn.cursor(row_factory=class_row(Merge)) as cursor:
        return cursor.execute(SQL["open_merges_into"], {"region_id": region_id, "survivor_id": survivor_id}).fetchall()


def end(conn: Connection[Any], region_id: str, merge_id: UUID, at: datetime, by: str) -> None:
    conn.execute(SQL["end_merge"], {"region_id": region_id, "id": merge_id, "at": at, "by": by})


def parts(conn: Connection[Any], region_id: str, merge_id: UUID) -> list[Part]:
    with conn.cursor(row_factory=class_row(Part)) as cursor:
        return cursor.execute(SQL["parts_of_merge"], {"region_id": region_id, "merge_id": merge_id}).fetchall()


def came_after(conn: Connection[Any], region_id: str, merge: Merge) -> list[Came]:
    """Oldest first; documents after all else."""
    key = {"region_id": region_id, "patient_id": merge.survivor_id, "since": merge.at, "known": merge.before["known"]}
    fields = tuple(Stored.__dataclass_fields__)
    found = [
        Came(stored=Stored(**dict(zip(fields, row[:8], strict=True))), at=row[8], as_entered=row[9])
        for row in conn.execute(SQL["came_after"], key)
    ]
    return [*found, *(_document(*row) for row in conn.execute(SQL["documents_since"], key))]


def _document(id_: str, owner: str, labels: list[str], at: datetime, title: str, names: str) -> Came:
    """A document as a resource would tell of it."""
    meta = {"security": [{"system": CONFIDENTIALITY, "code": label} for label in labels]}
    kind, _, login = owner.partition(":")
    by = {"performer": [{"identifier": {"system": ACCOUNT, "value": login}}]} if kind == "person" else {}
    body = plain.dumps({"description": title, **by}).decode()
    stored = Stored(
        type=DOCUMENT, id=id_, version=1, updated_at=at, deleted=False, source=owner, body=body,
        meta=plain.dumps(meta).decode(),
    )  # fmt: skip
    return Came(stored=stored, at=at, as_entered=names)


def documents_of(conn: Connection[Any], region_id: str, patient_id: str) -> list[Part]:
    key = {"region_id": region_id, "patient_id": patient_id}
    return [
        Part(type=DOCUMENT, id=id_, patient_id=patient_id, episode_id=episode_id, came_later=False)
        for id_, episode_id in conn.execute(SQL["documents_of"], key)
    ]


def move_document(conn: Connection[Any], region_id: str, id_: str, patient_id: str) -> None:
    conn.execute(SQL["move_document"], {"region_id": region_id, "id": id_, "patient_id": patient_id})


def version_of_patient(conn: Connection[Any], region_id: str, id_: str, version: int) -> Stored | None:
    with conn.cursor(row_factory=class_row(Stored)) as cursor:
        key = {"region_id": region_id, "id": id_, "version": version}
        return cursor.execute(SQL["version_of_patient"], key).fetchone()


def merged_into(conn: Connection[Any], region_id: str, kind: str, survivor_id: str) -> list[str]:
    key = {"region_id": region_id, "kind": kind, "survivor_id": survivor_id}
    return [row[0] for row in conn.execute(SQL["merged_into"], key)]


def remove(conn: Connection[Any], region_id: str, kind: str, old_id: str, earlier: Iterable[str]) -> None:
    """It is its own again, and so is what had become it before."""
    conn.execute(SQL["remove_merged"], {"region_id": region_id, "kind": kind, "old_id": old_id})
    key = {"region_id": region_id, "kind": kind, "survivor_id": old_id, "old_ids": list(earlier)}
    conn.execute(SQL["leads_to_again"], key)


def give_identity(conn: Connection[Any], region_id: str, system: str, value: str, id_: str, holder: str) -> None:
    key = {"region_id": region_id, "system": system, "value": value, "id": id_, "holder": holder}
    conn.execute(SQL["give_identity"], key)


def area_of(conn: Connection[Any], region_id: str, patient_id: str) -> list[str]:
    key = {"region_id": region_id, "patient_id": patient_id}
    return [row[0] for row in conn.execute(SQL["area_of"], key)]


def narrow_area(conn: Connection[Any], region_id: str, patient_id: str, organisations: Iterable[str]) -> None:
    key = {"region_id": region_id, "patient_id": patient_id, "organisations": sorted(set(organisations))}
    conn.execute(SQL["narrow_area"], key)
