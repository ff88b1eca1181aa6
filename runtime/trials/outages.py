"""R04: the database server is killed while clients complete tasks over HTTP: by SIGKILL, and as `pg_ctl stop -m
immediate` does it, in turn.

Nothing that a client was told may be gone, web processes answer 503 and go on by themselves, and the first commit comes
soon after the server is back.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from runtime.trials.clients import Clients, set_up
from runtime.trials.kills import NEVER, Judgement, _let_settle
from runtime.trials.notebook import Notebook
from runtime.trials.served import Caller, Served, serving
from runtime.trials.verdict import at_least, at_most, percentile, verdict

ROUNDS = 5
CASES = 20  # at first; more while the server is still being killed
BETWEEN_S = (2.0, 6.0)  # the server works undisturbed for so long
BACK_LIMIT_S = 60.0
GOOD = {200, 201, 503}
HOW = (signal.SIGKILL, signal.SIGQUIT)


class Outages:
    def __init__(
        self, served: Served, clients: Clients, kills: int, chance: random.Random, between_s: tuple[float, float]
    ) -> None:
        self._served = served
        self._clients = clients
        self._kills = kills
        self._chance = chance
        self._between_s = between_s
        self.kills = dict.fromkeys(HOW, 0)
        self.back_s: list[float] = []
        self.first_commit_s: list[float] = []
        self.statuses: set[int] = set()
        self.unreachable = 0

    @property
    def killed(self) -> int:
        return sum(self.kills.values())

    @property
    def is_over(self) -> bool:
        return self.killed >= self._kills * len(HOW)

    def run(self) -> None:
        while not self.is_over and not self._clients.finished.wait(self._chance.uniform(*self._between_s)):
            how = HOW[self.killed % len(HOW)]
            if self._served.kill_database(how):
                self.kills[how] += 1
                self._watch_recovery()

    def _watch_recovery(self) -> None:
        """How long until the server answers again, and from then until a client is told of a commit."""
        died = time.monotonic()
        caller = Caller(self._served.port, self._clients.token, timeout_s=30)
        while time.monotonic() - died < BACK_LIMIT_S and not self._answers():
            self._look(caller)
            time.sleep(0.02)
        back = time.monotonic()
        self.back_s.append(back - died)
        before = self._clients.acknowledged
        while time.monotonic() - back < BACK_LIMIT_S and self._clients.acknowledged <= before:
            if self._clients.finished.wait(0.005):
                return
        self.first_commit_s.append(time.monotonic() - back)
        caller.close()

    def _look(self, caller: Caller) -> None:
        """What a person at a browser is told meanwhile."""
        try:
            self.statuses.add(caller.ask("GET", "/api/user-tasks?state=open&limit=1")[0])
        except Exception:
            self.unreachable += 1

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._served.database_url, connect_timeout=2):
                return True
        except psycopg.Error:
            return False


def run(
    *,
    n: int,
    seed: int,
    say: Callable[[str], None],
    cases: int = CASES,
    standstill_s: float = 90.0,
    between_s: tuple[float, float] = BETWEEN_S,
) -> dict[str, Any]:
    """`n` kills of each kind. The work lasts as long as they do."""
    with TemporaryDirectory(prefix="yuntu-") as folder, serving(webs=2, workers=1) as served:
        notebook = Notebook(Path(folder) / "notebook")
        clients = Clients(served, set_up(served), notebook, cases, ROUNDS, standstill_s=standstill_s, pace_s=0.05)
        outages = Outages(served, clients, n, random.Random(seed), between_s)
        clients.more = lambda: not outages.is_over
        breaking = threading.Thread(target=outages.run)
        breaking.start()
        clients.run(lambda text: say(f"{text}, database killed {outages.killed}/{n * len(HOW)}"))
        breaking.join()
        _let_settle(served, 30)
        figures = Judgement(served.database_url, notebook, served.effects, ROUNDS).figures()
        odd = notebook.rows("SELECT * FROM odd LIMIT 5")
        errors = served.last_errors() if odd else []
        restarted = served.process.poll() is not None
        notebook.close()
    seen = (clients.statuses | outages.statuses) - {0}
    figures |= {
        "database_kills": outages.kills[signal.SIGKILL],
        "immediate_stops": outages.kills[signal.SIGQUIT],
        "back_max_s": percentile(outages.back_s, 1),
        "first_commit_max_s": percentile(outages.first_commit_s, 1) or 0.0,
        "other_statuses": len(seen - GOOD),
        "unreachable": outages.unreachable,
        "supervisor_gone": int(restarted),
    }
    limits = NEVER | {"database_kills": at_least(n), "immediate_stops": at_least(n)}
    limits |= {"first_commit_max_s": at_most(10), "other_statuses": at_most(0)}
    limits |= {"supervisor_gone": at_most(0), "unreachable": at_most(0), "acknowledged": at_least(clients.wanted)}
    return verdict("R04", figures, limits, statuses=sorted(seen), first_odd_answers=odd, first_errors=errors)
