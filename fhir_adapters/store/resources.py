"""Reading and writing resources. Every function runs in the transaction of the connection it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from engine.store import sql
from engine.store.wire import Alone, Asked, Wire, ask, call, foresee, tell
from fhir_adapters.access import Viewer
from fhir_adapters.search.index import NOTHING, has_strings, hashed, identifier_value, written
from fhir_adapters.stencils import Row
from fhir_adapters.store import inside
from fhir_adapters.store.texts import Stored, elements, split
from fhir_adapters.terminology import CANONICAL_BASE, is_identity, same_system
from fhir_adapters.types import episode_of, labels_of, patient_of

SQL = sql.load(__file__)
ENGINE = "engine"
_STORED = tuple(Stored.__dataclass_fields__)  # in the order in which statements name the columns


@dataclass(frozen=True, slots=True)
class Saved:
    type: str
    id: str
    version: int
    changed: bool
    stored: Stored | None = None  # as it was written, where it was

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    version: int
    deleted: bool
    engine_owned: bool
    owner: str
    patient_id: str | None
    episode_id: str | None


_HEAD = tuple(Head.__dataclass_fields__)


@dataclass(slots=True, kw_only=True)
class Draft:
    """One resource to be written. `episode_id` where the case is known from elsewhere than the resource itself;
    `is_new` where it cannot be there yet, which only saves a look."""

    resource: Mapping[str, Any]
    episode_id: str | None = None
    deleted: bool = False
    is_new: bool = False
    about: str | None = None  # where it is about no patient: whose matter


def parameters(
    region_id: str,
    at: datetime,
    source: str,
    drafts: Sequence[Draft],
    *,
    engine_owned: bool,
    written_rows: Sequence[Row] = (),
) -> dict[str, Any]:
    """What `save_resources` takes. Pure, so that the projection can build it before a connection is at hand.
    `written_rows`: resources that are rows already. Of two of one resource the last one stands."""
    where = None if engine_owned or source == ENGINE else f"{CANONICAL_BASE}/source/{source.partition(':')[2]}"
    made = {(row["type"], row["id"]): row for row in written_rows}
    last = {(d.resource["resourceType"], d.resource["id"]): d for d in drafts}
    made |= {key: row(region_id, key, draft, where or _sender(draft, source)) for key, draft in last.items()}
    rows = [made[key] for key in sorted(made)]  # one order of locks for everybody
    return {
        "region_id": region_id,
        "at": at,
        "source": source,
        "engine_owned": engine_owned,
        "resources": Jsonb(rows),
    }


def _sender(draft: Draft, source: str) -> str | None:
    """What we add to another's resource does not make it ours: its meta goes on naming whoever sent it."""
    named = (draft.resource.get("meta") or {}).get("source") if source == ENGINE else None
    return str(named) if named else None


def row(region_id: str, key: tuple[str, str], draft: Draft, where: str | None = None) -> Row:
    """A resource as `save_resources` takes it."""
    resource = draft.resource
    texts = elements(resource)
    parts = split(resource, where, texts)
    found = NOTHING if draft.deleted else written(region_id, resource, texts)
    made = {
        "type": key[0],
        "id": key[1],
        "body": parts.body,
        "meta": parts.meta,
        "hash": parts.content_hash,
        "deleted": draft.deleted,
        "patient": patient_of(resource) or draft.about,
        "episode": draft.episode_id or episode_of(resource),
        "labels": _array(labels_of(resource)),
        "tokens": f"{{{found.tokens}}}",
        "dates": found.dates,
    }
    if draft.is_new:
        made["new"] = True
    if has_strings(key[0]):
        made["strings"] = found.strings
    return made


def _array(values: Iterable[Any]) -> str:
    """As PostgreSQL writes an array of numbers or plain words."""
    return "{" + ",".join(map(str, values)) + "}"


def save(
    conn: Asked,
    region_id: str,
    at: datetime,
    source: str,
    drafts: Sequence[Draft],
    *,
    engine_owned: bool = False,
) -> list[Saved]:
    """Write resources and say which version each now has, and whether that is new."""
    if not drafts:
        return []
    given = parameters(region_id, at, source, drafts, engine_owned=engine_owned)
    rows = ask(conn, SQL["save_resources"], given)
    if not engine_owned:
        _claim_identities(conn, region_id, drafts)
    sent = {(row["type"], row["id"]): row for row in given["resources"].obj}
    saved = {(row[0], row[1]): _saved(row, sent[row[0], row[1]], at, source) for row in rows}
    return [saved[d.resource["resourceType"], d.resource["id"]] for d in drafts]


def _saved(row: Sequence[Any], sent: Mapping[str, Any], at: datetime, source: str) -> Saved:
    type_, id_, version, changed = row
    text = {"body": sent["body"], "meta": sent["meta"], "deleted": sent["deleted"], "source": source}
    stored = Stored(type=type_, id=id_, version=version, updated_at=at, **text) if changed else None
    return Saved(type_, id_, version, changed, stored)


def _claim_identities(conn: Asked, region_id: str, drafts: Sequence[Draft]) -> None:
    """The first resource with an identity holds it; later ones are told apart by search."""
    wanted = set()
    for draft in drafts:
        for identifier in draft.resource.get("identifier", ()) if not draft.deleted else ():
            system, value = (
                identifier.get("system"),
                identifier.get("value") if isinstance(identifier, Mapping) else None,
            )
            if system and value and is_identity(same_system(system)):
                key = (draft.resource["resourceType"], same_system(system), identifier_value(value))
                wanted.add((*key, draft.resource["id"]))
    for type_, system, value, id_ in sorted(wanted):  # one order for everybody: no deadlocks
        claim(conn, region_id, type_, system, value, id_)


def claim(conn: Asked, region_id: str, type_: str, system: str, value: str, id_: str) -> str | None:
    """Take an identity for `id_`; answers None when it is taken now, else who holds it."""
    key = {"region_id": region_id, "type": type_, "system": system, "value": value}
    if ask(conn, SQL["claim_identity"], {**key, "id": id_}):
        return None
    rows = ask(conn, SQL["holder_of_identity"], key)
    return rows[0][0] if rows else None


def release(conn: Connection[Any] | Wire, region_id: str, type_: str, id_: str) -> None:
    tell(conn, SQL["release_identities"], {"region_id": region_id, "type": type_, "id": id_})


def lock(conn: Asked, region_id: str, type_: str, id_: str) -> Head | None:
    """The head of a resource, held until the transaction ends; None when there never was one."""
    rows = ask(conn, SQL["lock"], {"region_id": region_id, "type": type_, "id": id_})
    return Head(**dict(zip(_HEAD, rows[0], strict=True))) if rows else None


def hold(conn: Connection[Any] | Wire, region_id: str, type_: str, id_: str) -> None:
    """As `lock`, for who asks nothing of it."""
    tell(conn, SQL["lock"], {"region_id": region_id, "type": type_, "id": id_})


def current(conn: Asked, region_id: str, type_: str, id_: str) -> Stored | None:
    """The live version, whoever asks."""
    rows = ask(conn, SQL["current"], {"region_id": region_id, "type": type_, "id": id_})
    return _of_row(rows[0]) if rows else None


def read(
    conn: Asked,
    region_id: str,
    type_: str,
    id_: str,
    viewer: Viewer,
    version: int | None = None,
    *,
    letters: str | None = "r",
) -> tuple[Stored, str | None] | None:
    """The newest or one version, with the patient it is about, as far as the viewer may know of it, and as far as the
    scopes go that have one of these letters; None: whatever the scopes, for rules that look at what is there."""
    key = _seen_by(region_id, type_, id_, viewer, version)
    rows = ask(conn, SQL["read" if version is None else "read_version"], key)
    if not rows:
        return None
    *parts, patient_id = rows[0]
    stored = _of_row(parts)
    return (stored, patient_id) if letters is None or viewer.sees(region_id, stored, letters) else None


def read_traced(
    conn: Connection[Any], region_id: str, type_: str, id_: str, viewer: Viewer, organisation: str, believed: Any
) -> Stored | None:
    """The newest version with the trace of the look, in one round trip and one transaction, on a connection that is in
    none. None, and no trace, where anything at all is to be refused: also where the caller is not believed any more."""
    key = {"region_id": region_id, "type": type_, "id": id_, **view(viewer), "organisation": organisation}
    key |= {"epoch": believed.epoch, "at": believed.at, "kind": viewer.kind, "actor": believed.principal.login}
    rows = call(conn, SQL["read_traced"], key)
    if not rows:
        return None
    version, updated_at, source, body, meta = rows[0]
    return Stored(
        type=type_, id=id_, version=version, updated_at=updated_at, deleted=False, source=source, body=body, meta=meta
    )


def history(
    conn: Connection[Any],
    region_id: str,
    type_: str,
    id_: str | None,
    viewer: Viewer,
    *,
    limit: int,
    since: datetime | None = None,
    at: tuple[datetime, datetime] | None = None,
    before: tuple[datetime, str, int] | None = None,
) -> list[tuple[Stored, str | None]]:
    """Versions, newest first; with `before` those that follow on the next page. `at`: current at some moment of it."""
    key = {"region_id": region_id, "type": type_, "id": id_, "since": since, **view(viewer)}
    key |= {"at_low": at[0] if at else None, "at_high": at[1] if at else None}
    key["about"] = viewer.about(type_)

    def fetch(most: int, last: tuple[Stored, str | None] | None) -> list[tuple[Stored, str | None]]:
        after = (last[0].updated_at, last[0].id, last[0].version) if last else before or (None, None, None)
        key.update({"limit": most, "before": after[0], "before_id": after[1], "before_version": after[2]})
        with conn.cursor(row_factory=dict_row) as cursor:
            return [_stored(row) for row in cursor.execute(SQL["history"], key)]

    return inside.page(viewer, region_id, limit, fetch, itemgetter(0))


def narrow(conn: Connection[Any], viewer: Viewer) -> None:
    """What the statements of this transaction forget to ask, the database asks: beneath `viewer`, not instead of it."""
    ask(conn, SQL["narrow"], view(viewer))


def view(viewer: Viewer) -> dict[str, Any]:
    return {
        "viewer": viewer.source,
        "cleared": list(viewer.cleared),
        "organisations": list(viewer.organisations),
    }


def _of_row(row: Sequence[Any]) -> Stored:
    return Stored(**dict(zip(_STORED, row, strict=True)))


def _stored(row: dict[str, Any]) -> tuple[Stored, str | None]:
    patient_id = row.pop("patient_id")
    return Stored(**row), patient_id


def with_identifier(conn: Asked, region_id: str, type_: str, pairs: Iterable[tuple[str | None, str]]) -> list[str]:
    """Ids of live resources that carry all of these identifiers; at most three, enough to tell none, one, several."""
    forms = [
        f"{same_system(system)}|{identifier_value(value)}" if system else identifier_value(value)
        for system, value in pairs
    ]
    tokens = [hashed(region_id, type_, "identifier", form) for form in forms]
    rows = ask(conn, SQL["having_tokens"], {"region_id": region_id, "type": type_, "tokens": tokens})
    return [row[0] for row in rows]


def of_episode(conn: Asked, region_id: str, episode_id: str, types: Sequence[str]) -> list[Stored]:
    key = {"region_id": region_id, "episode_id": episode_id, "types": list(types)}
    return [_of_row(row) for row in ask(conn, SQL["resources_of_episode"], key)]


@dataclass(frozen=True, slots=True)
class OfHer:
    """A current resource of hers. `body`: None where it is asked for apart. What it says follows from `id` and
    `content_hash`."""

    type: str
    id: str
    version: int
    content_hash: str
    updated_at: datetime
    body: str | None


def known_of_her(conn: Connection[Any] | Alone, region_id: str, episode_id: str) -> list[OfHer]:
    """The Patient of a case, whole, and the heads of her Observations in it."""
    key = {"region_id": region_id, "episode_id": episode_id}
    whose = ask(conn, SQL["woman_of_episode"], key)  # apart: together they would be planned anew with every question
    if not whose or whose[0][0] is None:
        return []
    return [OfHer(*row) for row in ask(conn, SQL["what_is_known_of_her"], {**key, "woman": whose[0][0]})]


def texts_of_observations(conn: Connection[Any] | Alone, region_id: str, heads: Iterable[OfHer]) -> dict[str, str]:
    """The body of each, by id."""
    wanted = {head.id: head.version for head in heads}
    rows = ask(conn, SQL["texts_of_observations"], {"region_id": region_id, "ids": list(wanted)}) if wanted else []
    return {id: body for id, version, body in rows if wanted[id] == version}


def of_patient(conn: Asked, region_id: str, patient_id: str, types: Sequence[str]) -> list[Stored]:
    key = {"region_id": region_id, "patient_id": patient_id, "types": list(types)}
    return [_of_row(row) for row in ask(conn, SQL["resources_of_patient"], key)]


def episodes_of_patient(conn: Asked, region_id: str, patient_id: str) -> list[Stored]:
    """What is asked with every result that comes."""
    key = {"region_id": region_id, "patient_id": patient_id}
    return [_of_row(row) for row in ask(conn, SQL["episodes_of_patient"], key)]


def foresee_patient(conn: Asked, region_id: str, patient_id: str, viewer: Viewer) -> None:
    """Whether the viewer may know of her, and her pregnancies: both are going to be asked (`foresee`)."""
    foresee(conn, SQL["read"], _seen_by(region_id, "Patient", patient_id, viewer))
    foresee(conn, SQL["episodes_of_patient"], {"region_id": region_id, "patient_id": patient_id})


def _seen_by(region_id: str, type_: str, id_: str, viewer: Viewer, version: int | None = None) -> dict[str, Any]:
    return {"region_id": region_id, "type": type_, "id": id_, "version": version, **view(viewer)}


def add_area(conn: Connection[Any] | Wire, region_id: str, patient_id: str, organisations: Iterable[str]) -> None:
    key = {"region_id": region_id, "patient_id": patient_id, "organisations": sorted(set(organisations))}
    tell(conn, SQL["add_area"], key)


def share_area(conn: Connection[Any] | Wire, region_id: str, mother_id: str, child_id: str) -> None:
    tell(conn, SQL["share_area"], {"region_id": region_id, "mother_id": mother_id, "child_id": child_id})


def record_event(
    conn: Asked, region_id: str, saved: Saved, event: str, episode_id: str | None, result: str, at: datetime
) -> bool:
    """Note that this version caused this event; False when it had already."""
    key = {"region_id": region_id, "type": saved.type, "id": saved.id, "version": saved.version}
    key |= {"event": event, "episode_id": episode_id, "result": result, "at": at}
    return bool(ask(conn, SQL["record_event"], key))


def same(conn: Asked, region_id: str, type_: str, patient_id: str, owner: str, content_hash: str) -> str | None:
    """A resource that this sender has already said in the same words."""
    key = {"region_id": region_id, "type": type_, "patient_id": patient_id}
    rows = ask(conn, SQL["same_content"], {**key, "owner": owner, "content_hash": content_hash})
    return rows[0][0] if rows else None
