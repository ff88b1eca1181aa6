"""What each indicator counts, as data: `definitions.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.errors import NotFound, Text

FILE = Path(__file__).parent / "definitions.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """`targets`: keys of the region pack; the first that is there holds what is aimed at. `missing`: why it is not
    counted yet, None where it is. `place`: residence or institution, whose number it is. `mark`: how sure the
    definition is."""

    id: str
    name: Text
    numerator: Text
    denominator: Text
    rule: Text
    factor: int
    period: str
    recipient: str
    place: str
    mark: str
    source: str
    targets: tuple[str, ...] = ()
    missing: Text | None = None
    measure: str | None = None  # what `value` of a row is, where there is one: minutes, reads

    @property
    def is_recorded(self) -> bool:
        return self.missing is None


@cache
def definitions() -> Mapping[str, Definition]:
    """By id, in the order of the specification."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {row["id"]: _definition(row) for row in rows}


def definition(indicator: str) -> Definition:
    """Raises NotFound."""
    if (found := definitions().get(indicator)) is None:
        raise NotFound("没有这个指标", "no such indicator", code="no-such-indicator")
    return found


def _definition(row: Mapping[str, Any]) -> Definition:
    return Definition(
        id=row["id"],
        name=_text(row["name"]),
        numerator=_text(row["numerator"]),
        denominator=_text(row["denominator"]),
        rule=_text(row["rule"]),
        factor=row["factor"],
        period=row["period"],
        recipient=row["to"],
        place=row["place"],
        mark=row["mark"],
        source=row["source"],
        targets=_targets(row.get("target")),
        measure=row.get("measure"),
        missing=_text(row["missing"]) if row.get("recorded") is False else None,
    )


def _targets(said: str | list[str] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def _text(value: Mapping[str, str]) -> Text:
    return Text(zh=value["zh"], en=value["en"])
