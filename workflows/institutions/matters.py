"""What institutions begin by hand: notices, checks, adverse events, requests, reviews (P19, P20, P22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml

from engine.commands.contracts import IdempotencyKey, StartInstance
from engine.errors import Conflict, Forbidden, Incorrect, NotFound, Text
from engine.store import reads
from workflows import duplicates
from workflows.institutions import directory
from workflows.people.model import Organisation, Principal
from workflows.people.visibility import care_in
from workflows.services import Services
from workflows.store import institutions as store

FILE = Path(__file__).parent / "matters.yaml"
LISTED = ("official_notice", "inspection", "adverse_event", "support_request", "action_item", "near_miss_review")
MOST = 200
SAMPLED = 5  # cases that a check looks into [default]
SAMPLED_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`to`: own, other or woman. `at`: the kinds of institution that it may be sent to."""

    key: str
    name: Text
    form: str
    roles: frozenset[str]
    to: str
    at: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One that was begun, as a list shows it."""

    instance_id: UUID
    kind: str
    name: Any
    organisation: str | None
    from_organisation: str | None
    is_open: bool
    at: Any
    task_id: UUID | None


@cache
def kinds() -> dict[str, Kind]:
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        row["key"]: Kind(
            key=row["key"],
            name=Text(zh=row["zh"], en=row["en"]),
            form=row["form"],
            roles=frozenset(row["roles"]),
            to=row["to"],
            at=frozenset(row["at"]),
        )
        for row in rows
    }


def kinds_for(by: Principal) -> list[Kind]:
    """Those that the caller may begin."""
    return [kind for kind in kinds().values() if kind.roles & by.roles]


def begin(
    services: Services,
    key: str,
    *,
    by: Principal,
    organisation: str | None = None,
    pregnancy_id: str | None = None,
    matter_id: str | None = None,
    idempotency: IdempotencyKey | None = None,
) -> UUID:
    """The instance that was begun; its first task is a form. Raises NotFound, Forbidden, Incorrect, Conflict."""
    kind = kinds().get(key)
    if kind is None:
        raise NotFound("没有这种事项", "no such kind of matter")
    if not kind.roles & by.roles:
        raise Forbidden("您的角色不能发起此事项", "your role does not begin this")
    if kind.to == "woman":
        variables, business_key = _about_woman(services, kind, by, pregnancy_id), pregnancy_id
    else:
        business_key = matter_id or str(uuid4())
        variables = _between_institutions(services, kind, by, organisation, business_key)
    start = StartInstance(definition_key=kind.key, business_key=business_key, variables=variables)
    return UUID(str(services.engine.execute(start, by=by.actor, idempotency=idempotency).instance_id))


def _between_institutions(
    services: Services, kind: Kind, by: Principal, organisation: str | None, key: str
) -> dict[str, Any]:
    tree = services.people.organisations()
    meant = tree.get(organisation or "") if kind.to == "other" else tree.get(by.organisation)
    if meant is None or (kind.to == "other" and meant.kind not in kind.at):
        raise Incorrect("请选择机构", "name the institution", code="organisation")
    name = f"：{meant.name}" if kind.to == "other" else ""
    return {
        "matter_key": key,
        "matter": {"zh": f"{kind.name.zh}{name}", "en": f"{kind.name.en}{name.replace('：', ': ')}"},
        "organisation": meant.id,
        "from_organisation": by.organisation,
        "county_organisation": _county(tree, by),
        "policy": {"institution": services.regions(services.settings.pack).policy()["institution"]},
        **(_for_a_check(services, meant, key) if kind.key == "inspection" else {}),
    }


def _for_a_check(services: Services, meant: Organisation, key: str) -> dict[str, Any]:
    """The items of the region's own sheet, and a draw of cases at high risk, by their handbook numbers."""
    with services.engine.read() as conn:
        since = services.clock() - SAMPLED_BACK
        drawn = store.sampled(conn, services.region_id, meant.id, key, since, SAMPLED)
        known = services.patients.banners(conn, drawn)
    numbers = [known[one].get("handbook_no") or one[:8] for one in drawn if one in known]
    return {"sheet_items": sheet_items(services, meant), "sampled_cases": numbers}


def sheet_items(services: Services, meant: Organisation) -> list[str]:
    """The items that a check of this kind of institution goes through: those of the region's own sheet."""
    return [line.body["item"] for line in directory.lines(services, kind="check_item") if line.body["at"] == meant.kind]


def _county(tree: dict[str, Organisation], by: Principal) -> str | None:
    return next((o.id for o in sorted(tree.values(), key=lambda o: o.id) if o.kind == "county_mch"), by.organisation)


def _about_woman(services: Services, kind: Kind, by: Principal, pregnancy_id: str | None) -> dict[str, Any]:
    with services.engine.read() as conn:
        case = None
        if pregnancy_id:
            case = reads.instance_by_business_key(conn, services.region_id, duplicates.JOURNEY, pregnancy_id)
        if case is None or not care_in(case.variables) & by.organisations:
            raise NotFound("没有此孕产妇", "no such woman")
        running = reads.instance_by_business_key(conn, services.region_id, kind.key, str(pregnancy_id))
    if running is not None and running.status in ("active", "suspended"):
        raise Conflict("该个案的评审已在进行", "a review of this case is under way", code="under-way")
    names = ("pregnancy_id", "patient_id", "home_organisation", "hospital_organisation", "county_organisation")
    return {
        **{name: case.variables.get(name) for name in (*names, "village_organisation", "policy")},
        "near_miss_criteria": case.variables.get("near_miss_criteria") or [],
        "matter_key": f"{kind.key}:{pregnancy_id}",
        "matter": {"zh": kind.name.zh, "en": kind.name.en},
        "organisation": case.variables.get("hospital_organisation"),
        "from_organisation": case.variables.get("county_organisation"),
    }


def listed(services: Services, conn: Any, by: Principal) -> list[Matter]:
    """Open and settled, newest first, of the caller's institutions."""
    found = store.matters(conn, services.region_id, by.organisations, LISTED, MOST)
    tasks = {
        t["instance_id"]: t["id"] for t in store.open_tasks(conn, services.region_id, [r["instance_id"] for r in found])
    }
    return [
        Matter(
            instance_id=row["instance_id"],
            kind=row["definition_key"],
            name=row["matter"],
            organisation=row["organisation"],
            from_organisation=row["from_organisation"],
            is_open=row["status"] in ("active", "suspended"),
            at=row["started_at"],
            task_id=tasks.get(row["instance_id"]),
        )
        for row in found
    ]
