"""Results that waited for others of their burst are looked at when their moment has come."""

from __future__ import annotations

import logging
from datetime import datetime
from threading import Event, Thread
from typing import Any

from engine.bell import Bell
from engine.commands.contracts import Actor
from engine.errors import Busy, Conflict
from fhir_adapters.inbound.bursts import LookAtBursts
from fhir_adapters.store import inbound

log = logging.getLogger(__name__)

ENGINE = Actor(id="engine", kind="engine")
POLL_S = 1.0
MOST = 200
AT_A_TIME = 20  # cases that one process claims together: some tenths of a second of work
TOGETHER = 5  # cases that are told in one transaction: for so long whoever works on one of them may have to wait


class Bursts:
    """Any number of processes may look: each burst is told to its case once."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._stopping = Event()
        self.bell = Bell(POLL_S, stopping=self._stopping)
        self._thread = Thread(target=self._run, name="bursts", daemon=True)

    def next_due(self) -> datetime | None:
        with self._engine.read() as conn:
            return inbound.next_burst(conn, self._engine.region_id)

    def look(self, now: datetime) -> int:
        """Everything that is due at `now`, which is what the engine's clock says; answers how many cases were told."""
        with self._engine.read() as conn:
            due = inbound.due_bursts(conn, self._engine.region_id, now, MOST)
        return sum(self._look_at_one(episode_id) for episode_id in due)

    def share(self, now: datetime) -> int:
        """Some of what is due and no other process is looking at; answers how many that were. A process that dies gives
        back what it had claimed at once, and what it had told is told."""
        with self._engine.pool.connection() as holding:
            mine = inbound.claim_bursts(holding, self._engine.region_id, now, AT_A_TIME, MOST)
            for first in range(0, len(mine), TOGETHER):
                if not self._stopping.is_set():
                    self._look_at_several(mine[first : first + TOGETHER])
        return len(mine)

    def _look_at_several(self, episode_ids: list[str]) -> None:
        """What goes wrong with one case does not keep the others waiting: then each comes alone, and that one stays
        due."""
        try:
            self._look_at(*episode_ids)
        except Busy:
            raise
        except Exception:
            log.info("%d cases have to be looked at one by one", len(episode_ids), exc_info=True)
            for episode_id in episode_ids:
                self._try_to_look_at(episode_id)

    def _try_to_look_at(self, episode_id: str) -> None:
        try:
            self._look_at_one(episode_id)
        except Busy:
            raise
        except Exception:
            log.exception("case %s: looking at its results failed; it is tried again", episode_id)

    def _look_at_one(self, episode_id: str) -> int:
        try:
            return self._look_at(episode_id)
        except Conflict:
            return 0

    def _look_at(self, *episode_ids: str) -> int:
        return int(self._engine.execute(LookAtBursts(episode_ids=episode_ids), by=ENGINE))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.bell.stop()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        is_more = False
        while not (self._stopping.is_set() if is_more else self.bell.rest()):
            is_more = False
            try:
                is_more = self.share(self._engine.clock()) == AT_A_TIME  # more is due than was taken
            except Busy:
                log.warning("the database is away")
            except Exception:
                log.exception("looking at results failed; it is tried again")
