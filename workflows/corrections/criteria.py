"""Another version of the criteria table (D-9, AC-34): whose result the new one would see differently. Open cases keep
the result they have until their next visit; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from engine.clock import CHINA
from engine.dmn import Definitions
from engine.feel import to_plain
from engine.store import reads
from workflows import prefill, tables
from workflows.corrections.grading import in_force
from workflows.duplicates import JOURNEY
from workflows.facts import assessed, date_of, derived
from workflows.people.model import Principal
from workflows.people.visibility import care_in, may_read_woman
from workflows.services import Services

TABLE = "grading_auto"  # D3: which criteria the facts show
MOST_CASES = 5000
PAGE = 200


@dataclass(frozen=True, kw_only=True)
class TableVersion:
    version: int
    deployed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Affected:
    """A case that was looked at by an older version: criteria that the new one shows besides, and shows no more."""

    pregnancy_id: str
    version: int
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    variables: Mapping[str, Any]


def versions(services: Services, conn: Any) -> list[TableVersion]:
    """Newest first."""
    found = [d for d in reads.definitions(conn, services.region_id) if (d.kind, d.key) == ("decision", TABLE)]
    listed = [TableVersion(version=d.version, deployed_at=d.deployed_at) for d in found]
    return sorted(listed, key=lambda one: one.version, reverse=True)


def affected(services: Services, conn: Any, by: Principal, on: date) -> list[Affected]:
    """Of the women whom the caller may know of; empty while there is one version."""
    known = versions(services, conn)
    if len(known) < 2:
        return []
    models = {one.version: services.engine.decision_model(TABLE, one.version)[0] for one in known}
    newest = known[0].version
    found = []
    for case in _open_cases(services, conn):
        variables = dict(case.variables)
        then = version_at(known, looked_at(variables, case.started_at))
        if then == newest or not may_read_woman(by, care_in(variables)):
            continue
        facts = {name: fact.value for name, fact in services.facts(conn, case.business_key).items()}
        before, now = (_shown(models[version], facts, variables, on) for version in (then, newest))
        gained, lost = _told(now - before, by), _told(before - now, by)
        if gained or lost:
            found.append(
                Affected(pregnancy_id=case.business_key, version=then, gained=gained, lost=lost, variables=variables)
            )
    return found


def looked_at(variables: Mapping[str, Any], otherwise: datetime) -> datetime:
    """When her result was made: the grading in force, else her last visit, else when the case began."""
    result = in_force(variables)
    texts = [str(result["graded_at"]) if result else None, str(variables.get("visit_on") or "") or None]
    moments = [_moment(text) for text in texts if text]
    return max(moments, default=otherwise)


def version_at(known: list[TableVersion], at: datetime) -> int:
    """`known`: newest first."""
    return next((one.version for one in known if one.deployed_at <= at), known[-1].version)


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=CHINA)


def _told(codes: set[str], by: Principal) -> tuple[str, ...]:
    """A criterion of purple names an infection."""
    return tuple(sorted(code for code in codes if by.restricted or not code.startswith("P")))


def _shown(model: Definitions, facts: Mapping[str, Any], variables: Mapping[str, Any], on: date) -> set[str]:
    edd = date_of(variables.get("edd"))
    reference = prefill.policy(variables)["age_reference"]
    known = tables.measured(assessed(derived(facts, on, edd), reference, edd))
    now = datetime(on.year, on.month, on.day, 12, tzinfo=CHINA)
    asked = {"facts": known, "policy": prefill.policy(variables)}
    return set(to_plain(model.evaluate(TABLE, asked, now=now, explained=False).value) or ())


def _open_cases(services: Services, conn: Any) -> list[Any]:
    found: list[Any] = []
    after: UUID | None = None
    while len(found) < MOST_CASES:
        page = reads.instances(
            conn, services.region_id, definition_key=JOURNEY, status="active", after=after, limit=PAGE
        )
        found += page
        if len(page) < PAGE:
            break
        after = page[-1].id
    return found
