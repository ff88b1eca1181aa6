"""Which facts only some may know, whoever sends them: HIV, syphilis, hepatitis; and deaths and their reviews, which
still fewer may. The label is set on every way in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.mappings.common import restricted, very_restricted
from fhir_adapters.terminology import ATC, BY_CODE, ITEMS, SENSITIVE_ATC, SENSITIVE_ICD
from fhir_adapters.types import labels_of
from workflows.people.visibility import REVIEW_FORMS

SENSITIVE_ANSWERS = frozenset(name for name, item in ITEMS.items() if item.sensitivity) | {
    *("p_1", "sweep_name"),
    *("s_6_3_why", "s_6_4_why"),  # why a positive result is said not to count
}
SENSITIVE_YES = frozenset({"s_6_3", "s_6_4"})  # syphilis and HIV, asked at every screening: a "no" tells of nothing


VERY_RESTRICTED_FORMS = REVIEW_FORMS | {"death-note"}


def labelled(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource with the label it must have; unchanged when it needs none or has one."""
    if labels_of(resource):
        return resource
    sensitivity = sensitivity_of(resource)
    if is_of_a_death(resource):
        added = very_restricted()
    elif sensitivity is not None:
        added = restricted(sensitivity or None)
    else:
        return resource
    meta = dict(resource.get("meta", {}))
    meta["security"] = [*meta.get("security", []), *added["security"]]
    return {**resource, "meta": meta}


def is_of_a_death(resource: Mapping[str, Any]) -> bool:
    """A sheet of a death, of a near miss or of the review of one."""
    if resource["resourceType"] != "QuestionnaireResponse":
        return False
    form = str(resource.get("questionnaire", "")).partition("|")[0].rpartition("/")[2]
    return form in VERY_RESTRICTED_FORMS


def sensitivity_of(resource: Mapping[str, Any]) -> str | None:
    """HIV, STD, or "" where the reason must not be said; None for a fact that everybody in care may know."""
    type_ = resource["resourceType"]
    if type_ == "QuestionnaireResponse":
        return "" if _answers_sensitive(resource.get("item", ())) else None
    if type_ == "MedicationRequest":
        return _of_medicine(resource)
    if type_ not in ("Observation", "Condition", "DiagnosticReport", "Procedure"):
        return None
    for system, code in _codings(resource):
        if type_ == "Condition":
            found = _of_diagnosis(code)
        else:
            name = BY_CODE.get((str(system), str(code)))
            found = ITEMS[name].sensitivity if name else None
        if found:
            return found
    return None


def _of_diagnosis(code: Any) -> str | None:
    return next((s for prefix, s in SENSITIVE_ICD.items() if str(code).startswith(prefix)), None)


def _of_medicine(request: Mapping[str, Any]) -> str | None:
    """By the diagnosis it is given for, else by what it is: an antiviral says that there is something to hide."""
    for reason in request.get("reasonCode", ()):
        for coding in reason.get("coding", ()):
            if found := _of_diagnosis(coding.get("code")):
                return found
    codings = request.get("medicationCodeableConcept", {}).get("coding", ())
    is_antiviral = any(c.get("system") == ATC and str(c.get("code")).startswith(SENSITIVE_ATC) for c in codings)
    return "" if is_antiviral else None


def _codings(resource: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    for part in (resource, *resource.get("component", ())):
        for coding in part.get("code", {}).get("coding", ()):
            yield coding.get("system"), coding.get("code")


def _answers_sensitive(items: Any) -> bool:
    for item in items:
        if item.get("linkId") in SENSITIVE_ANSWERS and any(_says_something(a) for a in item.get("answer", ())):
            return True
        if item.get("linkId") in SENSITIVE_YES and any(_is_yes(a) for a in item.get("answer", ())):
            return True
        nested = [*item.get("item", ()), *(i for a in item.get("answer", ()) for i in a.get("item", ()))]
        if nested and _answers_sensitive(nested):
            return True
    return False


def _is_yes(answer: Mapping[str, Any]) -> bool:
    return answer.get("valueCoding", {}).get("code") == "yes"


def _says_something(answer: Mapping[str, Any]) -> bool:
    coding = answer.get("valueCoding", {})
    return answer.get("valueBoolean") is not False and coding.get("code") not in ("not-performed", "unknown")
