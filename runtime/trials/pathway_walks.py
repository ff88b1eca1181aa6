"""Random walks through the county's real diagrams, tables and forms, under every region's rules.

Each woman's way is drawn: what happens to her, what is written, when anybody comes to it. Four of five are left where
they are at a moment that is drawn too; every fifth goes on for more than a year, then what is left is done as it should
be, and her case must come to an end. In between and afterwards the oracle asks the tables.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from engine.clock import CHINA
from engine.operations.reconcile import reconcile
from engine.store import plain
from runtime import settings as configuration
from runtime import start
from runtime.database.roles import as_application
from runtime.demo.county import HOMES, settle_people
from runtime.simulation.clock import PlacedClock
from runtime.simulation.course import Course, Tally
from runtime.simulation.desk import Desk, desk_over
from runtime.simulation.persons import draw
from runtime.simulation.plan import BEGIN
from runtime.trials import processes
from runtime.trials.pathway_oracle import faults
from runtime.trials.verdict import at_least, at_most, none_of, verdict
from runtime.trials.walkers import ENOUGH, Walker
from runtime.wiring import build

PACKS = ("cn-baseline", "cn-cq-2022", "cn-sp-2018", "cn-xf-2022", "cn-zj-2022", "cn-2018")
ARRIVE_WITHIN = 30  # days
LOOKED_AT = (40, 120, 200, 280, 330, 390, 430)  # days after which the oracle asks
LONGEST_S = 43_200.0  # the whole size on a busy machine
PROCESSES = 2
PATIENCE_S = 600.0  # for a connection: nobody waits here for an answer, and the machine may be busy with others
FIGURES = (
    *("stuck", "nobody", "undated", "left_behind", "after_the_end", "timers_after_the_end", "incidents"),
    *(
        "deadlines_missing",
        "deadlines_orphaned",
        "misdated",
        "differences",
        "unfinished",
        "refused",
        "no_account",
        "idle_timers",
    ),
)
NOT_YET_DURABLE = "-c synchronous_commit=off"


def run(
    url: str, *, n: int, seed: int, say: Callable[[str], None], packs: tuple[str, ...] = PACKS, parts: int = PROCESSES
) -> dict[str, Any]:
    """`n` women under each region's rules."""
    with TemporaryDirectory(prefix="yuntu-walks-") as folder:
        _prepare(url, packs, Path(folder))
        shares = [share for share in (packs[number::parts] for number in range(parts)) if share]
        answers = [Path(folder) / f"part-{number}.json" for number in range(len(shares))]
        if len(shares) == 1:
            _walk(url, shares[0], str(answers[0]), n, seed, folder)
        else:
            common = (n, seed, folder)
            running = [processes.start(_walk, url, *each, *common) for each in zip(shares, map(str, answers))]
            for process in running:
                process.join(LONGEST_S)
                processes.kill(process)
        found = [plain.read(answer.read_text()) for answer in answers]
        say(f"{sum(part['walked'] for part in found)} women walked")
    return _verdict(found, len(packs) * n)


def _verdict(found: list[Mapping[str, Any]], women: int) -> dict[str, Any]:
    broken: dict[str, Counter[str]] = {name: Counter() for name in FIGURES}
    totals: Counter[str] = Counter()
    reached: set[str] = set()
    for part in found:
        for name, counted in part["broken"].items():
            broken[name].update(counted)
        totals.update({name: part[name] for name in ("walked", "steps", "timers", "filled", "fallbacks")})
        reached |= set(part["elements"])
    figures: dict[str, Any] = {
        "women": totals["walked"],
        "steps": totals["steps"],
        "timers": totals["timers"],
        "forms_filled_in": totals["filled"],
        "forms_as_the_example": totals["fallbacks"],
        "tasks_reached": len(reached),
        **{name: sum(counted.values()) for name, counted in broken.items()},
    }
    limits = {**none_of(*FIGURES), "women": at_least(women)}
    limits["forms_as_the_example"] = at_most(max(10, totals["filled"] // 20))  # answers that exclude each other
    first = {name: dict(counted.most_common(8)) for name, counted in broken.items() if counted}
    return verdict("pathway-walks", figures, limits, first_faults=first)


def _prepare(url: str, packs: tuple[str, ...], folder: Path) -> None:
    for number, pack in enumerate(packs):
        with services_over(url, pack, folder) as (services, _):
            if number == 0:
                start.deploy_shipped(services)
            settle_people(services)


@contextmanager
def services_over(url: str, pack: str, folder: Path) -> Iterator[tuple[Any, PlacedClock]]:
    """Each pack rules a region of its own."""
    home = folder / pack
    home.mkdir(exist_ok=True)
    application = make_conninfo(as_application(url), options=NOT_YET_DURABLE)
    settings = replace(
        configuration.read({}), home=home, database_url=application, pack=pack, region_id=pack, demo=True
    )
    clock = PlacedClock(BEGIN)
    services = build(settings, clock=clock, connections=2)
    services.pool.shared.timeout = PATIENCE_S
    try:
        yield services, clock
    finally:
        services.close()


def _walk(url: str, packs: tuple[str, ...], answer: str, n: int, seed: int, folder: str) -> None:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    totals: Counter[str] = Counter()
    broken: dict[str, Counter[str]] = {name: Counter() for name in FIGURES}
    elements: set[str] = set()
    for pack in packs:
        with services_over(url, pack, Path(folder)) as (services, clock), desk_over(services, clock, url) as desk:
            tally, walkers, found = _through(desk, pack, n, seed)
        for name, counted in found.items():
            broken[name].update({f"{pack}: {what}": number for what, number in counted.items()})
        elements |= set(tally.tasks)
        totals.update({"walked": len(walkers), "steps": tally.steps, "timers": tally.timers_fired})
        totals.update({"filled": sum(w.filled for w in walkers), "fallbacks": sum(w.fallbacks for w in walkers)})
    Path(answer).write_bytes(plain.dumps({**totals, "broken": broken, "elements": sorted(elements)}))


def _through(desk: Desk, pack: str, n: int, seed: int) -> tuple[Tally, list[Walker], dict[str, Counter[str]]]:
    """All women of one region, and what did not hold at any of the moments."""
    tally, found = Tally(), {name: Counter[str]() for name in FIGURES}
    begin = BEGIN.date()
    people = [draw(k, seed, begin + timedelta(days=k % ARRIVE_WITHIN), HOMES) for k in range(n)]
    walkers = [Walker(person, seed) for person in people]
    courses = [Course(desk, walker.person.keys, walker, tally) for walker in walkers]
    for number, day in enumerate((*LOOKED_AT, ENOUGH)):
        until = datetime.combine(begin + timedelta(days=day), time(0), CHINA)
        for course, walker in zip(courses, walkers):
            course.live(min(until, walker.stops_at))
        with psycopg.connect(desk.owner_url) as owner:
            for name, counted in faults(owner, pack).items():
                found[name] |= counted
            if number == 0:
                owner.execute("ANALYZE")
    with desk.services.engine.read() as conn:
        differences = reconcile(conn, desk.services.region_id)[1]
    found["differences"] = Counter(f"{each.kind} {each.table}" for each in differences)
    for course, walker in zip(courses, walkers):
        if walker.goes_to_the_end:
            found["unfinished"].update(task.element_id for task in course.tasks.values() if _is_hers(task))
    found |= {"refused": tally.refused, "no_account": tally.nobody, "idle_timers": tally.idle_timers}
    return tally, walkers, found


def _is_hers(task: Any) -> bool:
    return bool(task.definition_key == "pregnancy_journey")
