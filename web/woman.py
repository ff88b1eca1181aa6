"""A woman and her pregnancy as a page shows them: who she is, her week, her colours, and who looks after her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from engine.errors import NotFound
from engine.store import reads
from web import risk
from web.language import gettext
from workflows.duplicates import LEAD
from workflows.facts import date_of
from workflows.journey import gestational_age_text
from workflows.people import Principal, may_read_woman
from workflows.people.roles import READERS

MAIN = "pregnancy_journey"  # one instance of this process is one pregnancy
MILESTONES = {  # stage -> the values that say it was reached; a green woman is never graded, a lost one never delivers
    "registered": ("registered_on",),
    "screened": ("screening", "screened_on"),
    "graded": ("graded_at",),
    "antenatal": ("visit_on",),
    "delivered": ("delivered_on",),
    "postpartum": ("visited_on", "checked_on"),
    "closed": ("ended_on",),
}


@dataclass(frozen=True, kw_only=True)
class Woman:
    """`person` is what the record says of her (see the banner); `variables` what the process knows."""

    pregnancy_id: str
    instance: Any
    person: Mapping[str, Any]
    variables: Mapping[str, Any]
    chips: list[risk.Colour]
    gestational_age: str | None
    home: str | None  # the organisation that looks after her
    has_page: bool = True  # not where she is only heard of

    @property
    def stages(self) -> list[tuple[str, str]]:
        """Every stage of a pregnancy, and whether it is done, now or ahead."""
        here = self.variables.get("stage") if self.instance.status in ("active", "suspended") else None
        return [(stage, "now" if stage == here else self._past(values)) for stage, values in MILESTONES.items()]

    def _past(self, values: tuple[str, ...]) -> str:
        return "done" if any(self.variables.get(value) is not None for value in values) else "ahead"

    @property
    def delivered(self) -> bool:
        return bool(self.variables.get("delivered_on"))


def week_text(variables: Mapping[str, Any], on: date) -> str | None:
    """`28+3`, or from the birth on how long ago that was, until the case ends."""
    born, ended = date_of(variables.get("delivered_on")), date_of(variables.get("ended_on"))
    if born is None or on < born:
        return gestational_age_text(variables, on)
    last = min(on, ended) if ended and ended >= born else on
    return gettext("产后 %(n)s 天", n=(last - born).days)


def of_task(services: Any, conn: Any, task: Any, principal: Principal, on: date) -> Woman | None:
    """The woman a task is about, or None: another kind of process, or a reader without clinical rights."""
    if not task.business_key or not principal.roles & READERS:
        return None
    instance = reads.instance(conn, services.region_id, task.instance_id)
    if instance is None or not instance.variables.get("patient_id"):
        return None  # what an institution owes is about nobody
    found = _woman(services, conn, instance, principal, on)
    if instance.definition_key != LEAD:
        return found
    named = services.patients.names(conn, [str(instance.variables["patient_id"])])
    return replace(found, person={"name": next(iter(named.values()), None)}, has_page=False)


def of_pregnancy(services: Any, conn: Any, pregnancy_id: str, principal: Principal, on: date) -> Woman:
    """Raises NotFound also where she exists but is none of the caller's: nobody learns who is in the register."""
    instance = reads.instance_by_business_key(conn, services.region_id, MAIN, pregnancy_id)
    if instance is None or not may_read_woman(principal, services.people.care_of(instance.id)):
        raise NotFound("没有这份孕产妇档案，或不属于您的机构", "no such record, or none of yours")
    return _woman(services, conn, instance, principal, on)


def _woman(services: Any, conn: Any, instance: Any, principal: Principal, on: date) -> Woman:
    variables = instance.variables
    return Woman(
        pregnancy_id=instance.business_key,
        instance=instance,
        person=services.patients.banner(conn, instance.business_key) or {},
        variables=variables,
        chips=risk.chips(variables, principal.roles),
        gestational_age=week_text(variables, on),
        home=variables.get("home_organisation"),
    )
