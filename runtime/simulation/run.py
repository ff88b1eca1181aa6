"""`yuntu simulate`: a county on a throw-away database, in as many processes as there are cores, on one clock."""

from __future__ import annotations

import gc
import tempfile
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import psycopg

from engine.clock import CHINA
from engine.store import plain
from runtime import start
from runtime.database import embedded
from runtime.demo.county import HOMES, progress_bar, settle_people
from runtime.settings import Settings
from runtime.simulation.clock import PlacedClock
from runtime.simulation.county import Part, courses_of, institutions
from runtime.simulation.course import Tally
from runtime.simulation.desk import desk_over
from runtime.simulation.machine import Watch
from runtime.simulation.persons import Person, arrivals, draw
from runtime.trials import processes
from runtime.wiring import build

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=CHINA)
LONGEST_CASE = 350  # days from registration to closure of a woman who came at six weeks
PLANNED_ANEW = (2, 5, 15, 40, 100, 250, 500)  # days after which the database looks at what it holds
PROCESSES = 2
LONGEST_DAY_S = 600.0
# Nobody needs this database tomorrow.
HURRIED = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")


@contextmanager
def county(settings: Settings, region: str) -> Any:
    """Settings and owner's address of a database of its own with everything deployed and everybody at work."""
    with tempfile.TemporaryDirectory(prefix="yuntu-simulate-") as folder:
        own = replace(
            settings, home=Path(folder), database_url=None, owner_url=None, manual_clock_at=None, pack=region, demo=True
        )
        server = embedded.attach(own.home)
        try:
            start.prepare_database(own)
            _hurry(server.url())
            here = replace(own, database_url=server.application_url())
            services = build(here, clock=PlacedClock(BEGIN), connections=2)
            try:
                start.deploy_shipped(services)
                settle_people(services)
            finally:
                services.close()
            yield here, server
        finally:
            server.release()


def _hurry(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for setting in HURRIED:
            conn.execute(f"ALTER SYSTEM SET {setting}")  # type: ignore[call-overload]
        conn.execute("SELECT pg_reload_conf()")


def people_of(births: int, seed: int, days: int) -> list[Person]:
    over = max(1, days - LONGEST_CASE)
    return [draw(number, seed, on, HOMES) for number, on in enumerate(arrivals(births, seed, BEGIN.date(), over))]


def live(
    settings: Settings, server: Any, *, births: int, seed: int, days: int, progress: bool, parts: int = PROCESSES
) -> tuple[Tally, dict[str, Any]]:
    """Through all the days; what happened, and what it took."""
    context = processes.context()
    barrier = context.Barrier(parts + 1, timeout=LONGEST_DAY_S)
    answers = [settings.home / f"part-{number}.json" for number in range(parts)]
    common = (settings, server.url(), births, seed, days, parts, barrier)
    running = [processes.start(_live_part, *common, number, str(answers[number])) for number in range(parts)]
    try:
        with progress_bar(progress, BEGIN, BEGIN + timedelta(days=days), "simulate") as moved:
            watch = Watch([process.pid for process in running], server.postmaster_pid)
            for day in range(1, days + 1):
                barrier.wait()
                watch.look()
                if day in PLANNED_ANEW:
                    with psycopg.connect(server.url(), autocommit=True) as conn:
                        conn.execute("ANALYZE")
                moved(BEGIN + timedelta(days=day))
        for process in running:
            process.join(LONGEST_DAY_S)
    except BrokenBarrierError:
        raise RuntimeError(_troubles(answers)) from None
    finally:
        barrier.abort()
        for process in running:
            processes.kill(process)
    tally = Tally()
    for answer in answers:
        tally.add(_read(answer))
    return tally, watch.report()


def _live_part(
    settings: Settings,
    owner_url: str,
    births: int,
    seed: int,
    days: int,
    parts: int,
    barrier: Any,
    number: int,
    answer: str,
) -> None:
    """The women whose number falls to this process, and the first one the institutions too."""
    try:
        people = people_of(births, seed, days)[number::parts]
        tally = _live_days(settings, owner_url, people, seed, days, number, barrier)
        Path(answer).write_bytes(plain.dumps(vars(tally)))
    except BrokenBarrierError:
        return
    except BaseException:
        Path(answer).with_suffix(".trouble").write_text(traceback.format_exc())
        barrier.abort()
        raise


def _live_days(
    settings: Settings, owner_url: str, people: list[Person], seed: int, days: int, number: int, barrier: Any
) -> Tally:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # what lives long here is caches; what dies young dies by its count
    clock, tally = PlacedClock(BEGIN), Tally()
    services = build(settings, clock=clock, connections=2)
    try:
        with desk_over(services, clock, owner_url) as desk:
            beside = institutions(desk, BEGIN.date(), seed, tally) if number == 0 else []
            part = Part([*courses_of(desk, people, seed, tally), *beside], BEGIN.date())
            part.live(days, lambda day: barrier.wait())
    finally:
        services.close()
    return tally


def _read(answer: Path) -> Tally:
    known = plain.read(answer.read_text())
    tally = Tally()
    for name, value in known.items():
        setattr(tally, name, Counter(value) if isinstance(value, dict) else value)
    return tally


def _troubles(answers: list[Path]) -> str:
    found = [path.with_suffix(".trouble") for path in answers]
    return "\n".join(path.read_text() for path in found if path.exists()) or "a process of the county is gone"
