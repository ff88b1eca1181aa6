"""Conditions that can be told from one version of a resource alone, read from a search and asked in memory.

So each version is judged by what it said, not by what has become of the resource since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from fhir_adapters.issues import FhirError, Issue
from fhir_adapters.search.index import PRESENT, Entries, entries, hashed, stored_as
from fhir_adapters.search.parameters import COMMON, PARAMETERS
from fhir_adapters.search.query import Condition, Dates, Ids, Missing, Query, Strings, Tokens, read_query
from fhir_adapters.types import TYPES

ASKED = (Tokens, Dates, Strings, Ids, Missing)
LONGEST = 2000


def read_criteria(text: str, at: str) -> Query:
    """`Type?name=value&…`. Raises FhirError 422 with everything in it that one version alone cannot answer."""
    type_, _, rest = text.partition("?")
    if type_ not in TYPES or len(text) > LONGEST:
        wording = ("条件应为“资源类型?检索条件”", "the criteria must be Type?search")
        raise FhirError(422, [_issue("MCH-S-010", *wording, at, "Task?status=ready")])
    try:
        query = read_query(type_, parse_qsl(rest, keep_blank_values=True), strict=True)
    except FhirError as error:
        raise FhirError(
            422, [_issue(i.code, i.zh, i.en, at, i.allowed or i.expression) for i in error.issues]
        ) from None
    foreign = [c for c in query.conditions if not isinstance(c, ASKED)]
    if foreign or query.sort or query.sorts or query.includes or query.revincludes or query.only_count:
        wording = ("订阅条件只能是资源自身的检索参数", "a subscription takes only parameters of the resource itself")
        raise FhirError(422, [_issue("MCH-S-011", *wording, at, "token | reference | date | string, without chains")])
    return query


def _issue(code: str, zh: str, en: str, at: str, allowed: str | None) -> Issue:
    return Issue(type="not-supported", code=code, zh=zh, en=en, expression=at, allowed=allowed)


class Version:
    """One version of a resource, and its index entries, made once however many ask."""

    def __init__(self, region_id: str, resource: Mapping[str, Any], updated_at: datetime) -> None:
        self.region_id, self.resource, self.updated_at = region_id, resource, updated_at
        self._entries: Entries | None = None

    @property
    def type(self) -> str:
        return str(self.resource["resourceType"])

    @property
    def found(self) -> Entries:
        if self._entries is None:
            self._entries = entries(self.region_id, self.resource)
        return self._entries

    def meets(self, query: Query) -> bool:
        return query.type == self.type and all(self._holds(one) for one in query.conditions)

    def _holds(self, condition: Condition) -> bool:
        match condition:
            case Tokens(name, values, absent):
                return self._has(name, values) is not absent
            case Missing(name, _, missing):
                return self._has(name, [PRESENT]) is not missing
            case Ids(values):
                return self.resource.get("id") in values
            case Dates(name, asked):
                return any(_compares(*one, *interval) for interval in self._intervals(name) for one in asked)
            case Strings(name, how, values):
                stored = [value for param, value in self.found.strings if param == stored_as(self.type, name)]
                return any(_reads(text, how, value) for text in stored for value in values)
        raise TypeError(type(condition))

    def _has(self, name: str, values: Iterable[str]) -> bool:
        return any(hashed(self.region_id, self.type, name, value) in self.found.tokens for value in values)

    def _intervals(self, name: str) -> list[tuple[datetime, datetime]]:
        if (PARAMETERS[self.type].get(name) or COMMON[name]).is_last_update:
            return [(self.updated_at, self.updated_at)]
        return [(low, high) for param, low, high in self.found.dates if param == stored_as(self.type, name)]


def _reads(text: str, how: str, asked: str) -> bool:
    if how == "exact":
        return text == asked
    return asked in text if how == "contains" else text.startswith(asked)


def _compares(prefix: str, asked_low: datetime, asked_high: datetime, low: datetime, high: datetime) -> bool:
    """As the search compares intervals."""
    inside = low >= asked_low and high <= asked_high
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > asked_high,
        "lt": low < asked_low,
        "ge": high >= asked_low,
        "le": low <= asked_high,
        "sa": low > asked_high,
        "eb": high < asked_low,
        "ap": high >= asked_low and low <= asked_high,
    }[prefix]
