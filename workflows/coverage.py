"""What the source documents ask for, row by row: where the product does it, which test shows it, and what is open.
`docs/pathway/coverage.yaml` holds the rows; the page beside it is written from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "docs" / "pathway" / "coverage.yaml"
STATES = {"shown": "有", "partly": "部分", "open": "未做"}
NOTE = (
    "`有`：产品中有，并有测试；`部分`：有一部分，缺的写在后面；`未做`：没有。"
    "由 `coverage.yaml` 生成，测试核对每一处与每一个测试存在。\n\n"
    "Shown, partly there, or open; a test holds that every place and every test that a row names exists."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """`place`: the file or folder of the product. `tests`: `path` or `path::name`."""

    id: str
    zh: str
    place: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`scope`: core or supporting. `by`: what does it; `lacks`: what is not there."""

    id: str
    clause: str
    scope: str
    what: str
    by: tuple[Capability, ...]
    lacks: str | None

    @property
    def state(self) -> str:
        if not self.by:
            return "open"
        return "partly" if self.lacks else "shown"


def rows() -> list[Row]:
    """In the order of the documents. Raises KeyError for a capability that is not described."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    known = {
        id: Capability(id=id, zh=one["zh"], place=one["place"], tests=tuple(one["tests"]))
        for id, one in read["capabilities"].items()
    }
    return [
        Row(
            id=row["id"],
            clause=row["clause"],
            scope=row["scope"],
            what=row["what"],
            by=tuple(known[name] for name in row.get("by", ())),
            lacks=row.get("lacks"),
        )
        for row in read["rows"]
    ]


def counts() -> dict[str, dict[str, int]]:
    """By scope: how many rows are in each state."""
    found: dict[str, dict[str, int]] = {}
    for row in rows():
        of_scope = found.setdefault(row.scope, dict.fromkeys(STATES, 0))
        of_scope[row.state] += 1
    return found
