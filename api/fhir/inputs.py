"""What an operation was asked, from its address and its Parameters: held against the table that its definition says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import request

from api.fhir.writing import document
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.operations import ALWAYS, INPUTS, PAGED

_VALUES = ("String", "Uri", "Code", "Id", "Date", "DateTime", "Instant", "Canonical", "Integer")


def inputs(services: Any, operation: str) -> dict[str, str]:
    """By name; of one that may be given often the values with commas. Raises FhirError 400 with everything that is not
    understood, given twice, or missing."""
    known, paged = {one.name: one for one in INPUTS[operation]}, "_count" in {one.name for one in INPUTS[operation]}
    found: dict[str, str] = {}
    problems: list[Issue] = []
    for name, given, at in _given(services, problems):
        if name in ALWAYS or (paged and name in PAGED):
            continue
        if name not in known:
            text = "不支持此参数", "parameter not supported"
            problems.append(_issue("not-supported", "MCH-S-001", *text, at, " | ".join(known)))
        elif name in found and not known[name].many:
            problems.append(_issue("invalid", "MCH-S-002", "只能给出一次", "to be given once", at))
        else:
            found[name] = f"{found[name]},{given}" if name in found else given
    missing = [one for one in known.values() if one.min and not found.get(one.name)]
    problems += [
        _issue("required", "MCH-V-0012", f"须给出 {one.name}", f"{one.name} is needed", one.name, one.said)
        for one in missing
    ]
    if problems:
        raise FhirError(400, problems)
    return found


def _given(services: Any, problems: list[Issue]) -> Iterator[tuple[str, str, str]]:
    """Name, value and place of each."""
    for name, said in request.args.items(multi=True):
        yield name, said, name[:64]
    if request.method != "POST" or not request.content_length:
        return
    body = document(services)
    listed = body.get("parameter", []) if isinstance(body, Mapping) else None
    if not isinstance(listed, list) or body.get("resourceType") != "Parameters":
        text = "应为 Parameters", "Parameters are expected"
        problems.append(_issue("structure", "MCH-V-0001", *text, "Parameters"))
        return
    for number, one in enumerate(listed):
        at = f"Parameters.parameter[{number}]"
        value = _value(one)
        if value is None or not isinstance(one.get("name"), str):
            text = "参数应有名称和一个简单值", "a parameter has a name and one plain value"
            problems.append(_issue("structure", "MCH-S-002", *text, at, " | ".join(f"value{kind}" for kind in _VALUES)))
            continue
        yield one["name"], value, at


def _value(one: Any) -> str | None:
    if not isinstance(one, Mapping):
        return None
    reference = one.get("valueReference")
    named = [reference["reference"]] if isinstance(reference, Mapping) and "reference" in reference else []
    found = [*(one[name] for kind in _VALUES if (name := f"value{kind}") in one), *named]
    return str(found[0]) if len(found) == 1 else None


def _issue(type_: str, code: str, zh: str, en: str, at: str, allowed: str | None = None) -> Issue:
    return Issue(type=type_, code=code, zh=zh, en=en, expression=at, allowed=allowed)
