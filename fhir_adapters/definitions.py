"""Diagrams, tables and regional packs as they are deployed, read as FHIR. Nothing of it is stored twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.store import reads
from fhir_adapters.mappings.common import Json
from fhir_adapters.mappings.definition import DECISION, PROCESS, Deployed, to_activity, to_library, to_pack, to_plan
from fhir_adapters.mappings.definition import user_tasks as tasks_in
from workflows.regions import load_pack, pack_ids, pack_text

TYPES = ("ActivityDefinition", "Library", "PlanDefinition")
_PACK = "pack-"


def deployed(conn: Any, region_id: str, *, newest: bool) -> Iterator[Deployed]:
    """Every process and table, or the newest version of each."""
    rows = [row for row in reads.definitions(conn, region_id) if row.kind in (PROCESS, DECISION)]
    last = {(row.kind, row.key): row.version for row in rows}  # they come in the order of their versions
    for row in rows:
        is_newest = last[row.kind, row.key] == row.version
        if newest and not is_newest:
            continue
        found = reads.definition(conn, region_id, row.kind, row.key, row.version)
        if found is not None:
            yield Deployed(
                kind=row.kind,
                key=row.key,
                version=row.version,
                name=row.name,
                deployed_at=row.deployed_at,
                is_newest=is_newest,
                content=found.xml,
            )


def read_all(conn: Any, region_id: str, type_: str, now: datetime) -> Iterator[Json]:
    """PlanDefinitions and Libraries in every version; the activities of the processes that cases begin with today."""
    if type_ == "ActivityDefinition":
        yield from _activities(conn, region_id)
        return
    for one in deployed(conn, region_id, newest=False):
        yield to_plan(one) if type_ == "PlanDefinition" else to_library(one)
    if type_ == "Library":
        yield from (_pack(pack_id, now) for pack_id in pack_ids())


def read_one(conn: Any, region_id: str, type_: str, id_: str, now: datetime) -> Json | None:
    if type_ == "Library" and id_.startswith(_PACK):
        pack_id = id_.removeprefix(_PACK)
        return _pack(pack_id, now) if pack_id in pack_ids() else None
    return next((one for one in read_all(conn, region_id, type_, now) if one["id"] == id_), None)


def _activities(conn: Any, region_id: str) -> Iterator[Json]:
    """One for each kind of task; of a kind that two processes know the first."""
    seen: set[str] = set()
    for one in deployed(conn, region_id, newest=True):
        if one.kind == PROCESS:
            for kind, title in tasks_in(one.content).items():
                if kind not in seen:
                    seen.add(kind)
                    yield to_activity(kind, title, one)


def _pack(pack_id: str, now: datetime) -> Json:
    pack = load_pack(pack_id)
    is_active = pack.is_valid(now.astimezone(CHINA).date())
    return to_pack(pack.id, pack.name, pack.version, pack.values, text=pack_text(pack_id), active=is_active)
