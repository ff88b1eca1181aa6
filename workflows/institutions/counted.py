"""Counts that others keep (outpatients of a hospital, child care), as lines of a file: an indicator, a place, a period,
two numbers and who says so. What the product counts itself is not brought in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import Fault, Incorrect, Text
from workflows.indicators import definitions
from workflows.services import Services

OF_OTHERS = ("I-17", "I-18", "C-01", "C-02", "C-03", "C-04", "C-05", "C-06")
LARGEST = 100_000_000
LONGEST = 200  # letters of who says so


def checked(services: Services, source: Any, rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The rows with ids of institutions instead of names. Raises Incorrect with a fault for each wrong cell."""
    places = {name: one.id for one in services.people.organisations().values() for name in (one.id, one.name)}
    faults = []
    for number, row in enumerate(rows, 2):
        for name, said in _wrong(row, places):
            title = source.columns[name]
            zh, en = f"第 {number} 行 {title}：{said.zh}", f"row {number}, {title}: {said.en}"
            faults.append(Fault(path=f"{number}:{title}", message=Text(zh=zh, en=en)))
    if faults:
        raise Incorrect("文件有误，未导入", "the file is wrong; nothing was stored", code="import", faults=faults[:50])
    return [{**row, "organisation": places[row["organisation"]]} for row in rows]


def _wrong(row: Mapping[str, str], places: Mapping[str, str]) -> list[tuple[str, Text]]:
    found = []
    if row["indicator"] not in OF_OTHERS or row["indicator"] not in definitions():
        listed = "、".join(OF_OTHERS)
        found.append(("indicator", Text(zh=f"只能是 {listed}", en=f"one of {', '.join(OF_OTHERS)}")))
    if row["organisation"] not in places:
        found.append(("organisation", Text(zh="没有此机构", en="no such organisation")))
    if row["first"] > row["last"]:
        found.append(("last", Text(zh="早于开始日期", en="before the first day")))
    numbers = {name: _whole(row[name]) for name in ("numerator", "denominator")}
    for name, value in numbers.items():
        if value is None:
            found.append((name, Text(zh="应为不小于 0 的整数", en="a whole number, not below 0")))
    above, below = numbers["numerator"], numbers["denominator"]
    if above is not None and below is not None and above > below:
        found.append(("numerator", Text(zh="大于分母", en="more than the denominator")))
    if len(row["said_by"]) > LONGEST:
        found.append(("said_by", Text(zh=f"最多 {LONGEST} 字", en=f"at most {LONGEST} letters")))
    return found


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= LARGEST else None
