"""Resources that differ in a few values only: written as JSON and indexed once, with gaps where those values go.

The mapping itself is asked, once for each kind of resource, with marks in place of the values; where a mark comes out
again, in the text or in an index entry, there is a gap. So nothing of the mapping is said twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from fhir_adapters.dates import interval
from fhir_adapters.search import index
from fhir_adapters.store.texts import content_hash, labels_text, split
from fhir_adapters.types import labels_of, patient_of

Row: TypeAlias = dict[str, Any]  # of a resource, as `save_resources` takes it
Side: TypeAlias = str | int  # one end of a date: its text, or the gap it is in

MOST_KEPT = 1 << 12
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_OURS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+08:00")


def mark(name: str) -> str:
    """Stands for an id. Its letters are small, so that it shows where a parameter compares in capitals."""
    return f"\ue000{name.lower()}\ue001"


@lru_cache(maxsize=MOST_KEPT)
def is_id(text: str) -> bool:
    """Whether it means the same in a text, in a reference and in an identifier, and may go into a gap."""
    return _ID.fullmatch(text) is not None


class Uncut(Exception):
    """A mark came out where no gap can be: this kind of resource is written at length."""


class _Token(NamedTuple):
    """An index entry with a gap: what is hashed before and behind the value."""

    before: bytes
    gap: int
    behind: bytes
    in_capitals: bool


class Stencil:
    """`row` fills the gaps."""

    __slots__ = ("_body", "_dates", "_labels", "_patient", "_pick", "_row", "_tokens", "_tokens_as_they_are")

    def __init__(self, region_id: str, resource: Mapping[str, Any], marks: Sequence[str]) -> None:
        """`marks`: what stands for each value, in the order in which `row` takes the values. Raises Uncut."""
        type_ = resource["resourceType"]
        found = index.forms(resource)
        if found.strings or index.has_strings(type_):
            raise Uncut(type_)
        parts = split(resource)
        self._body, gaps = _with_gaps(parts.body, marks)
        self._pick: Callable[[Sequence[str]], Any] = itemgetter(*gaps) if gaps else lambda values: ()
        self._labels = labels_text(resource.get("meta") or {})
        patient = patient_of(resource)
        self._patient = marks.index(patient) if patient in marks else None
        self._row = {
            "type": type_,
            "id": None,
            "body": None,
            "meta": parts.meta,
            "hash": None,
            "deleted": False,
            "patient": patient,
            "episode": None,
            "labels": f"{{{','.join(labels_of(resource))}}}",
        }
        self._tokens: list[_Token] = []
        fixed: list[int] = []
        for name, text in found.tokens:
            token = _token(index.salt(region_id, type_, name), text, marks)
            if token is None:
                fixed.append(index.hashed(region_id, type_, name, text))
            else:
                self._tokens.append(token)
        self._tokens_as_they_are = ",".join(map(str, fixed))
        moments = {moment: gap for gap, one in enumerate(marks) for moment in interval(one) or ()}
        self._dates: list[tuple[str, Side, Side]] = [
            (name, _side(low, moments), _side(high, moments)) for name, low, high in found.dates
        ]

    def row(self, id_: str, episode: str | None, values: Sequence[Any]) -> Row:
        """The resource with these values: plain texts (`is_id`, moments), None where one has no gap."""
        body = self._body % self._pick(values)
        row = self._row.copy()
        row["id"] = id_
        row["body"] = body
        row["hash"] = content_hash(body.encode(), self._labels)
        row["episode"] = episode
        if self._patient is not None:
            row["patient"] = values[self._patient]
        tokens = [
            _number(before, values[gap].upper() if in_capitals else values[gap], behind)
            for before, gap, behind, in_capitals in self._tokens
        ]
        if self._tokens_as_they_are:
            tokens.append(self._tokens_as_they_are)
        row["tokens"] = f"{{{','.join(tokens)}}}"
        row["dates"] = [
            (
                name,
                low if isinstance(low, str) else _ends(values[low])[0],
                high if isinstance(high, str) else _ends(values[high])[1],
            )
            for name, low, high in self._dates
        ]
        return row


def _with_gaps(text: str, marks: Sequence[str]) -> tuple[str, list[int]]:
    """The text for `%`, and which value goes into which gap."""
    places = {one: gap for gap, one in enumerate(marks)}
    either = "|".join(re.escape(one) for one in sorted(marks, key=len, reverse=True))
    pieces = re.split(f"({either})", text) if either else [text]
    return "%s".join(piece.replace("%", "%%") for piece in pieces[::2]), [places[piece] for piece in pieces[1::2]]


def _token(salt: bytes, text: str, marks: Sequence[str]) -> _Token | None:
    """None where the text has no gap."""
    seen = [(gap, form) for gap, one in enumerate(marks) for form in {one, one.upper()} if form in text]
    if not seen:
        return None
    gap, form = seen[0]
    before, *after = text.split(form)
    if len(seen) > 1 or len(after) > 1:
        raise Uncut(text)
    behind = after[0]
    return _Token(salt + before.encode(), gap, behind.encode(), form != marks[gap])


def _side(moment: datetime, marked: Mapping[datetime, int]) -> Side:
    found = marked.get(moment)
    return index.moment_text(moment) if found is None else found


@lru_cache(maxsize=1 << 13)  # a case has the same few in all its resources
def _number(before: bytes, value: str, behind: bytes) -> str:
    salted = b"%b%b%b" % (before, value.encode(), behind)
    return str(int.from_bytes(blake2b(salted, digest_size=8).digest(), "big", signed=True))


@lru_cache(maxsize=1 << 10)  # the same few moments of one step, in all its resources
def _ends(text: str) -> tuple[str, str]:
    """The first and last moment of a date or instant, written out."""
    ours = _OURS.fullmatch(text)
    if ours is not None:
        return text, text if ours[1] else f"{text[:19]}.999999+08:00"
    covered = interval(text)
    if covered is None:
        raise ValueError(text)
    return covered[0].isoformat(), covered[1].isoformat()


class Stencils:
    """Those of one mapping, by everything that makes its resources differ apart from the gaps."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        self._kept: dict[Any, Stencil | None] = {}

    def of(
        self, region_id: str, key: Hashable, example: Callable[[], tuple[Mapping[str, Any], Sequence[str]]]
    ) -> Stencil | None:
        """The stencil of this kind, or None where there can be none. `example` makes a resource with marks, and tells
        the marks in the order of the values."""
        whole = (region_id, key)
        try:
            return self._kept[whole]
        except KeyError:
            pass
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        try:
            found: Stencil | None = Stencil(region_id, *example())
        except Uncut:
            found = None
        self._kept[whole] = found
        return found
