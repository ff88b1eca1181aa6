"""What can be learnt from history without moving anything: counts and times by element, and figures for monitoring.

Nothing here is written by a step. Counts are of instances as they are now: one that was migrated counts where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from engine.errors import NotFound
from engine.model import read_bpmn
from engine.model.elements import CallWork
from engine.store import reads
from engine.store.reads import SQL, Conn

DEEPEST = 20  # calls within calls
LATE_S = (60.0, 300.0, 900.0, 3600.0, 21600.0, 86400.0)  # bounds of the histogram of overdue timers


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementFigures:
    """One element of one version. Times in seconds, of what went on from here; None where nothing is left here."""

    element_id: str
    name: str
    kind: str
    entered: int = 0
    completed: int = 0
    cancelled: int = 0
    mean_s: float | None = None
    p50_s: float | None = None
    p90_s: float | None = None
    max_s: float | None = None
    open: int = 0
    overdue: int = 0
    incidents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    element_id: str
    decision: str
    rule: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """`instances`: how many run this version, by status where it is their own process, and how many call it."""

    key: str
    version: int
    instances: Mapping[str, int]
    called_by: int
    elements: tuple[ElementFigures, ...]
    rules: tuple[RuleFigures, ...]


def statistics(conn: Conn, region_id: str, key: str, version: int, now: datetime) -> Statistics:
    """Every element of the diagram with its figures, in the order of the file. Raises NotFound."""
    found = reads.definition(conn, region_id, "process", key, version)
    if found is None:
        raise NotFound("没有这个流程或版本", "no such process or version")
    roots = _rows(conn, "read_pinned", region_id=region_id, key=key, version=version)
    places = [place for root in roots for place in _places(conn, region_id, root, key, version)]
    asked = {"region_id": region_id, "places": Jsonb(places), "now": now}
    figures: dict[str, dict[str, Any]] = {}
    for name in ("read_element_statistics", "read_open_places"):
        for row in _rows(conn, name, **asked) if places else ():
            figures.setdefault(row.pop("element_id"), {}).update(row)
    rules = _rows(conn, "read_decision_statistics", **asked) if places else []
    own = reads.instance_counts(conn, region_id, key).get(version, {})
    return Statistics(
        key=key,
        version=version,
        instances=own,
        called_by=sum(root["instances"] for root in roots if root["definition_key"] != key),
        elements=tuple(
            ElementFigures(element_id=id, name=name, kind=kind, **figures.get(id, {}))
            for id, name, kind in _elements(found.sha256, found.xml, key)
        ),
        rules=tuple(RuleFigures(**row) for row in rules),
    )


def _places(conn: Conn, region_id: str, root: Mapping[str, Any], key: str, version: int) -> Iterator[dict[str, Any]]:
    """Where, in an instance of `root`, the elements of the process stand: "" for its own, else the calls to it."""
    pins = root["pins"]
    own = (root["definition_key"], root["definition_version"])

    def prefixes(at: tuple[str, int], prefix: str, depth: int) -> Iterator[str]:
        if at == (key, version):
            yield prefix
        source = reads.definition(conn, region_id, "process", *at) if depth < DEEPEST else None
        for call, called in _calls(source.sha256, source.xml, at[0]) if source else ():
            if called in pins:
                yield from prefixes((called, pins[called]), f"{prefix}{call}/", depth + 1)

    for prefix in prefixes(own, "", 0):
        yield {"key": own[0], "version": own[1], "pins": pins, "prefix": prefix}


@lru_cache(maxsize=200)
def _elements(sha256: str, xml: bytes, key: str) -> tuple[tuple[str, str, str], ...]:
    """Id, name and kind of every element."""
    return tuple((e.id, e.name, e.kind.value) for e in read_bpmn(xml).processes[key].every())


@lru_cache(maxsize=200)
def _calls(sha256: str, xml: bytes, key: str) -> tuple[tuple[str, str], ...]:
    """Every call activity and the process it calls."""
    every = read_bpmn(xml).processes[key].every()
    return tuple((e.id, e.work.process) for e in every if isinstance(e.work, CallWork))


# --- monitoring -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    instances: Mapping[str, int]
    user_tasks_open: int
    user_tasks_overdue: int
    timers_waiting: int
    jobs: Mapping[str, int]
    incidents: Mapping[str, int]
    messages: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueTimers:
    """Timers of one element that should have fired. `within`: how many are at most as late as each bound given."""

    definition_key: str
    element_id: str
    count: int
    seconds: float
    oldest_s: float
    within: Sequence[int]


def figures(conn: Conn, region_id: str, now: datetime) -> Figures:
    """How much waits, by state and kind."""
    row = _rows(conn, "read_figures", region_id=region_id, now=now)[0]
    return Figures(**{name: {} if value is None else value for name, value in row.items()})


def overdue_timers(conn: Conn, region_id: str, now: datetime, bounds: Sequence[float] = LATE_S) -> list[OverdueTimers]:
    """By process and element; timers of suspended instances are not late, they rest."""
    rows = _rows(conn, "read_overdue_timers", region_id=region_id, now=now, bounds=list(bounds))
    return [OverdueTimers(**row) for row in rows]


def _rows(conn: Conn, name: str, /, **asked: Any) -> list[dict[str, Any]]:
    return conn.cursor(row_factory=dict_row).execute(SQL[name], asked).fetchall()
