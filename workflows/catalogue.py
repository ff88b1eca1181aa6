"""The messages and clocks of the pathway (journey §4.1, §4.2), each with the tests that show it:
`docs/pathway/messages.yaml`; the page beside it is written from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[1] / "docs" / "pathway" / "messages.yaml"
SCENARIOS = "tests/bpmn/scenarios/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`tests`: paths from the root, a test's name after `::`. `stands`: what the diagrams have in place of its id."""

    id: str
    says: tuple[str, ...]
    tests: tuple[str, ...]
    stands: str | None = None


def messages() -> list[Row]:
    """What, from whom, to whom, on what, with what, by when."""
    return [_row(row, "zh", "from", "to", "upon", "holds", "by") for row in _read()["messages"]]


def clocks() -> list[Row]:
    """On what, how long, and who gets the task then."""
    return [_row(row, "upon", "by", "then") for row in _read()["clocks"]]


def _row(row: dict[str, Any], *names: str) -> Row:
    tests = (f"{SCENARIOS}{one[2:]}.yaml" if one.startswith("s:") else one for one in row["tests"])
    return Row(id=row["id"], says=tuple(str(row[name]) for name in names), tests=tuple(tests), stands=row.get("stands"))


def _read() -> Any:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))
