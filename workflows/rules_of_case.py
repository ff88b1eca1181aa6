"""The rules that a woman's case was started with: the region pack's values as they were on that day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.facts_on_demand import Known
from workflows.regions import policy_of_pack

BASELINE = "cn-baseline"


def policy_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of her own case (`policy`), else those of the pack that is named, else the national baseline. What a case that is
    older than a rule does not hold is the baseline's."""
    own = facts.policy if isinstance(facts, Known) else facts.get("policy")
    if own is not None:
        return {**policy_of_pack(BASELINE), **own}
    return policy_of_pack(BASELINE if isinstance(facts, Known) else str(facts.get("pack") or BASELINE))
