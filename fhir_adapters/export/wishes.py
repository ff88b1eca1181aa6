"""What was asked of `$export`: read as a whole, refused with every problem that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fhir_adapters import access
from fhir_adapters.dates import interval
from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.types import PEOPLE_FREE, TYPES

NDJSON = "application/fhir+ndjson"
FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson"})
KNOWN = frozenset({"_outputFormat", "_since", "_type"})
_VALUES = ("valueString", "valueInstant", "valueDateTime", "valueUri", "valueCode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    types: tuple[str, ...]
    since: datetime | None


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
    if problems:
        raise FhirError(400, problems)
    refused = [one for one in dict.fromkeys(wanted) if not access.allows(scopes, one, "read")]
    if refused:
        raise access.missing_scope(refused[0], "read", "_type")
    types = tuple(one for one in offered if (not wanted or one in wanted) and access.allows(scopes, one, "read"))
    if not types:
        raise access.missing_scope("*", "read")
    return Wish(types=types, since=since[0] if since else None)


def pairs_of(parameters: Any) -> Sequence[tuple[str, str]]:
    """The same from a Parameters resource. Raises 400."""
    listed = parameters.get("parameter", []) if isinstance(parameters, Mapping) else None
    if not isinstance(listed, list) or parameters.get("resourceType") != "Parameters":
        raise FhirError(400, [_wrong("Parameters", "Parameters.parameter")])
    found, problems = [], []
    for number, one in enumerate(listed):
        values = [one[name] for name in _VALUES if name in one] if isinstance(one, Mapping) else []
        if len(values) != 1 or not isinstance(values[0], str) or not isinstance(one.get("name"), str):
            problems.append(_wrong(f"Parameters.parameter[{number}]", " | ".join(_VALUES)))
        else:
            found.append((one["name"], values[0]))
    if problems:
        raise FhirError(400, problems)
    return found


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
