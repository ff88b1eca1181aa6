"""The monthly sheet F-18 handed in: who of it becomes a lead (AC-25)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

from engine.errors import Conflict
from engine.store import reads
from workflows import duplicates, intake, leads, task_access
from workflows.institutions import sheets
from workflows.institutions.reported import SheetReported
from workflows.policies import lunar
from workflows.services import Services

SOURCE = "sweep"
OPEN = ("active", "suspended")
TELEPHONE = re.compile(r"[0-9+ ()-]{7,20}")


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: the sheet and its leads are one transaction."""

    def handle(command: SheetReported, tx: Any) -> Any:
        tx.answer_is_new()
        pregnant = [row for row in command.rows if row.get("sweep_pregnant") == "yes"]
        new = [row for row in pregnant if not in_care(services(), tx.conn, row)]
        left = max(command.stated - len(new), 0)
        for row in new:
            left += not _opened(tx, row, command)
        # a sheet on which somebody was counted who is not on it, or whom the product could not enter, stays a person's
        variables = {**command.finish.variables, "sweep_new_pregnant": left, "sweep_leads": len(new)}
        return tx.run(replace(command.finish, variables=variables))

    def _opened(tx: Any, row: Mapping[str, Any], command: SheetReported) -> bool:
        by = replace(tx.by, kind="person", roles=("R-MCHW",), organisation=command.variables["organisation"])
        lead = str(uuid4())
        variables = intake.start_variables(services(), by=by, pregnancy_id=lead, patient_id=str(uuid4()))
        answers = lead_of(row, command.reporter, task_access.today_in_china(services()))
        try:
            tx.run(leads.OpenLead(lead_id=lead, variables=variables, answers=answers, acting=by))
        except Conflict:
            return False
        return True

    return {SheetReported: handle}


def lead_of(row: Mapping[str, Any], reporter: str, on: date) -> dict[str, Any]:
    """What the sheet says of her, as the form of a lead. The sheet has no document; the product has looked her up."""
    known = {
        "name": row.get("sweep_name"),
        "birth_date": _whole_date(row.get("sweep_birth")),
        "phone": _telephone(row.get("sweep_phone")),
        "addr_current": row.get("sweep_addr_current"),
        "addr_household": row.get("sweep_addr_household"),
        **_last_period(row.get("sweep_lmp"), on),
    }
    return {
        **{name: value for name, value in known.items() if value},
        "id_type": "none",
        "id_none_reason": "特殊人群摸排表无证件号",
        "lead_source": SOURCE,
        "lead_on": on.isoformat(),
        duplicates.LOOKED_UP: True,
        "reporter": reporter,
    }


def _last_period(told: Any, on: date) -> dict[str, str | None]:
    """The sheet has one column for it, in words; what was told in the lunar calendar is kept beside the day."""
    text = str(told or "").strip()
    if not lunar.is_told(text):
        return {"lead_lmp": _past(_whole_date(told), on)}
    day = lunar.gregorian(text, on)
    past = _past(day.isoformat(), on) if day is not None else None
    return {"lead_lmp": past, "lead_lmp_told": text if past else None}


def in_care(services: Services, conn: Any, row: Mapping[str, Any]) -> bool:
    """Whether a woman of this name, born in this month or with this telephone, has an open pregnancy or lead."""
    known = services.patients.named(conn, str(row.get("sweep_name") or ""))
    return any(_is_she(found, row) and _is_open(services, conn, found) for found in known)


def _is_she(found: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """By the month of birth where both are known, else by the telephone, else by the name alone: better one look too
    many at her than two leads."""
    born, month = found.get("birth_date"), sheets.month_of(row.get("sweep_birth"))
    if born and month:
        return str(born)[:7] == month
    if not row.get("sweep_phone") or not found.get("phone_masked"):
        return True
    phone = str(row.get("sweep_phone") or "")
    masked = str(found["phone_masked"])
    return masked[:3] == phone[:3] and masked[-4:] == phone[-4:]


def _is_open(services: Services, conn: Any, found: Mapping[str, Any]) -> bool:
    case = None
    if found["pregnancy_id"]:
        case = reads.instance_by_business_key(conn, services.region_id, duplicates.JOURNEY, found["pregnancy_id"])
    return (case is not None and case.status in OPEN) or bool(duplicates.leads_of(services, conn, found["patient_id"]))


def _whole_date(text: Any) -> str | None:
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        return None


def _telephone(text: Any) -> str | None:
    """As the form of a lead takes one; what else stood there stays on the sheet."""
    return text if isinstance(text, str) and TELEPHONE.fullmatch(text) else None


def _past(day: str | None, on: date) -> str | None:
    return day if day is not None and day <= on.isoformat() else None
