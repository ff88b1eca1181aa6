"""Who did what when in a case, as far as the reader may know: the account's name and place, and what was decided by
which rules of which version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.store import reads
from workflows.people.model import Principal
from workflows.people.visibility import may_read_woman, told_to
from workflows.services import Services
from workflows.store import people as people_store

BY_OPERATORS = frozenset(  # what is told of these is why and how, nothing of a woman
    {"migrated", "reverted", "modified", "variables", "suspended", "activated", "terminated", "incident", "resolved"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`name` and `organisation`: of the account as the directory knows it today; None for the engine and for strangers.
    `detail`: None also where the reader may not know it."""

    at: datetime
    path: str
    element_id: str
    event: str
    by: str
    name: str | None
    organisation: str | None
    detail: Mapping[str, Any] | None


def of_instance(services: Services, conn: Any, caller: Principal, instance: Any) -> list[Told]:
    """In order. The caller has been let in already; what a decision was given and gave is for those who treat her."""
    care = people_store.care_of(conn, services.region_id, instance.id)
    clinical = (may_read_woman(caller, care) and caller.restricted) or not care
    tells = told_to(caller)
    people = {account.login: account for account in services.people.accounts()}
    return [
        Told(
            at=line.at,
            path=line.path,
            element_id=line.element_id,
            event=line.event,
            by=line.by,
            name=people[line.by].name if line.by in people else None,
            organisation=people[line.by].organisation_id if line.by in people else None,
            detail=_detail(line, instance, clinical),
        )
        for line in reads.history(conn, services.region_id, instance.id)
        if not care or tells(line.path)
    ]


def _detail(line: Any, instance: Any, clinical: bool) -> Mapping[str, Any] | None:
    detail = line.detail
    if detail is not None and line.event == "decided":
        decision = detail.get("decision")
        named = {"decision": decision, "version": (instance.pins.get("decision") or {}).get(decision)}
        return {**named, **detail} if clinical else named
    return detail if clinical or line.event in BY_OPERATORS else None
