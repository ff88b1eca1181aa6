"""A window of the plan -> Appointment: {canon}/StructureDefinition/mch-visit.

Proposed while the visit is awaited, fulfilled when it took place, cancelled when the plan changed. What a hospital
books is its own Appointment.
"""

from __future__ import annotations

from engine.contracts import TaskRecord
from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, concept, fitted, instant, present, reference, resource
from fhir_adapters.terminology import TIMER, VISIT_TYPE

WINDOWS = {  # element -> visit type
    "task_first_visit": ("anc-1", "第1次产前检查"),
    "task_antenatal_visit": ("anc", "产前随访"),
    "task_home_visit": ("postnatal-home", "产后访视"),
    "task_check_42d": ("postnatal-42d", "产后42天健康检查"),
}
STATUS = {"created": "proposed", "claimed": "proposed", "completed": "fulfilled", "cancelled": "cancelled"}


def is_window(task: TaskRecord) -> bool:
    return task.wait.element_id in WINDOWS


def to_window(task: TaskRecord, case: Case) -> Json:
    data = task.wait.data
    start, until = instant(data.get("window_from")), instant(data.get("until")) or instant(data.get("due"))
    ended = task.completed_at if task.state == "completed" else None
    period = {name: value for name, value in (("start", start), ("end", until)) if value}
    if start and until and until[: len(start)] < start[: len(until)]:
        del period["start"]
    came = instant(ended) if ended else None
    participant = [{"actor": case.subject, "status": "needs-action" if came is None else "accepted"}]
    return resource(
        "Appointment",
        fitted("visit", str(task.id)),
        identifier=[{"system": TIMER, "value": f"{case.instance_id}/{task.wait.element_id}/{task.wait.id}"}],
        status=STATUS[task.state],
        serviceType=[concept(VISIT_TYPE, *WINDOWS[task.wait.element_id])],
        start=came,
        end=came,
        requestedPeriod=[period] if period else None,
        supportingInformation=present(
            case.episode, reference("CarePlan", case.instance_id), reference("Task", str(task.id))
        ),
        participant=participant,
    )
