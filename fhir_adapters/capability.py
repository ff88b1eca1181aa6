"""The CapabilityStatement, made from the tables that the routes and the search work by."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fhir_adapters.dates import local_text
from fhir_adapters.definitions import TYPES as DEFINITION_TYPES
from fhir_adapters.ig.package import TYPES as GUIDE_TYPES
from fhir_adapters.operations import OPERATIONS, SYSTEM_OPERATIONS
from fhir_adapters.patches.patch import KINDS
from fhir_adapters.search.computed import COMMON_COMPUTED, COMPUTED, Computed
from fhir_adapters.search.parameters import COMMON, HL7, PARAMETERS, Parameter
from fhir_adapters.search.query import backward, forward, modifiers_of
from fhir_adapters.subscriptions.topics import TOPICS
from fhir_adapters.subscriptions.wishes import BACKPORT
from fhir_adapters.terminology import CANONICAL_BASE
from fhir_adapters.types import ENGINE_OWNED, TYPES

READING = ("read", "vread", "history-instance", "history-type", "search-type")
WRITING = ("create", "update", "patch", "delete")
SMART = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
BULK_DATA = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"
DROPPED = (  # R4 has no element for it
    "类型没有的检索参数：忽略并在结果里说明，Prefer: handling=strict 时 400；"
    "类型有的参数而值、修饰或链接不可用：一律 400，不会当作没有此条件。 / "
    "A parameter that the type does not have is ignored and named in the result, with Prefer: handling=strict 400. "
    "One that it has, with a value, modifier or chain that cannot be used, is 400 always: no condition is left out."
)
PROFILES = {
    "Patient": ("mch-patient", "mch-newborn"),
    "EpisodeOfCare": ("mch-pregnancy-episode",),
    "CarePlan": ("mch-careplan",),
    "Task": ("mch-user-task", "mch-referral-task"),
    "ServiceRequest": ("mch-referral",),
    "DetectedIssue": ("mch-finding",),
    "Appointment": ("mch-visit",),
    "Communication": ("mch-report",),
    "RiskAssessment": ("mch-pregnancy-risk",),
    "Flag": ("mch-risk-flag",),
    "Observation": (
        "mch-dating-observation",
        "mch-anc-observation",
        "mch-fetal-observation",
        "mch-newborn-observation",
    ),
    "Encounter": ("mch-delivery-encounter",),
    "Procedure": ("mch-delivery-procedure",),
}


def interactions(type_: str) -> tuple[str, ...]:
    """What may be done with resources of this type over FHIR."""
    if type_ == "Task":
        return (*READING, "update", "patch")
    return READING if type_ in ENGINE_OWNED else (*READING, *WRITING)


def statement(*, base: str, version: str, published: datetime) -> dict[str, Any]:
    return {
        "resourceType": "CapabilityStatement",
        "url": f"{CANONICAL_BASE}/CapabilityStatement/server",
        "instantiates": [BULK_DATA],
        "version": version,
        "name": "YuntuServer",
        "title": "孕途 FHIR 接口",
        "status": "active",
        "date": local_text(published),
        "kind": "instance",
        "software": {"name": "Yuntu", "version": version},
        "implementation": {"description": "孕产妇全程管理", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json", "application/fhir+xml", "xml"],
        "patchFormat": list(KINDS[:3]),
        "rest": [
            {
                "mode": "server",
                "documentation": DROPPED,
                "security": _security(base),
                "resource": [
                    *(_resource(type_) for type_ in TYPES),
                    _group(),
                    _measure(),
                    _measure_report(),
                    _questionnaire(),
                    _subscription(),
                    *_documents(),
                    *(_deployed(type_) for type_ in DEFINITION_TYPES),
                    _audit_event(),
                    *(_defined(type_) for type_ in GUIDE_TYPES),
                ],
                "interaction": [{"code": code} for code in ("transaction", "batch", "history-system")],
                "operation": [{"name": name, "definition": url} for name, url in SYSTEM_OPERATIONS.items()],
            }
        ],
    }


def _security(base: str) -> dict[str, Any]:
    root = base.removesuffix("/fhir") + "/oauth"
    ends = {"authorize": "authorize", "token": "token", "introspect": "introspect", "revoke": "revoke"}
    return {
        "cors": True,
        "service": [{"coding": [{"system": SECURITY, "code": "SMART-on-FHIR"}], "text": "SMART App Launch"}],
        "extension": [
            {"url": SMART, "extension": [{"url": name, "valueUri": f"{root}/{end}"} for name, end in ends.items()]}
        ],
    }


def _resource(type_: str) -> dict[str, Any]:
    offered = interactions(type_)
    is_writable = type_ not in ENGINE_OWNED
    found: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": code} for code in offered],
        "versioning": "versioned-update" if type_ == "Task" else "versioned",
        "readHistory": True,
        "updateCreate": is_writable,
        "conditionalCreate": is_writable,
        "conditionalRead": "full-support",
        "conditionalUpdate": is_writable,
        "conditionalDelete": "single" if is_writable else "not-supported",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": forward(type_),
        "searchRevInclude": backward(type_),
        "searchParam": [
            *(_search(type_, n, p) for n, p in {**COMMON, **PARAMETERS[type_]}.items()),
            *(_computed(type_, n, p) for n, p in {**COMMON_COMPUTED, **COMPUTED.get(type_, {})}.items()),
        ],
    }
    if type_ in OPERATIONS:
        found["operation"] = _operations(type_)
    if type_ in PROFILES:
        found["supportedProfile"] = [f"{CANONICAL_BASE}/StructureDefinition/{name}" for name in PROFILES[type_]]
    return {name: value for name, value in found.items() if value != []}


def _operations(type_: str) -> list[dict[str, str]]:
    return [{"name": name, "definition": url} for name, url in OPERATIONS[type_].items()]


def _documents() -> list[dict[str, Any]]:
    """What `$document` has kept, in its three forms."""
    read, search = {"code": "read"}, {"code": "search-type"}
    patient = {"name": "patient", "definition": f"{HL7}/clinical-patient", "type": "reference"}
    return [
        {"type": "Binary", "interaction": [read]},
        {"type": "Bundle", "interaction": [read]},
        {"type": "DocumentReference", "interaction": [read, search], "searchParam": [patient]},
    ]


def _defined(type_: str) -> dict[str, Any]:
    """Of the implementation guide: read by anybody with a token."""
    kinds = {"_id": "token", "url": "uri", "version": "token", "name": "string", "status": "token", "title": "string"}
    found: dict[str, Any] = {
        "type": type_,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [{"name": name, "type": kind} for name, kind in kinds.items()],
    }
    return found | ({"operation": _operations(type_)} if type_ in OPERATIONS else {})


def _deployed(type_: str) -> dict[str, Any]:
    """What runs here: read, deployed elsewhere."""
    found = {**_defined(type_)}
    return found | ({"operation": _operations(type_)} if type_ in OPERATIONS else {})


def _audit_event() -> dict[str, Any]:
    """The trail, for auditors."""
    kinds = {"_id": "token", "agent": "token", "date": "date", "patient": "reference"}
    return {
        "type": "AuditEvent",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [{"name": name, "type": kind} for name, kind in kinds.items()],
    }


def _group() -> dict[str, Any]:
    """Made from what is stored: they are what an export can be limited to."""
    reading = [{"code": "read"}, {"code": "search-type"}]
    return {"type": "Group", "interaction": reading, "operation": _operations("Group")}


def _measure() -> dict[str, Any]:
    """The indicators: read here, evaluated for a period, never stored."""
    tokens = {"_id": "Resource-id", "url": "Measure-url", "status": "Measure-status", "title": "Measure-title"}
    kinds = {"url": "uri", "title": "string"}
    return {
        "type": "Measure",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [
            {"name": name, "definition": f"{HL7}/{of}", "type": kinds.get(name, "token")} for name, of in tokens.items()
        ],
        "operation": _operations("Measure"),
    }


def _measure_report() -> dict[str, Any]:
    """What was handed in; it is made by handing in, and never changed."""
    names = {"_id": "Resource-id", "measure": "MeasureReport-measure", "identifier": "MeasureReport-identifier",
             "date": "clinical-date"}  # fmt: skip
    kinds = {"measure": "reference", "date": "date"}
    return {
        "type": "MeasureReport",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [
            {"name": name, "definition": f"{HL7}/{of}", "type": kinds.get(name, "token")} for name, of in names.items()
        ],
    }


def _questionnaire() -> dict[str, Any]:
    """Forms are read here, and deployed elsewhere."""
    reading = [{"code": "read"}, {"code": "search-type"}]
    return {"type": "Questionnaire", "interaction": reading, "operation": _operations("Questionnaire")}


def _subscription() -> dict[str, Any]:
    """Seen by its owner alone; the topics that one can be told of."""
    topics = f"{BACKPORT}/capabilitystatement-subscriptiontopic-canonical"
    return {
        "extension": [{"url": topics, "valueCanonical": canonical} for canonical in TOPICS],
        "type": "Subscription",
        "supportedProfile": [f"{BACKPORT}/backport-subscription"],
        "interaction": [{"code": code} for code in ("read", "search-type", *WRITING) if code != "patch"],
        "versioning": "versioned",
        "searchParam": [
            {"name": "status", "definition": f"{HL7}/Subscription-status", "type": "token"},
            {"name": "_id", "definition": f"{HL7}/Resource-id", "type": "token"},
        ],
        "operation": _operations("Subscription"),
    }


def _computed(type_: str, name: str, parameter: Computed) -> dict[str, Any]:
    definition = parameter.definition(type_, name)
    return {"name": name, "definition": definition, "type": parameter.kind, **_modified(type_, name)}


def _modified(type_: str, name: str) -> dict[str, str]:
    """What may stand behind the name: R4 has no element for it."""
    known = modifiers_of(type_, name)
    return {"documentation": "修饰 / modifiers: " + " ".join(f":{one}" for one in known)} if known else {}


def _search(type_: str, name: str, parameter: Parameter) -> dict[str, Any]:
    definition = parameter.definition(type_, name if name not in COMMON else name.removeprefix("_"))
    return {"name": name, "definition": definition, "type": parameter.kind, **_modified(type_, name)}
