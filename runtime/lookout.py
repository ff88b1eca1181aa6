"""One look, a few times a second, at whether there is anything to do at all, instead of one of each who would do it.

A thread of a worker process with a connection of its own asks one statement and rings for those whom it names. They
look by themselves too, seldom: a look that misses something delays it and loses nothing. Why not LISTEN and NOTIFY:
`docs/adr/0021-one-look-instead-of-many.md`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import psycopg

from engine.bell import Bell
from engine.store import sql
from engine.store.wire import call
from runtime.background import STALLED_S
from runtime.subscribers import own_connection
from workflows.services import Services

log = logging.getLogger(__name__)

LOOK_S = 0.2
ENGINE_EVERY = 2  # looks: what the engine may have to do is dearer to look for
AFTER_A_FAULT_S = 2.0
STOPPED_WITHIN_S = 5.0
SQL = sql.load(__file__)


class Lookout:
    """`bells` by the kinds that the statement names."""

    def __init__(self, services: Services, bells: Mapping[str, Bell], *, look_s: float = LOOK_S) -> None:
        self._services, self._bells, self._look_s = services, bells, look_s
        self._types = sorted(services.engine.service_tasks)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="lookout", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=STOPPED_WITHIN_S)

    def look(self, conn: psycopg.Connection[Any], *, at_engine: bool = True) -> list[str]:
        """Kinds of work of which some is due. `conn` acts for the region and is outside of any transaction."""
        asked = {
            "region_id": self._services.region_id,
            "now": self._services.clock(),
            "types": self._types,
            "spread": self._services.engine.timer_spread,
            "at_engine": at_engine,
            "stalled": timedelta(seconds=STALLED_S),
        }
        return [kind for (kind,) in call(conn, SQL["kinds_of_due_work"], asked)]

    def _run(self) -> None:
        """While the database is away, or the look is broken, everybody polls."""
        while not self._stopping.is_set():
            try:
                with own_connection(self._services.pool.conninfo, self._services.region_id) as conn:
                    self._watch(conn)
            except psycopg.OperationalError:
                log.warning("the database is away")
            except Exception:
                log.exception("looking out begins again")
            finally:
                self._attend(False)
            self._stopping.wait(AFTER_A_FAULT_S)

    def _watch(self, conn: psycopg.Connection[Any]) -> None:
        looks = 0
        while not self._stopping.is_set():
            found = self.look(conn, at_engine=looks % ENGINE_EVERY == 0)
            self._attend(True)
            for kind in found:
                self._bells[kind].ring()
            looks += 1
            self._stopping.wait(self._look_s)

    def _attend(self, is_attended: bool) -> None:
        for bell in self._bells.values():
            bell.is_attended = is_attended
