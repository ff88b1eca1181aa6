"""The operations beside create, read, update and delete: which type has which, where each is defined."""

from __future__ import annotations

from dataclasses import dataclass

from fhir_adapters.terminology import CANONICAL_BASE
from fhir_adapters.types import TYPES

_HL7, _SDC = "http://hl7.org/fhir/OperationDefinition", "http://hl7.org/fhir/uv/sdc/OperationDefinition"
OPERATIONS: dict[str, dict[str, str]] = {
    **{type_: {"validate": f"{_HL7}/Resource-validate"} for type_ in TYPES},
}
OPERATIONS["Patient"]["everything"] = f"{_HL7}/Patient-everything"
OPERATIONS["EpisodeOfCare"]["everything"] = f"{CANONICAL_BASE}/OperationDefinition/EpisodeOfCare-everything"
OPERATIONS["EpisodeOfCare"]["document"] = f"{CANONICAL_BASE}/OperationDefinition/EpisodeOfCare-document"
OPERATIONS["QuestionnaireResponse"]["extract"] = f"{_SDC}/QuestionnaireResponse-extract"
OPERATIONS["Questionnaire"] = {"populate": f"{_SDC}/Questionnaire-populate"}
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
OPERATIONS["Patient"]["export"] = f"{_BULK}/patient-export"
OPERATIONS["Group"] = {"export": f"{_BULK}/group-export"}
OPERATIONS["Measure"] = {"evaluate-measure": f"{_HL7}/Measure-evaluate-measure"}
SYSTEM_OPERATIONS = {"export": f"{_BULK}/export"}
OPERATIONS["ValueSet"] = {
    "expand": f"{_HL7}/ValueSet-expand",
    "validate-code": f"{_HL7}/ValueSet-validate-code",
}
OPERATIONS["CodeSystem"] = {"lookup": f"{_HL7}/CodeSystem-lookup"}
OPERATIONS["Patient"]["summary"] = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary"
OPERATIONS["PlanDefinition"] = {"apply": f"{CANONICAL_BASE}/OperationDefinition/PlanDefinition-apply"}
SYSTEM_OPERATIONS["process-message"] = f"{_HL7}/MessageHeader-process-message"
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
OPERATIONS["Subscription"] = {
    "status": f"{_BACKPORT}/backport-subscription-status",
    "events": f"{_BACKPORT}/backport-subscription-events",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One parameter that an operation takes; what is no such parameter is refused."""

    name: str
    type: str
    min: int = 0
    many: bool = False
    said: str | None = None


_PAGE = Input(name="_count", type="integer", said="1..500")
INPUTS: dict[str, tuple[Input, ...]] = {
    "everything": (
        Input(name="_type", type="code", many=True),
        Input(name="_since", type="instant"),
        _PAGE,
    ),
    "document": (
        Input(name="type", type="code", min=1),
        Input(name="replaces", type="string"),
    ),
    "apply": (
        Input(name="subject", type="string", min=1, said="Patient/…"),
        Input(name="lmp", type="date", min=1, said="末次月经"),
        Input(name="pack", type="string", said="地区方案包，省略时为本地区的"),
    ),
    "summary": (Input(name="identifier", type="string", said="system|value"),),
    "process-message": (Input(name="content", type="Bundle", min=1),),
}
ALWAYS = frozenset({"_format", "_pretty"})  # with every request
PAGED = frozenset({"_after"})  # with every next page
