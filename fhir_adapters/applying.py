"""`PlanDefinition/$apply`: what the pathway would plan for a woman -> a CarePlan with its windows. Nothing is stored.

The windows are those of the regional pack, from her last menstrual period; after the birth they follow the due date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from fhir_adapters.mappings.common import Json, concept, reference, resource
from fhir_adapters.mappings.episode import FOLLOW_UP, PLANS
from fhir_adapters.terminology import CANONICAL_BASE, CAREPLAN_CATEGORY, VISIT_TYPE
from workflows.policies.gestational_age import PREGNANCY_LENGTH

APPLIED = "pregnancy-journey"
ANTENATAL = {number: (f"anc-{number}", f"第{number}次产前检查") for number in range(1, 11)}
FOLLOW_UP_ENDS = timedelta(days=56)  # the check at 42 days is late after two weeks more (P17)


def to_plan(patient_id: str, lmp: date, pack_id: str, version: int, policy: Mapping[str, Any]) -> Json:
    """A proposal: `contained` holds the windows, in their order."""
    category, display, title = PLANS["pregnancy_journey"]
    due = lmp + PREGNANCY_LENGTH
    windows = list(_windows(patient_id, lmp, due, policy))
    return resource(
        "CarePlan",
        "proposal",
        contained=windows,
        instantiatesCanonical=[
            f"{CANONICAL_BASE}/PlanDefinition/{APPLIED}|{version}",
            f"{CANONICAL_BASE}/Library/pack-{pack_id}",
        ],
        status="draft",
        intent="proposal",
        category=[concept(CAREPLAN_CATEGORY, category, display)],
        title=title,
        subject=reference("Patient", patient_id),
        period={"start": lmp.isoformat(), "end": (due + FOLLOW_UP).isoformat()},
        activity=[{"reference": {"reference": f"#{one['id']}"}} for one in windows],
    )


def _windows(patient_id: str, lmp: date, due: date, policy: Mapping[str, Any]) -> Iterator[Json]:
    for window in policy["visit_windows"]:
        first, last = (lmp + timedelta(days=int(window[name])) for name in ("from_days", "until_days"))
        yield _window(patient_id, ANTENATAL[int(window["slot"])], first, last)
    yield _window(patient_id, ("postnatal-42d", "产后42天健康检查"), due + FOLLOW_UP, due + FOLLOW_UP_ENDS)


def _window(patient_id: str, kind: tuple[str, str], first: date, last: date) -> Json:
    return resource(
        "Appointment",
        kind[0],
        status="proposed",
        serviceType=[concept(VISIT_TYPE, *kind)],
        requestedPeriod=[{"start": first.isoformat(), "end": last.isoformat()}],
        participant=[{"actor": reference("Patient", patient_id), "status": "needs-action"}],
    )
