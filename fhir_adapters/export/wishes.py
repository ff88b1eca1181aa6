"""What was asked of `$export`: read as a whole, refused with every problem that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fhir_adapters import access
from fhir_adapters.dates import interval
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.rules.shapes import shape
from fhir_adapters.subscriptions.criteria import read_criteria
from fhir_adapters.types import PEOPLE_FREE, TYPES

NDJSON = "application/fhir+ndjson"
FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson"})
KNOWN = frozenset({"_elements", "_outputFormat", "_since", "_type", "_typeFilter", "_until", "patient"})
MOST_FILTERS, MOST_PATIENTS = 50, 1000
_VALUES = ("valueString", "valueInstant", "valueDateTime", "valueUri", "valueCode")
_PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]{1,64}")
_NEXT_FILTER = re.compile(r",(?=[A-Z][A-Za-z]+\?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    types: tuple[str, ...]
    since: datetime | None
    until: datetime | None = None
    filters: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    patients: tuple[str, ...] | None = None


def read_wish(
    pairs: Iterable[tuple[str, str]], scopes: frozenset[str], *, of_patients: bool, lenient: bool, now: datetime
) -> Wish:
    """Raises 400 for what is not understood, 403 for a type that the scopes do not cover."""
    given = list(pairs)
    problems = [] if lenient else [_unknown(name) for name, _ in given if name not in KNOWN and name != "_format"]
    problems += [
        _wrong("_outputFormat", " | ".join(sorted(FORMATS)))
        for name, value in given
        if name == "_outputFormat" and value.replace(" ", "+") not in FORMATS
    ]
    offered = [one for one in TYPES if not (of_patients and one in PEOPLE_FREE)]
    wanted = [one for name, value in given if name == "_type" for one in value.split(",")]
    problems += [_wrong("_type", " | ".join(offered)) for one in wanted if one not in offered]
    since = [_moment(value) for name, value in given if name == "_since"]
    if None in since or len(since) > 1 or any(one is not None and one > now for one in since):
        problems.append(_wrong("_since", "YYYY-MM-DDThh:mm:ss+zz:zz, not in the future, once"))
    until = [_moment(value) for name, value in given if name == "_until"]
    is_before = bool(since and until and since[0] and until[0] and until[0] <= since[0])
    if None in until or len(until) > 1 or is_before:
        problems.append(_wrong("_until", "YYYY-MM-DDThh:mm:ss+zz:zz, after _since, once"))
    filters = [one for name, value in given if name == "_typeFilter" for one in _NEXT_FILTER.split(value)]
    problems += _faulty_filters(filters, [one for one in offered if not wanted or one in wanted])
    elements = [one.strip() for name, value in given if name == "_elements" for one in value.split(",")]
    problems += [_wrong("_elements", "element | Type.element") for one in elements if not _is_element(one)]
    patients = [value for name, value in given if name == "patient"]
    problems += _faulty_patients(patients, of_patients=of_patients)
    if problems:
        raise FhirError(400, problems)
    refused = [one for one in dict.fromkeys(wanted) if not access.allows(scopes, one, "read")]
    if refused:
        raise access.missing_scope(refused[0], "read", "_type")
    types = tuple(one for one in offered if (not wanted or one in wanted) and access.allows(scopes, one, "read"))
    if not types:
        raise access.missing_scope("*", "read")
    return Wish(
        types=types,
        since=since[0] if since else None,
        until=until[0] if until else None,
        filters=tuple(dict.fromkeys(filters)),
        elements=tuple(dict.fromkeys(elements)),
        patients=tuple(dict.fromkeys(one.removeprefix("Patient/") for one in patients)) if patients else None,
    )


def _faulty_filters(filters: Sequence[str], types: Sequence[str]) -> Iterator[Issue]:
    """Each is a search that one resource alone can answer, of a type that is exported."""
    if len(filters) > MOST_FILTERS:
        yield _wrong("_typeFilter", f"at most {MOST_FILTERS}")
    for one in filters[:MOST_FILTERS]:
        type_, mark, asked = one.partition("?")
        if type_ not in types or not mark or not asked:
            yield _wrong("_typeFilter", "Type?search, of a type that is asked for")
            continue
        try:
            read_criteria(one, "_typeFilter")
        except FhirError as error:
            yield from (replace(issue, zh=f"{type_}：{issue.zh}", en=f"{type_}: {issue.en}") for issue in error.issues)


def _is_element(name: str) -> bool:
    type_, dot, element = name.rpartition(".")
    types = [type_] if dot else TYPES
    return any(one in TYPES and _has(one, element) for one in types)


def _has(type_: str, name: str) -> bool:
    known = shape(type_).elements
    return name in known or any(element.choice == name for element in known.values())


def _faulty_patients(patients: Sequence[str], *, of_patients: bool) -> Iterator[Issue]:
    if patients and not of_patients:
        text = "只有患者和组的导出可以限定患者", "only an export of patients or of a group can be limited to some"
        yield Issue(type="not-supported", code="MCH-S-001", zh=text[0], en=text[1], expression="patient")
    if len(patients) > MOST_PATIENTS:
        yield _wrong("patient", f"at most {MOST_PATIENTS}")
    if any(not _PATIENT.fullmatch(one) for one in patients):
        yield _wrong("patient", "Patient/…, as a valueReference")


def pairs_of(parameters: Any) -> Sequence[tuple[str, str]]:
    """The same from a Parameters resource. Raises 400."""
    listed = parameters.get("parameter", []) if isinstance(parameters, Mapping) else None
    if not isinstance(listed, list) or parameters.get("resourceType") != "Parameters":
        raise FhirError(400, [_wrong("Parameters", "Parameters.parameter")])
    found, problems = [], []
    for number, one in enumerate(listed):
        values = [one[name] for name in _VALUES if name in one] if isinstance(one, Mapping) else []
        if isinstance(one, Mapping) and one.get("name") == "patient":
            values = _named(one.get("valueReference"))
        if len(values) != 1 or not isinstance(values[0], str) or not isinstance(one.get("name"), str):
            problems.append(_wrong(f"Parameters.parameter[{number}]", " | ".join(_VALUES)))
        else:
            found.append((one["name"], values[0]))
    if problems:
        raise FhirError(400, problems)
    return found


def _named(reference: Any) -> list[Any]:
    return [reference["reference"]] if isinstance(reference, Mapping) and "reference" in reference else []


def _moment(text: str) -> datetime | None:
    """An instant; a day or a time without a zone is one where the women live."""
    found = interval(text.replace(" ", "+"))
    return found[0] if found else None


def _unknown(name: str) -> Issue:
    text = "不支持此参数", "parameter not supported"
    allowed = " | ".join(sorted(KNOWN))
    return Issue(type="not-supported", code="MCH-S-001", zh=text[0], en=text[1], expression=name[:64], allowed=allowed)


def _wrong(name: str, allowed: str) -> Issue:
    text = "值不合法", "not a possible value"
    return Issue(type="invalid", code="MCH-S-002", zh=text[0], en=text[1], expression=name, allowed=allowed)
