"""What a message may tell of: the events of `$process-message`."""

from __future__ import annotations

from fhir_adapters.terminology import code_system

EVENT = code_system("message-event")
EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {  # code -> what happened, and what at least one resource must be
    "register-pregnancy": ("建册或孕情", ("Condition", "EpisodeOfCare", "Patient")),
    "report-results": ("检查、检验结果", ("DiagnosticReport", "Observation")),
    "report-stay": ("入院、分娩、出院", ("Encounter", "Procedure")),
    "report-answers": ("问卷与任务的答复", ("QuestionnaireResponse", "Task")),
    "request-referral": ("转诊", ("ServiceRequest",)),
}
