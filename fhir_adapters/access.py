"""Who may do what over FHIR: SMART v2 scopes for the interaction, organisations for the woman, labels for the fact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fhir_adapters.issues import FhirError, refuse
from fhir_adapters.scopes import NARROWED_TYPES, Narrowing, is_understood, names_very_restricted, narrowing_of
from fhir_adapters.store.texts import Stored
from fhir_adapters.types import LABELS
from workflows.people.model import Principal
from workflows.people.scopes import covered, read_scope

LETTERS = {
    "create": "c",
    "read": "r",
    "vread": "r",
    "history": "r",
    "update": "u",
    "patch": "u",
    "delete": "d",
    "search": "s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The caller as a query sees it: `source` marks what it wrote itself. `narrowing`: None where the scopes give whole
    types, as most do. `tolerances`: of the client's registration."""

    source: str
    organisations: tuple[str, ...]
    restricted: bool
    very_restricted: bool = False  # of deaths and their reviews
    kind: str = "client"  # client | person
    tolerances: frozenset[str] = frozenset()
    narrowing: Narrowing | None = None

    @staticmethod
    @lru_cache(maxsize=1 << 12)
    def of(who: Principal) -> Viewer:
        return Viewer(
            source=f"{who.kind}:{who.login}",
            organisations=tuple(sorted(who.organisations)),
            restricted=who.restricted,
            very_restricted=who.restricted and (_is_person_here(who) or names_very_restricted(who.scopes)),
            kind=who.kind,
            tolerances=who.tolerances,
            narrowing=narrowing_of(who.scopes, who.patient_id),
        )

    @property
    def cleared(self) -> tuple[str, ...]:
        """The labels that a resource may bear and be seen."""
        return LABELS[: 1 + self.very_restricted] if self.restricted else ()

    def about(self, type_: str) -> str | None:
        """The one patient whom all that the scopes leave open of a type is about."""
        parts = self.narrowing.parts(type_, "r") if self.narrowing is not None else None
        found = {part.patient_id for part in parts or ()}
        return found.pop() if len(found) == 1 else None

    def sees(self, region_id: str, stored: Stored, letters: str = "r") -> bool:
        """Whether the scopes leave this version open: by what it says, not by what has become of the resource."""
        narrowing = self.narrowing
        if narrowing is None:
            return True
        parts = narrowing.parts(stored.type, letters)
        if not parts:
            return parts is None
        return narrowing.covers(region_id, stored.resource(), stored.updated_at, letters)


def _is_person_here(who: Principal) -> bool:
    """On our own pages, or with a token of their own: no app between."""
    return who.kind == "person" and who.app is None


@lru_cache(maxsize=1 << 12)
def may(scopes: frozenset[str], type_: str, interaction: str) -> bool:
    """`allows` for the scopes of a token, which come again with every request."""
    return allows(scopes, type_, interaction)


def allows(scopes: Iterable[str], type_: str, interaction: str) -> bool:
    """Whether one of the granted scopes covers this interaction on this type at all. Of which resources is said by the
    viewer's narrowing; what is no clinical type is had whole or not at all."""
    letter = LETTERS[interaction]
    for text in scopes:
        one = read_scope(text)
        is_of_type = one is not None and one.type in ("*", type_) and letter in one.letters
        if one is not None and is_of_type and (one.is_whole or type_ in NARROWED_TYPES):
            return True
    return False


def require_open(viewer: Viewer, types: Iterable[str], interaction: str = "read") -> None:
    """Raises 403 where the scopes leave only a part of one of these types, other than by whom it is about: for what is
    made of many resources at once."""
    for type_ in types:
        parts = viewer.narrowing.parts(type_, LETTERS[interaction]) if viewer.narrowing else None
        if parts is not None and any(part.query is not None or part.label is not None for part in parts):
            raise missing_scope(type_, interaction)


def require(scopes: Iterable[str], type_: str, interaction: str, at: str | None = None) -> None:
    """Raises 403 when no scope covers the interaction."""
    if not allows(scopes, type_, interaction):
        raise missing_scope(type_, interaction, at)


def missing_scope(type_: str, interaction: str, at: str | None = None) -> FhirError:
    return refuse(
        403,
        "forbidden",
        "MCH-A-002",
        "令牌的授权范围不含此操作",
        "the token's scopes do not cover this interaction",
        expression=at,
        allowed=f"system/{type_}.{LETTERS[interaction]}",
    )


def granted(asked: str, registered: Iterable[str]) -> frozenset[str]:
    """The asked scopes as far as the registration covers each wholly; all registered ones when nothing is asked."""
    registered = frozenset(registered)
    wanted = frozenset(asked.split())
    if not wanted:
        return registered
    return frozenset(text for text in wanted if text in registered or _covered(text, registered))


def unknown(asked: Iterable[str], around: frozenset[str] = frozenset()) -> list[str]:
    """What of this is no scope that can be held to: misspelt, letters out of order, a parameter that does not exist."""
    return sorted(
        text for text in asked if text not in around and not text.startswith("jobs/") and not is_understood(text)
    )


def _covered(text: str, registered: frozenset[str]) -> bool:
    one = read_scope(text)
    return one is not None and covered(one, registered)
