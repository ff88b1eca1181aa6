"""The gradings of a case: which is which, in what order they hold, and what each took the place of.

A result that was entered in error is moved from `gradings` to `gradings_in_error` and keeps its time; what took its
place stands where it stood. A grading's number never changes, whatever is amended later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """`place`: in `gradings`, from zero; None for one in error."""

    number: int
    said: Mapping[str, Any]
    place: int | None

    @property
    def is_error(self) -> bool:
        return self.place is None


def numbered(variables: Mapping[str, Any]) -> list[Numbered]:
    """Every result in the order in which they hold, what is in error before what took its place.

    What has no number was recorded before numbers were: it takes the lowest one that is free, in order of time."""
    kept = [(said, place) for place, said in enumerate(_listed(variables.get("gradings")))]
    wrong = [(said, None) for said in _listed(variables.get("gradings_in_error"))]
    ordered = sorted([*wrong, *kept], key=_order)
    held = {number for said, _ in ordered if (number := _number(said)) is not None}
    free = (number for number in count(1) if number not in held)
    return [Numbered(number=_number(said) or next(free), said=said, place=place) for said, place in ordered]


def label_of(said: Mapping[str, Any]) -> tuple[Any, bool]:
    return said.get("colour"), said.get("purple") is True


def key_of(said: Mapping[str, Any]) -> str:
    """By what the report that rests on this result is called back: two at one moment have two keys."""
    number = _number(said)
    return str(said.get("graded_at")) if number is None else str(number)


def place_of(variables: Mapping[str, Any], key: str) -> int | None:
    """Where in `gradings` the result stands that a report with this key rests on.

    What took the place of an earlier result stands there for it, and so does its report; what took the place of the
    result in force began anew: None, as for a key that nobody knows."""
    gradings = _listed(variables.get("gradings"))
    every, looked = [*gradings, *_listed(variables.get("gradings_in_error"))], set[str]()
    while key not in looked:
        looked.add(key)
        for place, said in enumerate(gradings):
            if key in (key_of(said), str(said.get("graded_at"))):  # a time, where its diagram is of before numbers
                return place
        after = next((one for one in every if "amended_at" in one and str(_number(one, "replaces")) == key), None)
        key = key if after is None else key_of(after)
    return None


def _number(said: Mapping[str, Any], name: str = "number") -> int | None:
    number = said.get(name)
    return int(number) if isinstance(number, int | Decimal) and not isinstance(number, bool) else None


def _listed(kept: Any) -> list[Mapping[str, Any]]:
    is_list = isinstance(kept, Sequence) and not isinstance(kept, str)
    return [said for said in kept if isinstance(said, Mapping) and said.get("colour")] if is_list else []


def _order(one: tuple[Mapping[str, Any], int | None]) -> tuple[datetime, bool]:
    said, place = one
    at = said.get("graded_at")
    return datetime.fromisoformat(str(at)) if at else FIRST, place is not None
