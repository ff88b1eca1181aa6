"""What institutions have recorded in a quarter, as the score sheet reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """`duties`: by code of the duty how many were due and recorded; `measures`: how many were due and done in time."""

    duties: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    measures: tuple[int, int] = (0, 0)
    births_without_case: int = 0
    births_registered: int = 0
    facility_reviews: int = 0
    county_reviews: int = 0
    review_lines: tuple[str, ...] = ()

    def said(self, code: str, name: str) -> str | None:
        """`name done/due`; None where none was due."""
        due, done = self.duties.get(code, (0, 0))
        return f"{name} {done}/{due}" if due else None
