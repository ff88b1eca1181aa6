"""SMART scopes as texts: `context/Type.cruds?condition`, what is around them, and which of them a registration covers.

Version 1 (`.read`, `.write`, `.*`) means what version 2 writes in letters, in the order c r u d s. A condition is
is not read here: it stands as the pairs it was asked with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

CONTEXTS = ("system", "user", "patient")
VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
# Of a person who signs in to an app: who she is, which woman and which visit, and how long the app may come again.
AROUND = frozenset(
    {
        *("openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter"),
        *("online_access", "offline_access"),
    }
)
LONGEST = 500
_SCOPE = re.compile(r"(system|user|patient)/(\*|[A-Z][A-Za-z]+)\.(c?r?u?d?s?|read|write|\*)(?:\?([!-~]+))?")


@dataclass(frozen=True, slots=True)
class Scope:
    """`condition`: pairs of a search that a resource answers to; empty where the whole type is meant."""

    context: str
    type: str
    letters: str
    condition: tuple[tuple[str, str], ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whoever sees one resource of the type sees all that their organisations may know of."""
        return not self.condition and self.context != "patient"


@lru_cache(maxsize=1 << 12)
def read_scope(text: str) -> Scope | None:
    """None for what is no scope for resources: one around them, one of a job worker, or nothing that we know."""
    found = _SCOPE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    context, type_, how, asked = found.groups()
    letters = VERSION_1.get(how, how)
    pairs = tuple(sorted(parse_qsl(asked or "", keep_blank_values=True)))
    if not letters or (asked is not None and not pairs):
        return None
    return Scope(context, type_, letters, pairs)


def covered(asked: Scope, registered: Iterable[str]) -> bool:
    """Whether each of its letters is in a registered scope that is as wide or wider."""
    wider = [
        one.letters
        for text in registered
        if (one := read_scope(text)) is not None
        and one.context == asked.context
        and one.type in ("*", asked.type)
        and set(one.condition) <= set(asked.condition)
    ]
    return all(any(letter in letters for letters in wider) for letter in asked.letters)


def limited(scopes: Iterable[str], letters: Iterable[str]) -> frozenset[str]:
    """The same scopes with no more than these letters: what a person's own rights leave of what an app was given."""
    left = set()
    allowed = frozenset(letters)
    for text in scopes:
        one = read_scope(text)
        if one is None or set(one.letters) <= allowed:
            left.add(text)
        elif kept := "".join(letter for letter in one.letters if letter in allowed):
            _, question, condition = text.partition("?")
            left.add(f"{one.context}/{one.type}.{kept}{question}{condition}")
    return frozenset(left)
