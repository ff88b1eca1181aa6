"""R02: a process dies at each named point of each command; whoever asks again, or comes after, brings everything to the
end that was written down by hand before."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg

from engine.commands.contracts import IdempotencyKey
from engine.commands.operators import OPERATORS
from engine.commands.records import Statement, StepRecord
from engine.commands.unattended import UNATTENDED
from engine.engine import HANDLERS, Engine
from engine.operations.batches import BatchRunner
from runtime.trials import crash_cases, crash_cases_unattended, processes
from runtime.trials.crash_cases import DIAGRAMS, MOVING, Case, Cell
from runtime.trials.crash_points import DIED, POINTS, Armed
from runtime.trials.databases import RELEASE
from runtime.trials.engines import BEGIN, DRIVER, SetClock, deploy, engine_on
from runtime.trials.verdict import at_least, none_of, verdict

CASES = {**crash_cases.CASES, **crash_cases_unattended.CASES}
RUN_OUT = f"""
{RELEASE};
UPDATE timer_start SET locked_until = NULL WHERE locked_until < 'infinity';
UPDATE delivery SET locked_until = NULL;
UPDATE batch_item SET locked_until = NULL
"""
RUNNING = "SELECT count(*) FROM batch WHERE state = 'running'"  # a batch goes no faster than its rate
PROJECTED = """
CREATE TABLE projected (instance uuid, revision integer, PRIMARY KEY (instance, revision));
GRANT SELECT, INSERT ON projected TO PUBLIC
"""
STATUS = "SELECT status::text, revision FROM instance WHERE id = %(id)s"
OPEN = """
SELECT element_id FROM user_task WHERE instance_id = %(id)s AND state IN ('created', 'claimed') UNION ALL
SELECT element_id FROM timer WHERE instance_id = %(id)s UNION ALL
SELECT element_id FROM message_subscription WHERE instance_id = %(id)s UNION ALL
SELECT element_id FROM signal_subscription WHERE instance_id = %(id)s UNION ALL
SELECT element_id FROM job WHERE instance_id = %(id)s UNION ALL
SELECT 'incident:' || element_id FROM incident WHERE instance_id = %(id)s AND resolved_at IS NULL
"""
COMPLETED = "SELECT element_id, count(*) FROM history WHERE instance_id = %(id)s AND event = 'completed' GROUP BY 1"
REVISIONS = "SELECT count(DISTINCT revision), max(revision) FROM history WHERE instance_id = %(id)s"
SHADOWS = "SELECT count(*), max(revision) FROM projected WHERE instance = %(id)s"
TOLD = """
SELECT (SELECT count(DISTINCT e->>'id') FROM outbox o, jsonb_array_elements(o.events) e
         WHERE o.instance_id = %(id)s AND e->>'event' = 'user_task_opened'),
       (SELECT count(*) FROM user_task WHERE instance_id = %(id)s)
"""
EVENTS_THAT_SAVE_NOTHING = {"SaveDraft"}


def project(record: StepRecord) -> list[Statement]:
    """A row beside each step, in its transaction or not at all."""
    values = {"instance": record.instance_id, "revision": record.revision}
    return [Statement("INSERT INTO projected VALUES (%(instance)s, %(revision)s)", values)]


class Place:
    """Where the cells live. The journal of effects is a file: no database of the product knows of it."""

    def __init__(self, url: str, journal: str) -> None:
        self.url, self.journal = url, journal

    def tell(self, job: Any) -> dict[str, Any]:
        with open(self.journal, "ab", buffering=0) as file:
            file.write(f"{job.instance_id}\n".encode())
        return {}

    def engine(self, stack: ExitStack, hours: float = 0, wrap: Callable[[Any], Any] = lambda tell: tell) -> Engine:
        clock = SetClock(BEGIN + timedelta(hours=hours))
        tasks = {"tell": wrap(self.tell)}
        return stack.enter_context(engine_on(self.url, clock, connections=3, tasks=tasks, projection=project))


def ask(engine: Engine, cell: Cell, case: Case) -> None:
    """The command with its key, or a round of a worker where nobody asks."""
    if case.command is None:
        engine.run_due()
        return
    key = IdempotencyKey(client="trial", key=str(cell.id), request_hash="same")
    engine.execute(case.command(cell), by=DRIVER, idempotency=key if case.keyed else None)


def die_there(place: Place, name: str, point: str, id: UUID, found: dict[str, Any]) -> None:
    """The body of the process that dies. It comes back alive where its command does not pass the point."""
    case = CASES[name]
    with ExitStack() as stack:
        armed = Armed(point, case.armed or name)
        engine = place.engine(stack, case.hours, armed.work)
        ask(engine, Cell(id, engine, found), case)
        armed.finished()
    os._exit(0)


class Crashes:
    def __init__(self, url: str, seed: int, say: Callable[[str], None], names: Iterable[str], journal: Path) -> None:
        self._place = Place(url, str(journal))
        self._seed = seed
        self._say = say
        self._names = list(names)
        self._journal = journal
        self.faults: list[str] = []
        self.died: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()

    def run(self, points: list[str]) -> dict[str, Any]:
        journal = self._journal
        journal.touch()
        cells = [(name, point) for name in self._names for point in points]
        with ExitStack() as stack, psycopg.connect(self._place.url, autocommit=True) as judge:
            judge.execute(PROJECTED)
            self._judge, engine = judge, self._place.engine(stack)
            deploy(engine, **DIAGRAMS)
            for version in MOVING:
                deploy(engine, moving=version)
            for number, (name, point) in enumerate(cells):
                self._one(stack, engine, name, point)
                self._say(f"cell {number + 1}/{len(cells)}, faults {len(self.faults)}")
        return self._verdict(len(cells), len(set(points)))

    def _verdict(self, cells: int, points: int) -> dict[str, Any]:
        died = sum(self.died.values())
        figures = {
            "cells": cells,
            "died": died,
            "converged": died - len({fault.split(":")[0] for fault in self.faults}),
            "points": len(self.died),
            "commands": len(self.commands),
            "faults": len(self.faults),
        }
        known = set(CASES) | {case.armed for case in CASES.values()}
        commands = {command.__name__ for command in (*HANDLERS, *OPERATORS, *UNATTENDED)}
        without = sorted(commands - known)
        figures["commands_without_a_case"] = len(without)
        limits = none_of("faults", "commands_without_a_case") | {
            "points": at_least(min(12, points)),
            "commands": at_least(len(self._names)),
        }
        return verdict("R02", figures, limits, first_faults=self.faults[:8], without_a_case=without)

    def _one(self, stack: ExitStack, engine: Engine, name: str, point: str) -> None:
        case, cell = CASES[name], Cell(uuid5(NAMESPACE_OID, f"{self._seed}/{name}/{point}"), engine)
        case.prepare(cell)
        if case.spoilt:
            self._judge.execute(case.spoilt.encode(), cell.names())
        if not self._dies(name, point, cell):
            return
        self.died[point] += 1
        self.commands[name] += 1
        with ExitStack() as own:
            fresh = self._place.engine(own, case.hours)
            self._repeat(fresh, Cell(cell.id, fresh, cell.found), case, f"{name} {point}")
            self._settle(fresh)
        for which, expected in case.ends.items():
            self._compare(f"{name} {point}", getattr(cell, which), expected, name)
        for query, rows in case.rows.items():
            found = self._judge.execute(query.encode(), cell.names()).fetchall()
            if found != list(rows):
                self.faults.append(f"{name} {point}: {query} {found}, must be {rows}")

    def _dies(self, name: str, point: str, cell: Cell) -> bool:
        if CASES[name].command is not None:
            CASES[name].command(cell)  # type: ignore[misc]  # what it has to find out, it finds out before
        process = processes.start(die_there, self._place, name, point, cell.id, cell.found)
        process.join(60)
        if process.exitcode not in (DIED, 0):
            self.faults.append(f"{name} {point}: the process ended with {process.exitcode}")
            processes.kill(process)
        return process.exitcode == DIED

    def _repeat(self, engine: Engine, cell: Cell, case: Case, where: str) -> None:
        """Whoever had no answer asks the same again. Of what needs no key, a second one may find it done already."""
        try:
            ask(engine, cell, case)
        except Exception as error:
            self.faults.append(f"{where}: the repetition was refused: {type(error).__name__} {error}")

    def _settle(self, engine: Engine) -> None:
        """A worker comes by, after the claims of the dead have run out."""
        deadline = time.monotonic() + 20
        batches = BatchRunner(engine)
        while time.monotonic() < deadline:
            self._judge.execute(RUN_OUT)
            if not engine.run_due() + batches.run_some() and self._judge.execute(RUNNING).fetchone() == (0,):
                return

    def _compare(self, where: str, id: UUID, expected: tuple[str, list[str], dict[str, int]], name: str) -> None:
        status, places, completed = expected
        row = self._judge.execute(STATUS, {"id": id}).fetchone()
        if row is None:
            self.faults.append(f"{where}: the instance is not there")
            return
        found = sorted(r[0] for r in self._rows(OPEN, id))
        counts = dict(self._rows(COMPLETED, id))
        revisions, newest = self._rows(REVISIONS, id)[0]
        shadows = self._rows(SHADOWS, id)[0]
        told, tasks = self._rows(TOLD, id)[0]
        effects = self._journal.read_text().split().count(str(id))
        wrong = {
            "status": (row[0], status),
            "open": (found, places),
            "completed": ({k: n for k, n in counts.items() if k in completed}, completed),
            "revisions": ((revisions, newest), (row[1], row[1])),
            "projected": (shadows, (row[1], row[1])),
            "outbox": (told, tasks),
            "effects": (min(effects, 1), 1 if completed.get("job") and "task_a" in completed else 0),
        }
        self.faults += [f"{where}: {what} {a}, must be {b}" for what, (a, b) in wrong.items() if a != b]

    def _rows(self, query: str, id: UUID) -> list[tuple[Any, ...]]:
        return self._judge.execute(query.encode(), {"id": id}).fetchall()


def run(
    url: str,
    *,
    n: int = len(POINTS),
    seed: int,
    say: Callable[[str], None],
    names: Iterable[str] = tuple(CASES),
    points: Iterable[str] = POINTS,
) -> dict[str, Any]:
    """`n` points, each with every command."""
    chosen = list(points)[:n]
    with TemporaryDirectory(prefix="yuntu-") as folder:
        return Crashes(url, seed, say, names, Path(folder) / "journal").run(chosen)
