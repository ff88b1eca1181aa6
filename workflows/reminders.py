"""M-20: what a woman is reminded of: the date, the place, what to bring, never a word about her health. Reminders are
not stored: they are worked out of the open visits when the sending system asks, so that nobody is reminded after a
death or a loss. Names and numbers are not in them; the sending system has its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

from engine.errors import Text
from workflows.people.model import Principal
from workflows.regions import Pack
from workflows.services import Services
from workflows.store import reminders as store

NAMESPACE = UUID("7f1c1f0e-58d1-5b0e-9c39-2f3f8f6f2a20")
BRING = Text(zh="《母子健康手册》和身份证", en="the mother-and-child handbook and your identity card")
VISITS: dict[str, Text] = {
    "task_first_visit": Text(zh="产前检查", en="antenatal check"),
    "task_antenatal_visit": Text(zh="产前检查", en="antenatal check"),
    "task_check_42d": Text(zh="产后 42 天检查", en="check 42 days after birth"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """`id` is the same whenever it is asked for, so that what was sent is not sent again."""

    id: UUID
    pregnancy_id: str
    patient_id: str
    organisation: str
    on: date
    due_on: date
    text: Text


def days_before(pack: Pack) -> list[int]:
    """How many days before a visit a woman is reminded (`reminders.days_before`)."""
    return [int(days) for days in pack.value("reminders.days_before")]


def of_day(services: Services, conn: Any, on: date, *, by: Principal) -> list[Reminder]:
    """Those to be sent on that day to women of the caller's institutions."""
    return of_places(services, conn, on, by.organisations)


def of_places(services: Services, conn: Any, on: date, organisations: Iterable[str]) -> list[Reminder]:
    """The same for these institutions."""
    ahead = days_before(services.regions(services.settings.pack))
    places = services.people.organisations()
    asked = [on + timedelta(days=days) for days in ahead]
    found = store.visits(conn, services.region_id, sorted(VISITS), asked, sorted(organisations))
    return [_reminder(row, on, places[row["organisation"]].name) for row in found if row["organisation"] in places]


def _reminder(row: Any, on: date, place: str) -> Reminder:
    visit, due = VISITS[row["element_id"]], row["due_on"]
    return Reminder(
        id=uuid5(NAMESPACE, f"{row['id']} {due} {on}"),
        pregnancy_id=row["pregnancy_id"],
        patient_id=row["patient_id"],
        organisation=row["organisation"],
        on=on,
        due_on=due,
        text=Text(
            zh=f"请于 {due:%Y-%m-%d} 前到{place}做{visit.zh}，请带{BRING.zh}。",
            en=f"Please come to {place} by {due:%Y-%m-%d} for your {visit.en}; bring {BRING.en}.",
        ),
    )
