"""R17: a database as an earlier release left it, with instances in every state, is migrated and each instance finished.

The model: what a person still had to do in each kind of state, by hand. While the schema changes, the earlier release
goes on writing; afterwards every statement of that release must still be understood.
"""

from __future__ import annotations

import lzma
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from engine.commands.contracts import (
    ActivateInstance,
    CompleteUserTask,
    PublishMessage,
    RetryIncident,
)
from engine.engine import Engine
from engine.errors import Conflict
from runtime.database import embedded, migrate
from runtime.trials.databases import RELEASE, empty_database
from runtime.trials.engines import BEGIN, DRIVER, SetClock, engine_on
from runtime.trials.verdict import at_least, at_most, none_of, verdict

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "stored_states"
RELEASES = ("release_1",)
EACH = 42  # instances of each kind
ALL = {"task_first": 1, "task_late": 1, "task_inner": 3}
REMINDED = {**ALL, "task_remind": 1}
LEFT = {  # kind of state: completed tasks at the end, and how the instance ends
    **dict.fromkeys(("first", "claimed", "drafted", "suspended", "buffered", "forked", "running", "failed"), ALL),
    **dict.fromkeys(("half_joined", "inner", "partly_inner", "either", "completed", "waiting_job"), ALL),
    "reminded": REMINDED,
    "terminated": {},
}
ROUNDS = 12  # of people and time, more than any instance needs
ENDS = """
SELECT i.business_key, i.status::text, i.revision,
       (SELECT count(DISTINCT h.revision) FROM history h WHERE h.region_id = i.region_id AND h.instance_id = i.id)
  FROM instance i WHERE i.definition_key = 'outer'
"""
DONE = """
SELECT i.business_key, t.element_id, count(*) FROM user_task t JOIN instance i ON i.id = t.instance_id
 WHERE t.state = 'completed' GROUP BY 1, 2
"""
TIMERS = "SELECT instance_id, wait_id, due_at FROM timer ORDER BY 1, 2"
OPEN_TASKS = "SELECT id FROM user_task WHERE state IN ('created', 'claimed') ORDER BY created_at, id"
LISTENING = "SELECT name, key FROM message_subscription WHERE name IN ('note', 'answer')"
OLD_WRITE = """
UPDATE user_task SET draft = %s WHERE id = (SELECT id FROM user_task WHERE state = 'created' ORDER BY id LIMIT 1)
"""
# Before `yuntu db finish-upgrade` nothing is stored in a way that the earlier release does not look at.
UNREADABLE = "SELECT (SELECT count(*) FROM instance WHERE given <> '{}') + given_is_apart()::integer"


class Upgrade:
    def __init__(self, url: str, release: str, say: Callable[[str], None]) -> None:
        self._url = url
        self._release = release
        self._say = say
        self._longest_s = 0.0
        self._migrated = threading.Event()

    def run(self) -> dict[str, Any]:
        _restore(self._url, FOLDER / f"{self._release}.sql.xz")
        before, understood = self._rows(TIMERS), set(self._refused_statements())
        writing = threading.Thread(target=self._write_as_before)
        writing.start()
        began = time.monotonic()
        applied = migrate.migrate(self._url)
        migration_s = time.monotonic() - began
        self._migrated.set()
        writing.join()
        changed = len(set(map(str, before)) ^ set(map(str, self._rows(TIMERS))))
        refused = [text for name, text in self._refused_statements().items() if name not in understood]
        with engine_on(self._url, clock := SetClock(BEGIN), tasks={"tell": lambda job: {}}) as engine:
            for number in range(ROUNDS):
                self._say(f"round {number + 1}/{ROUNDS}")
                self._go_on(engine, clock)
        return self._verdict(migration_s, len(applied), changed, refused)

    def _write_as_before(self) -> None:
        """Somebody saves a draft with the earlier release, again and again."""
        with psycopg.connect(self._url, autocommit=True) as conn:
            while True:
                began = time.monotonic()
                conn.execute(OLD_WRITE, ['{"half": 1}'])
                self._longest_s = max(self._longest_s, time.monotonic() - began)
                if self._migrated.wait(0.01):
                    return

    def _go_on(self, engine: Engine, clock: SetClock) -> None:
        """Everything that waits is served once, then a day passes."""
        for (id,) in self._rows("SELECT id FROM instance WHERE status = 'suspended'"):
            engine.execute(ActivateInstance(instance_id=id), by=DRIVER)
        for (id,) in self._rows("SELECT id FROM incident WHERE resolved_at IS NULL"):
            engine.execute(RetryIncident(incident_id=id), by=DRIVER)
        for (id,) in self._rows(OPEN_TASKS):
            try:
                engine.execute(CompleteUserTask(user_task_id=id), by=DRIVER)
            except Conflict:
                continue  # another of the same moment ended it
        for name, key in self._rows(LISTENING):
            engine.execute(PublishMessage(name=name, key=key), by=DRIVER)
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute(RELEASE)
        while engine.run_due():
            pass
        clock.now += timedelta(hours=11)

    def _refused_statements(self) -> dict[str, str]:
        """Texts of the earlier release that the schema does not understand, pieces of statements among them. What it
        understood and does not any more would fail in that release's processes, beside ours."""
        text = (FOLDER / f"{self._release}_statements.sql").read_text()
        parts = re.split(r"^-- (\w+) --$", text, flags=re.MULTILINE)
        refused = {}
        with psycopg.connect(self._url, autocommit=True) as conn:
            for name, body in zip(parts[1::2], parts[2::2]):
                statement = re.sub(r"--.*$", "", body, flags=re.MULTILINE).strip()
                statement = re.sub(r"%\(\w+\)s", "NULL", statement).replace("%%", "%")
                try:
                    conn.execute(b"EXPLAIN " + statement.encode())
                except psycopg.Error as error:
                    refused[name] = f"{name}: {str(error).splitlines()[0]}"
        return refused

    def _verdict(self, migration_s: float, applied: int, changed: int, refused: list[str]) -> dict[str, Any]:
        done: dict[str, dict[str, int]] = {}
        for key, element, times in self._rows(DONE):
            done.setdefault(key, {})[element] = times
        faults, instances = [], self._rows(ENDS)
        for key, status, revision, revisions in instances:
            kind = key.split("/")[0]
            ends = "terminated" if kind == "terminated" else "completed"
            found, must = (status, done.get(key, {}), revisions), (ends, LEFT[kind], revision)
            if found != must:
                faults.append(f"{key}: {found}, must be {must}")
        expected = len(LEFT) * EACH
        figures = {
            "instances": len(instances),
            "missing": expected - len(instances),
            "wrong": len(faults),
            "due_dates_changed": changed,
            "old_statements_refused": len(refused),
            "unreadable_by_the_old": self._rows(UNREADABLE)[0][0],
            "migrations": applied,
            "migration_s": round(migration_s, 2),
            "longest_wait_s": round(self._longest_s, 2),
        }
        limits = none_of("missing", "wrong", "due_dates_changed", "old_statements_refused", "unreadable_by_the_old")
        limits |= {"instances": at_least(500), "longest_wait_s": at_most(2)}
        return verdict("R17", figures, limits, first_faults=faults[:5], refused=refused)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url, autocommit=True) as conn:
            return conn.execute(query.encode()).fetchall()


def _restore(url: str, dump: Path) -> None:
    command = [str(embedded.program("psql")), "-q", "-X", "-v", "ON_ERROR_STOP=1", "-d", url]
    sql = lzma.decompress(dump.read_bytes())
    subprocess.run(command, input=sql, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})


def run(*, n: int, seed: int, say: Callable[[str], None], server: str | None = None) -> dict[str, Any]:
    """Every release, `n` and `seed` change nothing: what is stored is stored."""
    if server is None:
        with embedded.throw_away() as url:
            return run(n=n, seed=seed, say=say, server=url)
    for release in RELEASES:
        with empty_database(server) as database:
            result = Upgrade(database, release, say).run()
        if not result["pass"]:
            return result
    return result
