"""What an installation has to confirm before real use: values of a pack and rows of the tables that rest on
professional knowledge or on a local setting, and where the sources contradict each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflows import tables
from workflows.forms import forms_on_disk
from workflows.regions import Pack, Source
from workflows.routing import CRITERION, SCREENING_ITEM, code_of

MARKS = ("known", "default")
FORMS = (("risk-screening", SCREENING_ITEM), ("risk-grading", CRITERION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A screening item or grading criterion whose official wording has not been compared yet. `verified`: ◐ or ○."""

    form: str
    code: str
    text: str
    verified: str


def values(pack: Pack) -> list[tuple[str, Any, Source]]:
    """The values of a pack that are professional knowledge or local settings, in the order of the file."""
    return [(key, value, source) for key, value, source in pack.leaves() if source.mark in MARKS]


def rows() -> list[Row]:
    """The rows of the screening and grading tables that are not verified, in the order of the forms."""
    found = []
    for form, pattern in FORMS:
        for item in forms_on_disk()[form].by_link_id:
            row = tables.row_of(code_of(item)) if pattern.fullmatch(item) else None
            if row is not None and row["verified"] != "✔":
                found.append(Row(form=form, code=code_of(item), text=str(row["text"]), verified=str(row["verified"])))
    return found


def kind_of(contradiction: Any) -> str:
    """Whether the county still has to be asked."""
    return "open" if contradiction.get("question") else "decided"
