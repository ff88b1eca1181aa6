"""M-20 by text message: whether a woman has agreed, and the reminders that go to her number. Whether she may be written
to is asked again in the moment of sending: nothing goes after a death, a loss, the end of a case, a word taken back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Protocol
from uuid import UUID

from engine.clock import CHINA
from engine.errors import NotFound
from engine.store import reads
from workflows import reminders
from workflows.duplicates import JOURNEY
from workflows.people.model import Principal
from workflows.people.visibility import may_read_woman
from workflows.services import Services
from workflows.store import reminders as store

log = logging.getLogger(__name__)

BY_DAY = (time(9), time(20))  # [default]: nobody is written to at night
TRIES = 5  # [default]: of one reminder, on its day


class NotTaken(Exception):
    """The gateway did not take it now; says no more than the kind of failure."""


class Refused(NotTaken):
    """It will not take it later either: the number is none, or she is not to be written to."""


class Gateway(Protocol):
    """Whoever carries a text to a telephone. The same `id` is the same text."""

    def send(self, id: UUID, number: str, text: str) -> None:
        """Raises NotTaken, Refused."""


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What she said last; `agreed` None: she was never asked."""

    agreed: bool | None
    recorded_at: datetime | None = None
    recorded_by: str | None = None


def consent_of(services: Services, conn: Any, patient_id: str) -> Consent:
    found = store.consents(conn, services.region_id, [patient_id]).get(patient_id)
    if found is None:
        return Consent(agreed=None)
    return Consent(agreed=found["agreed"], recorded_at=found["recorded_at"], recorded_by=found["recorded_by"])


def of_case(services: Services, conn: Any, pregnancy_id: str, *, by: Principal) -> Consent:
    """Of the woman of this case. Raises NotFound for one who is not the caller's."""
    return consent_of(services, conn, str(_case(services, conn, pregnancy_id, by).variables["patient_id"]))


@dataclass(frozen=True, kw_only=True)
class Text:
    """A reminder that was to be sent on a day, and what became of it."""

    on: date
    due_on: date
    state: str  # trying | sent | refused | given up


def texts_of(services: Services, conn: Any, pregnancy_id: str) -> list[Text]:
    """The newest first."""
    found = store.texts_of_case(conn, services.region_id, pregnancy_id)
    return [Text(on=one["on_day"], due_on=one["due_on"], state=one["state"]) for one in found]


def _case(services: Services, conn: Any, pregnancy_id: str, by: Principal) -> Any:
    case = reads.instance_by_business_key(conn, services.region_id, JOURNEY, pregnancy_id)
    if case is None or not may_read_woman(by, services.people.care_of(case.id)):
        raise NotFound("没有这份孕产妇档案，或不属于您的机构", "no such record, or none of yours")
    return case


def record_consent(services: Services, pregnancy_id: str, agreed: bool, *, by: Principal) -> None:
    """She agreed, or took it back. Every word of hers is kept. Raises NotFound for a woman who is not the caller's."""
    with services.people.reading(by, "update", "text-consent", pregnancy_id) as conn:
        patient_id = str(_case(services, conn, pregnancy_id, by).variables["patient_id"])
        store.add_consent(conn, services.region_id, patient_id, agreed, by.login, services.clock())


def send_due(services: Services, gateway: Gateway, conn: Any) -> int:
    """Send what is due now and has not been sent; answers how many went. Any number of processes may do it: each
    reminder is tried by one of them, and one whose process died by another, under the same id. `conn` is nobody else's
    and commits each statement: what is being tried stands before it is tried."""
    now = services.clock().astimezone(CHINA)
    if not BY_DAY[0] <= now.time() < BY_DAY[1]:
        return 0
    return sum(_send(services, gateway, conn, one) for one in _due(services, conn, now.date()))


def _due(services: Services, conn: Any, on: date) -> list[reminders.Reminder]:
    """Of women who have agreed."""
    found = reminders.of_places(services, conn, on, services.people.organisations())
    said = store.consents(conn, services.region_id, sorted({one.patient_id for one in found}))
    return [one for one in found if one.patient_id in said and said[one.patient_id]["agreed"]]


def _send(services: Services, gateway: Gateway, conn: Any, one: reminders.Reminder) -> bool:
    text = {"id": one.id, "pregnancy_id": one.pregnancy_id, "due_on": one.due_on, "on_day": one.on}
    with store.held(conn, services.region_id, one.id) as is_ours:
        attempts = store.take(conn, services.region_id, services.clock(), **text) if is_ours else None
        if attempts is None:
            return False
        state, problem = _tried(services, gateway, conn, one, attempts)
        if state != "trying":
            store.settle(conn, services.region_id, one.id, attempts, state, problem)
    return state == "sent"


def _still_due(services: Services, conn: Any, one: reminders.Reminder) -> bool:
    said = store.consents(conn, services.region_id, [one.patient_id]).get(one.patient_id)
    if said is None or not said["agreed"]:
        return False
    due = reminders.of_places(services, conn, one.on, [one.organisation])
    return any(other.id == one.id for other in due)


def _tried(
    services: Services, gateway: Gateway, conn: Any, one: reminders.Reminder, attempts: int
) -> tuple[str, str | None]:
    """The state of the reminder afterwards, and why."""
    if not _still_due(services, conn, one):  # right before: what ended or was taken back since is not written to
        return "refused", "not to be written to any more"
    number = services.patients.phone(conn, one.patient_id)
    if number is None:
        return "refused", "no telephone number"
    try:
        gateway.send(one.id, number, one.text.zh)
    except Refused as error:
        log.warning("reminder %s was refused: %s", one.id, error)
        return "refused", str(error)
    except NotTaken as error:
        log.warning("reminder %s was not taken, attempt %d: %s", one.id, attempts, error)
        return ("given up", str(error)) if attempts >= TRIES else ("trying", None)
    return "sent", None
