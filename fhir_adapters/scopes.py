"""What the scopes of a token leave open of each type: all of it, nothing, or what answers to a condition.

A condition is that of a search (`patient/Observation.rs?category=laboratory`), of which a single version can be asked
alone; so one and the same reading serves the database and what has been read from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fhir_adapters.issues import FhirError
from fhir_adapters.terminology import CONFIDENTIALITY
from fhir_adapters.types import PEOPLE_FREE, TYPES, labels_of, patient_of
from workflows.people.scopes import Scope, read_scope

if TYPE_CHECKING:
    from fhir_adapters.search.query import Query

ABOUT_NOBODY = (*PEOPLE_FREE, "Questionnaire")  # read by whoever reads for one patient
NARROWED_TYPES = frozenset((*TYPES, "Questionnaire"))  # all others are had whole, or not at all
ANY = "cruds"
VERY_RESTRICTED = ("_security", f"{CONFIDENTIALITY}|V")  # the one condition that also opens: deaths and their reviews


@dataclass(frozen=True, slots=True)
class Part:
    """One way to be inside: of the patient in context, answering to the query, bearing the label; all that is said."""

    patient_id: str | None = None
    query: Query | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """The scopes of a token that has not whole types only. `patient_id`: whom its `patient/` scopes are about."""

    scopes: frozenset[str]
    patient_id: str | None = None

    def parts(self, type_: str, letters: str) -> tuple[Part, ...] | None:
        """None: all of the type; empty: nothing of it. `letters`: one of them has to allow it."""
        return _parts(self, type_, letters)

    def covers(self, region_id: str, resource: Mapping[str, Any], updated_at: datetime, letters: str = "r") -> bool:
        """Whether this version of a resource, by what it says itself, is inside."""
        parts = self.parts(resource["resourceType"], letters)
        if parts is None:
            return True
        from fhir_adapters.subscriptions.criteria import Version  # knows of stores, which know of this

        version = Version(region_id, resource, updated_at)
        return any(
            (part.patient_id is None or patient_of(resource) == part.patient_id)
            and (part.query is None or version.meets(part.query))
            and (part.label is None or part.label in labels_of(resource))
            for part in parts
        )


@lru_cache(maxsize=1 << 12)
def narrowing_of(scopes: frozenset[str], patient_id: str | None) -> Narrowing | None:
    """None for most tokens: whatever they may see of a type they see whole."""
    found = [one for text in scopes if (one := read_scope(text)) is not None]
    return None if all(one.is_whole for one in found) else Narrowing(scopes=scopes, patient_id=patient_id)


@lru_cache(maxsize=1 << 12)
def _parts(narrowing: Narrowing, type_: str, letters: str) -> tuple[Part, ...] | None:
    parts = []
    for one in _of_type(narrowing.scopes, type_, letters):
        if one.is_whole:
            return None
        if one.context == "patient" and narrowing.patient_id is None:
            continue
        is_about_her = one.context == "patient" and type_ not in ABOUT_NOBODY
        if one.context == "patient" and not is_about_her and not set(letters) & set(one.letters) & {"r", "s"}:
            continue
        if not is_about_her and not one.condition:
            return None
        asked = tuple(pair for pair in one.condition if pair != VERY_RESTRICTED)
        try:
            query = _query(one.type, asked) if asked else None
        except FhirError:
            continue  # what cannot be held to opens nothing
        label = "V" if VERY_RESTRICTED in one.condition else None
        parts.append(Part(narrowing.patient_id if is_about_her else None, query, label))
    return tuple(parts)


def _of_type(scopes: Iterable[str], type_: str, letters: str) -> Iterable[Scope]:
    for text in sorted(scopes):
        one = read_scope(text)
        if one is not None and one.type in ("*", type_) and set(one.letters) & set(letters):
            yield one


def names_very_restricted(scopes: Iterable[str]) -> bool:
    """Whether deaths and reviews are asked for by their label: what a scope for whole types says is not enough."""
    found = (read_scope(text) for text in scopes)
    return any(one is not None and VERY_RESTRICTED in one.condition for one in found)


def _query(type_: str, condition: tuple[tuple[str, str], ...]) -> Query:
    from fhir_adapters.subscriptions.criteria import read_criteria  # knows of stores, which know of this

    return read_criteria(f"{type_}?{urlencode(condition)}", "scope")


def is_understood(text: str) -> bool:
    """Whether it is a scope for resources that can be held to the letter. A condition on all types at once cannot: each
    type has parameters of its own."""
    one = read_scope(text)
    if one is None or (one.type != "*" and one.context == "patient" and one.type not in NARROWED_TYPES):
        return False
    if not one.condition:
        return True
    if one.type not in TYPES:
        return False
    asked = tuple(pair for pair in one.condition if pair != VERY_RESTRICTED)
    try:
        return not asked or bool(_query(one.type, asked).conditions)
    except FhirError:
        return False
