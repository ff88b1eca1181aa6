"""What the form of an institution's task knows before anybody types, out of the database: last month's sheet, what the
system has counted itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.errors import Fault, Incorrect, Text
from workflows import prefill
from workflows.forms import Form
from workflows.institutions import levels, receivers, reviews, sheets
from workflows.institutions.reported import SHEET
from workflows.rules_of_case import policy_of
from workflows.services import Services
from workflows.store import institutions as store
from workflows.store import people as people_store

DUTY, SLIP = "duty-evidence", "screening-referral"
NEXT = "transfer-next"
TRANSFERS: Mapping[str, str] = {"transfer-request": "receiving_centre", NEXT: "next_centre"}
TAUGHT = frozenset({"drill", "attendance"})  # whose topics follow from what reviews found (seed:003 四(四)15)


def known(
    services: Services, conn: Any, form: Form, task: Any, variables: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """By linkId; empty for every other form."""
    if form.id == SHEET:
        before = previous(services, conn, form, task)
        unit = people_store.organisations(conn, services.region_id).get(task.organisation or "")
        rules = policy_of(variables)
        rows = sheets.carried_on(before, on, sheets.ages_of(rules)) if before else []
        scope = {"sweep_scope": sheets.scope_of(rules)}
        return {**scope, **({"rows": rows} if rows else {}), **({"sweep_unit": unit.name} if unit else {})}
    if form.id == SLIP and variables.get("graded_at") is None:
        words = policy_of(variables)["screen_positive_to"]
        chosen = levels.destination(services, conn, variables.get("hospital_organisation"), words, on)
        unit = people_store.organisations(conn, services.region_id).get(task.organisation or "")
        return {**({"destination": chosen} if chosen else {}), **({"sender_org": unit.name} if unit else {})}
    if form.id in TRANSFERS:
        return receiver(services, conn, form.id, task.organisation, variables, on)
    if form.id == DUTY and variables.get("evidence_kind") in TAUGHT:
        lessons = reviews.lessons(services, conn, str(variables["organisation"]), on)
        return {"duty_lessons": lessons} if lessons else {}
    if form.id == DUTY and variables.get("evidence_kind") == "return":
        due = date.fromisoformat(str(variables["duty_due"]))
        first = due.replace(day=1)
        return {"return_number": store.deaths(conn, services.region_id, str(variables["organisation"]), first, due)}
    return {}


def receiver(
    services: Services, conn: Any, form_id: str, sender: str | None, variables: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """The centre that the directory proposes to who refers her, its level and why; empty for every other form. Whoever
    has refused or not answered is passed over."""
    if form_id not in TRANSFERS:
        return {}
    is_next = form_id == NEXT
    tried = variables.get("receiving_organisation") if is_next else None
    urgency = variables.get("urgency") if is_next else (variables.get("referral") or {}).get("urgency")
    found = receivers.proposed(
        services,
        conn,
        sender=sender,
        upward=prefill.upward_of(variables),
        emergency=urgency == "emergency",
        without=frozenset({str(tried)} if tried else ()),
        on=on,
    )
    if found is None:
        return {}
    return {TRANSFERS[form_id]: found.name, "receiving_why": found.why, "receiving_level": found.centre}


def previous(services: Services, conn: Any, form: Form, task: Any) -> list[Mapping[str, Any]] | None:
    """The rows of the last sheet of this unit; None where it has handed in none."""
    last = store.last_sheet(conn, services.region_id, task.organisation) if task.organisation else None
    response = services.patients.response_to(conn, last, restricted=True) if last is not None else None
    return list(form.answers_from_response(dict(response)).get("rows") or ()) if response is not None else None


def marked(
    services: Services, conn: Any, form: Form, task: Any, values: Mapping[str, Any], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a form as they are kept: on a sheet, who is new on it says so. Raises Incorrect for a row of a
    woman who is younger or older than the region sweeps."""
    if form.id != SHEET or not values.get("rows"):
        return dict(values)
    _require_ages(values["rows"], sheets.ages_of(policy_of(variables)))
    return {**values, "rows": sheets.marked_new(values["rows"], previous(services, conn, form, task))}


def _require_ages(rows: Sequence[Mapping[str, Any]], ages: tuple[int, int]) -> None:
    low, high = ages
    said = Text(zh=f"本地摸排 {low}–{high} 岁妇女", en=f"this region sweeps women of {low} to {high} years")
    if wrong := sheets.too_young_or_old(rows, ages):
        faults = [Fault(path=f"rows[{at}].sweep_age", message=said) for at in wrong]
        raise Incorrect("摸排表有误", "the sheet is not right", code="sweep-age", faults=faults)
