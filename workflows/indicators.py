"""Indicators of the pathway, counted over the variables of cases. Definitions: pregnancy journey §10.2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

HIGH_RISK = frozenset({"orange", "red"})
FIVE_VISITS = 5

Case = Mapping[str, Any]
Counted = dict[str, dict[str, int]]


def count(cases: Iterable[Case]) -> Counted:
    """Numerator and denominator of each indicator, never a rate: small numbers must stay visible."""
    cases = list(cases)
    delivered = [case for case in cases if case.get("delivered_on")]
    registered = [case for case in cases if case.get("registered_on")]
    positive = [case for case in cases if case.get("screening") == "positive"]
    high = [case for case in cases if case.get("colour") in HIGH_RISK or case.get("purple")]
    return {
        "I-05": _share(delivered, lambda case: case.get("early_registration") is True),  # registered before 13 weeks
        "I-06": _share(delivered, lambda case: len(case.get("visits") or ()) >= FIVE_VISITS),
        "I-07": _share(delivered, lambda case: bool(case.get("visited_on"))),  # visited at home after discharge
        "I-08": _share(delivered, lambda case: bool(case.get("checked_on"))),  # the 42-day check
        "I-10": _share(registered, lambda case: bool(case.get("screened_on"))),
        "I-11": _share(positive, lambda case: bool(case.get("graded_at"))),
        "I-12": _share(high, lambda case: bool(case.get("case_file"))),
        "I-27": _share(cases, lambda case: case.get("end_code") == "lost"),
    }


def _share(cases: list[Case], counts: Any) -> dict[str, int]:
    return {"numerator": sum(bool(counts(case)) for case in cases), "denominator": len(cases)}
