"""R01: completions over HTTP while web processes and workers are killed by SIGKILL at random moments.

What counts is what the clients were told, kept in a file of theirs; the judge reads the tables with SQL of its own.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from runtime.trials.clients import PAUSE_S, TASKS, Clients, set_up
from runtime.trials.notebook import Notebook
from runtime.trials.served import Served, serving
from runtime.trials.verdict import at_least, at_most, none_of, percentile, verdict

ROUNDS = 5  # of two completions each
COMPLETIONS_PER_KILL = 45  # ten thousand completions see more than two hundred kills
WHOLE = 10_000  # from here on the wished rate is asked for too
SETTLE_S = 30.0

CASES = """
SELECT i.id::text, i.status::text, i.revision, (i.variables->>'count')::integer,
       h.completed_a, h.completed_b, h.revisions
  FROM instance i, LATERAL (
       SELECT count(*) FILTER (WHERE event = 'completed' AND element_id = 'task_a') AS completed_a,
              count(*) FILTER (WHERE event = 'completed' AND element_id = 'task_b') AS completed_b,
              count(DISTINCT revision) AS revisions
         FROM history WHERE region_id = i.region_id AND instance_id = i.id) AS h
 WHERE i.definition_key = 'trial_rounds'
"""
DONE = "SELECT id::text FROM user_task WHERE state = 'completed'"
OPEN = "SELECT count(*) FROM instance WHERE status <> 'completed'"
GAPS = """
SELECT element_id, extract(epoch FROM created_at - lag(completed_at) OVER one_case)
  FROM user_task WINDOW one_case AS (PARTITION BY instance_id ORDER BY created_at)
"""


@dataclass
class Judgement:
    """The figures of one trial. `rounds`: of each case."""

    url: str
    notebook: Notebook
    effects: Path
    rounds: int

    def figures(self) -> dict[str, Any]:
        with psycopg.connect(self.url, autocommit=True) as judged:
            cases = judged.execute(CASES).fetchall()
            done = {row[0] for row in judged.execute(DONE).fetchall()}
            gaps = [(element, float(gap)) for element, gap in judged.execute(GAPS) if gap is not None]
        told = {row[0] for row in self.notebook.rows("SELECT subject FROM told WHERE kind = 'complete'")}
        started = {row[0] for row in self.notebook.rows("SELECT subject FROM told WHERE kind = 'start'")}
        resumed = self.notebook.rows("SELECT at - failed_at FROM told WHERE failed_at IS NOT NULL")
        late = [gap - (PAUSE_S if element == TASKS[0] else 0) for element, gap in gaps]
        marks = self.effects.read_text().splitlines()
        expected = {f"{case[0]} {n}" for case in cases for n in range(1, self.rounds + 1) if case[1] == "completed"}
        return {
            "acknowledged": len(told),
            "cases": len(cases),
            "lost": len(told - done) + len(started - {case[0] for case in cases}),
            "doubled": len({case[0] for case in cases} - started)
            + sum(max(case[3], case[4], case[5]) > self.rounds for case in cases),
            "miscounted": sum(case[3] != case[4] for case in cases),
            "stuck": sum(case[1] != "completed" for case in cases),
            "version_gaps": sum(case[2] != case[6] for case in cases),
            "effects_missing": len(expected - set(marks)),
            "effects_repeated_share": round((len(marks) - len(set(marks))) / max(1, len(told)), 4),
            "odd_answers": len(self.notebook.rows("SELECT key FROM odd")),
            "resumed": len(resumed),
            "resume_p99_s": percentile([row[0] for row in resumed], 0.99) or 0.0,
            "lateness_p99_s": percentile(late, 0.99) or 0.0,
            "lateness_max_s": round(max(late, default=0.0), 1),
        }


NEVER = none_of("lost", "doubled", "miscounted", "stuck", "version_gaps", "effects_missing", "odd_answers")


def run(
    *,
    n: int,
    seed: int,
    say: Callable[[str], None],
    kills: int | None = None,
    mutant: str | None = None,
    standstill_s: float = 60.0,
) -> dict[str, Any]:
    """`n` completions."""
    kills = kills if kills is not None else max(1, n // COMPLETIONS_PER_KILL)
    cases = -(-n // (ROUNDS * len(TASKS)))
    with TemporaryDirectory(prefix="yuntu-") as folder, serving(webs=3, workers=2, mutant=mutant) as served:
        notebook = Notebook(Path(folder) / "notebook")
        clients = Clients(served, set_up(served), notebook, cases, ROUNDS, standstill_s=standstill_s)
        killer = threading.Thread(target=_kill, args=(served, clients, kills, random.Random(seed)))
        killer.start()
        began, cpu_s = time.monotonic(), -time.process_time() - served.cpu_s()
        clients.run(say)
        seconds = time.monotonic() - began
        cpu_s += time.process_time() + served.cpu_s()
        killer.join()
        _let_settle(served, min(SETTLE_S, standstill_s))
        figures = Judgement(served.database_url, notebook, served.effects, ROUNDS).figures()
        odd = notebook.rows("SELECT * FROM odd LIMIT 5")
        errors = served.last_errors() if odd else []
        notebook.close()
    figures |= {
        "kills": sum(served.kills.values()),
        "killed_webs": served.kills["web"],
        "killed_workers": served.kills["worker"],
        "completions_per_s": round(figures["acknowledged"] / seconds, 1),
        "cpu_ms_per_completion": round(1000 * cpu_s / max(1, figures["acknowledged"]), 1),  # the clients' too
        "cores_used": round(cpu_s / seconds, 2),  # on a machine that others use, fewer than there are
    }
    limits = NEVER | {"acknowledged": at_least(clients.wanted), "kills": at_least(kills)}
    limits |= {"resume_p99_s": at_most(5), "effects_repeated_share": at_most(0.02)}
    if n >= WHOLE:
        limits |= {"lateness_p99_s": at_most(5)}  # of a small run it would be the latest of all
        limits |= {"completions_per_s": at_least(100), "cases": at_least(1000), "kills": at_least(200)}
    return verdict(
        "R01", figures, limits, statuses=sorted(clients.statuses), first_odd_answers=odd, first_errors=errors
    )


def _kill(served: Served, clients: Clients, kills: int, chance: random.Random) -> None:
    """At random moments spread over the whole of the work, so that a slow machine sees as many as a fast one."""
    for moment in sorted(chance.choices(range(1, max(2, clients.wanted * 19 // 20)), k=kills)):
        while clients.acknowledged < moment and not clients.finished.wait(0.005):
            pass
        while not clients.finished.wait(chance.uniform(0.01, 0.05)):
            if served.kill_one(chance):
                break


def _let_settle(served: Served, limit_s: float) -> None:
    """The last pauses have to run out."""
    deadline = time.monotonic() + limit_s
    with psycopg.connect(served.database_url, autocommit=True) as conn:
        while time.monotonic() < deadline and conn.execute(OPEN).fetchone() != (0,):
            time.sleep(0.1)
