"""The process that tells partners the steps of referrals. It looks what there is: nothing of it stands in the way of a
step. Any number of processes may do it."""

from __future__ import annotations

import logging
from threading import Event, Thread

import psycopg

from engine.bell import Bell
from engine.clock import system_clock
from fhir_adapters.partners.telling import Teller
from runtime.subscribers import own_connection
from workflows.services import Services

log = logging.getLogger(__name__)

POLL_S = 0.5
AFTER_A_FAULT_S = 2.0


def teller_for(services: Services) -> Teller:
    return Teller(region_id=services.region_id, clock=services.clock, wall=system_clock)


def tell(services: Services) -> int:
    """Everything that is due, in this thread. For tests and the command line."""
    teller, done = teller_for(services), 0
    with own_connection(services.pool.conninfo, services.region_id) as own:
        while teller.tell_next(own):
            done += 1
    return done


class Partners:
    """In a worker process: a thread."""

    def __init__(self, services: Services, *, poll_s: float = POLL_S) -> None:
        self._services = services
        self._stopping = Event()
        self.bell = Bell(poll_s, stopping=self._stopping)
        self._thread = Thread(target=self._run, name="partners", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.bell.stop()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        """A database that is away is waited for."""
        teller = teller_for(self._services)
        while not self._stopping.is_set():
            try:
                with own_connection(self._services.pool.conninfo, self._services.region_id) as conn:
                    while not self._stopping.is_set():
                        if not teller.tell_next(conn):
                            self.bell.rest()
            except psycopg.OperationalError:
                log.warning("the database is away")
            except Exception:
                log.exception("telling partners begins again")
            self._stopping.wait(AFTER_A_FAULT_S)
