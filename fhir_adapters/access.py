"""Who may do what over FHIR: SMART v2 scopes for the interaction, organisations for the woman, labels for the fact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fhir_adapters.issues import FhirError, refuse
from workflows.people.model import Principal

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
_SCOPE = re.compile(r"(system|user)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)")
_OLD = {"read": "rs", "write": "cud", "*": "cruds"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The caller as a query sees it: `source` marks what it wrote itself."""

    source: str
    organisations: tuple[str, ...]
    restricted: bool
    kind: str = "client"  # client | person

    @staticmethod
    @lru_cache(maxsize=1 << 12)
    def of(who: Principal) -> Viewer:
        return Viewer(
            source=f"{who.kind}:{who.login}",
            organisations=tuple(sorted(who.organisations)),
            restricted=who.restricted,
            kind=who.kind,
        )


@lru_cache(maxsize=1 << 12)
def may(scopes: frozenset[str], type_: str, interaction: str) -> bool:
    """`allows` for the scopes of a token, which come again with every request."""
    return allows(scopes, type_, interaction)


def allows(scopes: Iterable[str], type_: str, interaction: str) -> bool:
    """Whether one of the granted scopes covers this interaction on this type. A scope narrowed by a query
    grants nothing here: to honour it halfway would show more than was meant."""
    letter = LETTERS[interaction]
    for scope in scopes:
        found = _SCOPE.fullmatch(scope)
        if found and found[2] in ("*", type_) and letter in _OLD.get(found[3], found[3]):
            return True
    return False


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
    if not asked.split():
        return registered
    return frozenset(scope for scope in asked.split() if scope in registered or _covered(scope, registered))


def _covered(scope: str, registered: frozenset[str]) -> bool:
    found = _SCOPE.fullmatch(scope)
    if not found or found[1] != "system":
        return False
    by_letter = {letter: name for name, letter in LETTERS.items() if name not in ("vread", "history")}
    letters = _OLD.get(found[3], found[3])
    return bool(letters) and all(allows(registered, found[2], by_letter[letter]) for letter in letters)
