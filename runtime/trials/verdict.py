"""What a bar answers: figures beside their limits, and whether each holds."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

AT_MOST, AT_LEAST = "at_most", "at_least"


def at_most(value: float) -> dict[str, float]:
    return {AT_MOST: value}


def at_least(value: float) -> dict[str, float]:
    return {AT_LEAST: value}


def none_of(*names: str) -> dict[str, dict[str, float]]:
    return {name: at_most(0) for name in names}


def verdict(name: str, figures: dict[str, Any], limits: dict[str, dict[str, float]], **said: Any) -> dict[str, Any]:
    """`said`: what explains the figures, such as the first faults found."""
    return {"name": name, "pass": not broken(figures, limits), "figures": figures, "limits": limits, **said}


def broken(figures: dict[str, Any], limits: dict[str, dict[str, float]]) -> list[str]:
    """Names of the figures that do not keep their limit. One that was not measured keeps none."""
    return [name for name, limit in limits.items() if not _keeps(figures.get(name), limit)]


def _keeps(value: float | None, limit: dict[str, float]) -> bool:
    if value is None:
        return False
    return limit.get(AT_LEAST, value) <= value <= limit.get(AT_MOST, value)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share does not exceed."""
    if not values:
        return None
    return round(sorted(values)[max(0, ceil(share * len(values)) - 1)], 3)
