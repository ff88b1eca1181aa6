"""What every mapping knows of the case: taken from a step record once, so that mappings see pregnancy, not engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.contracts import StepRecord
from fhir_adapters.mappings.common import Json, episode_link, person, reference

MATERNAL_DEATH = "ended.maternal_death"


@dataclass(slots=True, kw_only=True)
class Case:
    """One pregnancy and the step that has just changed it. `pregnancy_id` and `patient_id` are None for
    processes that are about no woman."""

    pregnancy_id: str | None
    patient_id: str | None
    instance_id: str
    definition_key: str
    definition_version: int
    variables: Mapping[str, Any]
    started_at: datetime
    at: datetime
    by: str
    organisation: str | None
    is_over: bool
    is_suspended: bool
    handed_in_of: datetime | None = None  # when that was done which was handed in later

    @property
    def happened_at(self) -> datetime:
        return self.handed_in_of or self.at

    @property
    def subject(self) -> Json | None:
        return reference("Patient", self.patient_id)

    @property
    def episode(self) -> Json | None:
        return reference("EpisodeOfCare", self.pregnancy_id)

    @property
    def episode_extension(self) -> list[Json]:
        link = episode_link(self.pregnancy_id)
        return [link] if link else []

    @property
    def condition_id(self) -> str:
        """The pregnancy Condition: the one a hospital sent, else ours."""
        return str(self.variables.get("condition_id") or f"preg-{self.pregnancy_id}")

    @property
    def died_on(self) -> str | None:
        """The day of her death, where the case ends with it."""
        day = str(self.variables.get("ended_on") or "")[:10]
        return day or None if self.variables.get("end_code") == MATERNAL_DEATH else None

    @property
    def author(self) -> Json:
        return reference("Organization", self.organisation) or person(self.by)


def case_of(record: StepRecord) -> Case:
    variables = record.variables
    patient_id = variables.get("patient_id")
    is_pregnancy = bool(patient_id and record.business_key)
    return Case(
        pregnancy_id=record.business_key if is_pregnancy else None,
        patient_id=str(patient_id) if patient_id else None,
        instance_id=str(record.instance_id),
        definition_key=record.definition_key,
        definition_version=record.definition_version,
        variables=variables,
        started_at=record.started_at,
        at=record.at,
        by=record.by.id,
        organisation=record.by.organisation,
        is_over=record.status in ("completed", "terminated"),
        is_suspended=record.status == "suspended",
        handed_in_of=record.happened_at,
    )
