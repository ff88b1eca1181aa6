"""The calendar of institutions (P22): duties taken up, and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.commands.contracts import Actor, IdempotencyKey, StartInstance
from engine.errors import Forbidden
from workflows import intake
from workflows.institutions.duties import Duty, duties_of
from workflows.people.model import Organisation, Principal
from workflows.services import Services
from workflows.store import institutions as store

KEEPERS = frozenset({"R-PM-F", "R-HCADM"})  # who takes up the duties of the region's institutions
SHOWN_BACK = timedelta(days=400)
MOST = 500


@dataclass(frozen=True, kw_only=True)
class TakeUpDuties:
    """Answers how many began. Institutions and duties that are new since the last time, and no others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period of one duty: where it stands, and what it is by today's table."""

    organisation: str
    duty: Mapping[str, Any]
    due_on: date
    task_id: Any
    state: str  # waiting | open | overdue | done
    completed_at: Any
    instance_id: Any
    files: int


def take_up(services: Services, *, by: Principal | Actor, idempotency: IdempotencyKey | None = None) -> int:
    """Raises Forbidden."""
    actor = by.actor if isinstance(by, Principal) else by
    if actor.kind == "person" and not set(actor.roles) & KEEPERS:
        raise Forbidden("您的角色不能启用机构任务", "your role takes up no duties")
    return int(services.engine.execute(TakeUpDuties(), by=actor, idempotency=idempotency))


def handlers(services: Callable[[], Services]) -> dict[type, Any]:
    """For the engine: all calendars begin in one transaction."""

    def handle(command: TakeUpDuties, tx: Any) -> int:
        tx.answer_is_new()
        began = 0
        running = store.running_duties(tx.conn, services().region_id)
        for organisation in sorted(services().people.organisations()):
            variables = intake.calendar_variables(services(), organisation)
            new = [one for one in variables["duties"] if (organisation, one["duty"]["code"]) not in running]
            if new:
                variables = {**variables, "duties": new}
                start = StartInstance(definition_key=intake.CALENDAR, business_key=organisation, variables=variables)
                tx.run(start)
                began += len(new)
        return began

    return {TakeUpDuties: handle}


def owed(services: Services, organisation: Organisation, on: date) -> list[Duty]:
    """What this institution owes by the region's rules of today."""
    return duties_of(organisation.kind, services.regions(services.settings.pack), on)


def periods(services: Services, conn: Any, by: Principal, on: date) -> list[Period]:
    """Of every institution that the caller may know of, soonest due first."""
    found = store.duty_periods(conn, services.region_id, by.organisations, on - SHOWN_BACK, MOST)
    return [
        Period(
            organisation=row["organisation"],
            duty=row["duty"],
            due_on=row["due_on"],
            task_id=row["task_id"],
            state=_state(row, on),
            completed_at=row["completed_at"],
            instance_id=row["instance_id"],
            files=row["files"],
        )
        for row in found
    ]


def _state(row: Mapping[str, Any], on: date) -> str:
    if row["task_state"] == "completed" or row["status"] not in ("active", "suspended"):
        return "done"
    if row["task_id"] is None and row["due_on"] >= on:
        return "waiting"
    return "overdue" if row["due_on"] < on else "open"
