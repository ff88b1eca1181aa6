"""Which centre a woman is referred to (journey §7.4, SP-43): step by step by the levels of the directory, in an
emergency to the nearest that can treat her. A proposal with its reason; who refers decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflows.policies.advice import LEVELS
from workflows.services import Services
from workflows.store import institutions as store

RANKS = ("none", "county", "city", "province")  # of rescue centres, as the directory has them
LEAST = {"county_centre": 1, "city_centre": 2}  # what a region's word for "upwards" asks of a centre
TERTIARY = "three"
STEP, NEAREST, ACROSS = "step_up", "nearest", "across_levels"  # why, as the form words it


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    organisation: str
    name: str
    centre: str
    why: str


def proposed(
    services: Services, conn: Any, *, sender: str | None, upward: str | None, emergency: bool, without: frozenset[str],
    on: date,
) -> Receiver | None:  # fmt: skip
    """None where the region names the place itself, or the directory has no centre above the sender. `upward`: the
    pack's word for where her colour goes when more is needed; `without`: who cannot or did not take her."""
    if upward is not None and upward not in LEVELS:
        return None
    lines = {
        line["organisation"]: line["body"]
        for line in store.records(conn, services.region_id, None, "level", on, all=False)
    }
    own = _rank(lines.get(sender or "", {}))
    places = services.people.organisations()
    above = sorted(
        (_rank(body), id)
        for id, body in lines.items()
        if _rank(body) > own and id != sender and id not in without and id in places
    )
    if not above:
        return None
    fit = [(rank, id) for rank, id in above if _fits(rank, lines[id], upward)]
    rank, chosen = above[0] if emergency or own == 0 or not fit else fit[0]
    why = NEAREST if emergency else STEP if rank == own + 1 else ACROSS
    return Receiver(organisation=chosen, name=places[chosen].name, centre=RANKS[rank], why=why)


def _rank(body: Mapping[str, Any]) -> int:
    centre = body.get("centre", "none")
    return RANKS.index(centre) if centre in RANKS else 0


def _fits(rank: int, body: Mapping[str, Any], upward: str | None) -> bool:
    if upward == "tertiary":
        return body.get("level") == TERTIARY
    return rank >= LEAST.get(upward or "", 0)
