"""Where the woman rests after the birth: the institution that a form names, as one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.people.model import Organisation

VISITS_AT_HOME = frozenset({"township", "village"})
TREATS = frozenset({"hospital"})
# what a form calls an institution -> the variable that diagrams read, and the kinds that may be named
NAMED: Mapping[str, tuple[str, frozenset[str]]] = {
    "receiving_org": ("postpartum_organisation", VISITS_AT_HOME),
    "referred_org": ("hospital_organisation", TREATS),
    "receiving_centre": ("receiving_organisation", TREATS),
    "consulted_org": ("answering_organisation", TREATS),
    "appointment_org": ("appointment_organisation", TREATS | VISITS_AT_HOME),
    "handover_org": ("receiving_organisation", TREATS | VISITS_AT_HOME | {"county_mch"}),
}


def with_places(routing: Mapping[str, Any], tree: Mapping[str, Organisation]) -> dict[str, Any]:
    """`routing` with each institution that a form names (an id or a full name) as one of ours. A name that is none of
    ours is left out: the visit stays with the institution of residence, the answer with whom the diagram asks else."""
    result = dict(routing)
    for name, (variable, kinds) in NAMED.items():
        named = result.pop(name, None)
        if isinstance(named, str) and (found := _named(named.strip(), tree, kinds)) is not None:
            result[variable] = found
    return result


def _named(text: str, tree: Mapping[str, Organisation], kinds: frozenset[str]) -> str | None:
    for organisation in tree.values():
        if text in (organisation.id, organisation.name) and organisation.kind in kinds:
            return _township(organisation)
    return None


def _township(organisation: Organisation) -> str:
    """A village post belongs to its township, whose officer makes the visit."""
    return organisation.parent_id if organisation.kind == "village" and organisation.parent_id else organisation.id
