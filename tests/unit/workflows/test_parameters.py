"""Every value of every region pack is read by something: it is changed here, and a difference is seen. Those that
nothing reads yet, and those that are only shown to people, are named: a new value that nobody reads fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.clock import CHINA
from engine.errors import EngineError
from workflows import escalation, parameters
from workflows.duties import ELEMENTS, Known, duties
from workflows.indicators import Period, due_dates, score_sheet
from workflows.indicators.counting import Report, _figures
from workflows.journey import prefill
from workflows.regions import Pack, load_pack, pack_ids
from workflows.regions.pack import POLICY

ROOT = Path(__file__).parents[3]
NOW = datetime(2022, 6, 1, 9, tzinfo=CHINA)
YEARS = Period("2018-2023", date(2018, 1, 1), date(2023, 12, 31))
QUARTER = Period("2022Q2", date(2022, 4, 1), date(2022, 6, 30))


@dataclass
class Task:
    due_at: datetime | None = NOW
    completed_at: datetime | None = None
    created_at: datetime = NOW - timedelta(days=3)


@cache
def texts() -> str:
    """Every diagram, table and rule: where a name of the policy would be read."""
    files = [*ROOT.glob("bpmn/*.bpmn"), *ROOT.glob("bpmn/decisions/*.dmn"), *ROOT.glob("workflows/*.py")]
    files.remove(ROOT / "workflows/parameters.py")  # lists what is not read
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def seen(pack: Pack) -> Iterator[Any]:
    """What the product makes of a pack, wherever it reads one."""
    policy = pack.policy()
    yield {path: value for path, value in _leaves(policy) if path.partition(".")[0] in POLICY and _is_read(path)}
    yield _filled_in(policy)
    yield [(d.on, d.name, d.sender, d.recipient, d.about) for d in due_dates(pack, YEARS)]
    figures = _figures({}, pack, QUARTER)
    for year in (2018, 2019, 2020, 2022):
        yield [one.target for one in _figures({}, pack, Period(str(year), date(year, 1, 1), date(year, 12, 31)))]
    yield pack.value("emergency.ddi_target_min")
    yield escalation.ladder(pack)
    yield _owed(pack)
    if "quarterly_score" in (pack.values.get("returns") or {}):
        report = Report(
            region="r",
            pack=pack.id,
            period=QUARTER,
            organisation=None,
            counted_at=NOW,
            figures=figures,
            by_organisation={},
        )
        yield [(item.points, item.evidence) for item in score_sheet(report, pack).items]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


@cache
def _is_read(path: str) -> bool:
    """The value itself is named where something reads it, or a group of it is taken as a whole: by a key that is
    computed, or by a rule. A group that is only handed on to a table or a called process is not read by that."""
    name, *inner = path.split(".")
    if not any(form in texts() for form in (f"policy.{name}", f'["{name}"]', f'"{name}"]', f'get("{name}"')):
        return False
    if name == "routing":
        return False
    return not inner or name in TAKEN_WHOLE or re.search(rf"\b{re.escape(inner[-1])}\b", texts()) is not None


# By a key that is computed: the colour, the moment, the kind. `routing` is looked at by what it fills in, below.
TAKEN_WHOLE = frozenset(
    {"tracing", "tracing_urgent", "report_within", "report_call_within", "visit_windows", "visit_raise"}
)


def _filled_in(policy: dict[str, Any]) -> list[Any]:
    """What forms begin with for a woman of each colour: where the region sends her."""
    found = []
    for colour in ("green", "yellow", "orange", "red"):
        for purple in (False, True):
            case = {"policy": policy, "colour": colour, "purple": purple}
            found += [
                prefill(form, {}, case, NOW.date()) for form in ("risk-report", "transfer-request", "delivery-plan")
            ]
    graded = ({"hb": 115}, {"age": 36}, {"age": 41}, {"hb": 55}, {"hb": 39}, {"hiv": "pos"})
    found += [prefill("risk-grading", facts, {"policy": policy}, NOW.date()) for facts in graded]
    return found


def _owed(pack: Pack) -> list[Any]:
    """The duties of a woman of each colour, before and after birth."""
    born = {"delivered_on": "2022-05-01", "graded_at": "2022-01-02T08:00:00+08:00"}
    found = []
    for colour in ("green", "yellow", "orange", "red", "purple"):
        known = {"variables": born, "tasks": dict.fromkeys(ELEMENTS, Task()), "case_file": {}, "colours": {colour}}
        found.append(duties(Known(**known, pack=pack, now=NOW)))
    return found


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float | Decimal):
        return value + type(value)(1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, list):
        return value[:-1] or ["another"]
    if value is None:
        return "another"
    return ANOTHER.get(value) or (f"P9{value[1:]}" if value.startswith("P") and value[1:2].isdigit() else f"{value}~")


ANOTHER = {"lt": "ge", "le": "ge", "ge": "lt", "eq": "lt", "01-31": "01-30", "xf-annex5": "none-such"}


def with_value(pack: Pack, key: str, value: Any) -> Pack:
    def put(values: Any, parts: list[str]) -> Any:
        return {**values, parts[0]: put(values[parts[0]], parts[1:]) if len(parts) > 1 else value}

    return replace(pack, values=put(pack.values, key.split(".")))


def makes_a_difference(pack: Pack, key: str, value: Any, before: list[Any]) -> bool:
    """Stops at the first difference."""
    try:
        return any(now != then for now, then in zip(seen(with_value(pack, key, changed(value))), before))
    except (KeyError, ValueError, TypeError, EngineError):
        return True  # refused: somebody read it


@pytest.mark.parametrize("pack_id", pack_ids())
def test_each_value_is_read_or_is_listed_as_unread(pack_id):
    pack = load_pack(pack_id)
    before = list(seen(pack))

    base = {key: value for key, value, _ in load_pack(pack.base).leaves()} if pack.base else {}
    own = [(key, value) for key, value, _ in pack.leaves() if base.get(key, "…") != value]

    unread = {key for key, value in own if not makes_a_difference(pack, key, value, before)}

    listed = parameters.UNREAD.keys() | parameters.SHOWN
    assert sorted(unread - listed) == [], "a value that nothing reads: wire it, or list it"
    assert sorted(key for key, _ in own if key in listed - unread) == [], "listed, but read"


def test_what_is_listed_exists_and_says_what_it_waits_for():
    every = {key for pack_id in pack_ids() for key, _, _ in load_pack(pack_id).leaves()}

    assert sorted((parameters.UNREAD.keys() | parameters.SHOWN) - every) == []
    assert not parameters.UNREAD.keys() & parameters.SHOWN
    assert all(why.zh and why.en for why in parameters.UNREAD.values())
