"""What a search asks for, once it is read: conditions, includes, order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fhir_adapters.issues import Issue
from fhir_adapters.search.computed import Test

DEFAULT_COUNT = 50


@dataclass(frozen=True, slots=True)
class Tokens:
    """One of `values` of the parameter; with `absent` none of them."""

    name: str
    values: tuple[str, ...]
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Dates:
    """One of these comparisons of the parameter's interval; `_lastUpdated` is the resource's own time."""

    name: str
    values: tuple[tuple[str, datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Strings:
    name: str
    how: str  # starts | contains | exact | begins: to the letter, and found by the index beneath any policy
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ids:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    name: str
    kind: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Chain:
    """The parameter refers to one of what a query finds on its type."""

    name: str
    queries: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """One of what `query` finds on another type refers to it by that type's parameter `name`."""

    name: str
    query: Query


@dataclass(frozen=True, slots=True)
class Holds:
    """The stored `body` or `meta` answers to one of these tests."""

    column: str
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


Condition = Tokens | Dates | Strings | Ids | Missing | Chain | Has | Holds | Both | Either


@dataclass(frozen=True, slots=True)
class Include:
    source: str
    name: str
    target: str | None = None
    again: bool = False  # of what was included too


@dataclass(frozen=True, slots=True)
class Query:
    type: str
    conditions: tuple[Condition, ...] = ()
    sort: tuple[str, bool] | None = None  # name, descending
    sorts: tuple[tuple[str, bool], ...] = ()  # two or three keys; then `sort` is None
    count: int = DEFAULT_COUNT
    total: bool = False
    only_count: bool = False
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    after: tuple[str, str] | None = None  # sort key and id of the last resource of the page before
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[Issue, ...] = ()
