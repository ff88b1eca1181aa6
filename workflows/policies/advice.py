"""D5: the place of care that is advised. Advice is recorded as given; the woman decides (journey §6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Advice:
    """Levels of institution by the codes of the grading form, and the institutions a region names."""

    antenatal: str
    delivery: str
    evaluate: str | None
    antenatal_place: str | None = None
    delivery_place: str | None = None
    upward: str | None = None  # where she goes when more is needed than the place of care can do


# As the grading form shows the codes; what is none of them is an institution that the region names.
LEVELS: Mapping[str, str] = {
    "township": "乡镇卫生院",
    "county": "县级医疗机构",
    "county_centre": "县级危重救治中心",
    "city_centre": "市级危重救治中心",
    "tertiary": "三级医疗机构",
    "designated": "定点医疗机构",
}


def named(place: str | None) -> str | None:
    """A level in words, an institution as it is called."""
    return LEVELS.get(place, place) if place else None


def advice(colour: str, purple: bool, routing: Mapping[str, Mapping[str, Any]]) -> tuple[Advice, ...]:
    """The row of the primary colour, and that of the infectious-disease flag beside it, as the region routes them."""
    return tuple(_row(routing[name]) for name in (colour, *(["purple"] if purple else [])) if name in routing)


def _row(places: Mapping[str, Any]) -> Advice:
    return Advice(
        places["anc"],
        places["delivery"],
        places.get("evaluate"),
        places.get("anc_place"),
        places.get("delivery_place"),
        places.get("upward"),
    )
