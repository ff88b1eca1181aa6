"""`yuntu simulate`: a county on a throw-away database, in as many processes as there are cores, on one clock."""

from __future__ import annotations

import gc
import tempfile
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import psycopg
from psycopg import sql

from engine.store import plain
from fhir_adapters import facts
from runtime import start
from runtime.database import embedded
from runtime.demo.county import progress_bar, settle_people
from runtime.settings import Settings
from runtime.simulation.clock import PlacedClock
from runtime.simulation.county import Part, courses_of, institutions
from runtime.simulation.course import Tally
from runtime.simulation.desk import desk_over
from runtime.simulation.machine import Watch
from runtime.simulation.passing import lead_ids
from runtime.simulation.plan import BEGIN, Plan
from runtime.trials import processes
from runtime.wiring import build

LOGGED = """
SELECT c.relname FROM pg_class c
 WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND c.relnamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_constraint k JOIN pg_class r ON r.oid = k.conrelid
                    WHERE k.contype = 'f' AND k.confrelid = c.oid AND r.oid <> c.oid AND r.relpersistence = 'p')
"""
PLANNED_ANEW = (2, 5, 15, 40, 100, 250, 500)  # days after which the database looks at what it holds
PROCESSES = 3  # two leave a core idle while they wait for each other at the end of a day
LONGEST_DAY_S = 600.0
REMEMBERED = 3_000  # women of a process who are in care at a time


@contextmanager
def county(settings: Settings, region: str) -> Any:
    """Settings and owner's address of a database of its own with everything deployed and everybody at work."""
    with tempfile.TemporaryDirectory(prefix="yuntu-simulate-") as folder:
        own = replace(
            settings, home=Path(folder), database_url=None, owner_url=None, manual_clock_at=None, pack=region, demo=True
        )
        server = embedded.attach(own.home, is_fleeting=True)
        try:
            start.prepare_database(own)
            _keep_no_log(server.url())
            _plan_once(server.url())
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


def _keep_no_log(url: str) -> None:
    """What nobody will need after a crash is not written twice. A table goes after those that refer to it."""
    with psycopg.connect(url, autocommit=True) as conn:
        while tables := conn.execute(LOGGED).fetchall():
            for (table,) in tables:
                conn.execute(sql.SQL("ALTER TABLE {} SET UNLOGGED").format(sql.Identifier(table)))


def _plan_once(url: str) -> None:
    """Whatever acts here asks the same few questions by key, a million times."""
    with psycopg.connect(url, autocommit=True) as conn:
        name = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET plan_cache_mode = 'force_generic_plan'").format(name))


def live(
    settings: Settings, server: Any, plan: Plan, *, progress: bool, parts: int = PROCESSES
) -> tuple[Tally, dict[str, Any]]:
    """Through all the days; what happened, and what it took."""
    context = processes.context()
    barrier = context.Barrier(parts + 1, timeout=LONGEST_DAY_S)
    answers = [settings.home / f"part-{number}.json" for number in range(parts)]
    common = (settings, server.url(), plan, parts, barrier)
    running = [processes.start(_live_part, *common, number, str(answers[number])) for number in range(parts)]
    try:
        with progress_bar(progress, BEGIN, plan.end, "simulate") as moved:
            watch = Watch([process.pid for process in running], server.postmaster_pid)
            for day in range(1, plan.days + 1):
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
    settings: Settings, owner_url: str, plan: Plan, parts: int, barrier: Any, number: int, answer: str
) -> None:
    """The women whose number falls to this process, and the first one the institutions too."""
    try:
        tally = _live_days(settings, owner_url, plan, parts, number, barrier)
        Path(answer).write_bytes(plain.dumps(vars(tally)))
    except BrokenBarrierError:
        return
    except BaseException:
        Path(answer).with_suffix(".trouble").write_text(traceback.format_exc())
        barrier.abort()
        raise


def _live_days(settings: Settings, owner_url: str, plan: Plan, parts: int, number: int, barrier: Any) -> Tally:
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # what lives long here is caches; what dies young dies by its count
    facts.TOGETHER.most = REMEMBERED
    people, leads_alone = plan.people(), plan.leads_alone()
    clock, tally = PlacedClock(BEGIN), Tally()
    services = build(settings, clock=clock, connections=2, regions=plan.pack)
    try:
        with desk_over(services, clock, owner_url) as desk:
            known = lead_ids(leads_alone, people)
            beside = institutions(desk, BEGIN.date(), known, plan, tally) if number == 0 else []
            courses = courses_of(desk, people[number::parts], leads_alone[number::parts], plan, tally)
            del people, leads_alone
            Part([*courses, *beside], BEGIN.date()).live(plan.days, lambda day: barrier.wait())
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
