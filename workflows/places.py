"""Where the woman rests after the birth: the institution that a form names, as one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.people.model import Organisation

VISITS_AT_HOME = frozenset({"township", "village"})


def with_place_of_rest(routing: Mapping[str, Any], tree: Mapping[str, Organisation]) -> dict[str, Any]:
    """`routing` with `receiving_org` (an id or a full name) turned into `postpartum_organisation`. A name that is none
    of ours, another county's, leaves the visit with the institution of residence, which hands her over (M-02)."""
    result = dict(routing)
    named = result.pop("receiving_org", None)
    if isinstance(named, str) and (found := _named(named.strip(), tree)) is not None:
        result["postpartum_organisation"] = found
    return result


def _named(text: str, tree: Mapping[str, Organisation]) -> str | None:
    for organisation in tree.values():
        if text in (organisation.id, organisation.name) and organisation.kind in VISITS_AT_HOME:
            return _township(organisation)
    return None


def _township(organisation: Organisation) -> str:
    """A village post belongs to its township, whose officer makes the visit."""
    return organisation.parent_id if organisation.kind == "village" and organisation.parent_id else organisation.id
