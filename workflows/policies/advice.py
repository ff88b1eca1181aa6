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
    )
