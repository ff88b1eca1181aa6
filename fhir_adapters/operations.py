"""The operations beside create, read, update and delete: which type has which, where each is defined."""

from __future__ import annotations

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
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
OPERATIONS["Subscription"] = {
    "status": f"{_BACKPORT}/backport-subscription-status",
    "events": f"{_BACKPORT}/backport-subscription-events",
}
