"""The process that tells subscribers: gives numbers to what changed, then lets each subscription have its turn.

It looks what there is: nothing of it stands in the way of a write. Any number of processes may do it.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Thread
from typing import Any

import psycopg

from engine.bell import Bell
from engine.clock import system_clock
from engine.commands.contracts import Actor
from engine.store.connections import configure
from fhir_adapters.access import Viewer
from fhir_adapters.scopes import names_very_restricted, narrowing_of
from fhir_adapters.store.subscriptions import Subscribed, Subscriptions
from fhir_adapters.subscriptions.numbering import number_changes
from fhir_adapters.subscriptions.sending import Sender
from workflows.services import Services

log = logging.getLogger(__name__)

POLL_S = 0.2
AFTER_A_FAULT_S = 2.0
SENDERS = 4  # subscriptions that are told at one time: a slow receiver holds up none but its own
FORGET_EVERY_S = 600.0


def sender_for(services: Services) -> Sender:
    base = (services.settings.base_url or services.settings.address) + "/fhir"
    return Sender(
        region_id=services.region_id,
        base=base,
        clock=services.clock,
        wall=system_clock,
        viewer_of=lambda conn, found: viewer_of(services, conn, found),
    )


def viewer_of(services: Services, conn: Any, found: Subscribed) -> Viewer | None:
    """What the subscriber may know of at this moment; None when it is registered no more."""
    client = services.people.client(str(found.client_id))
    if client is None:
        return None
    actor = Actor(id=client.name, kind="client", organisation=client.organisation_id)
    principal = services.people.principal_of(conn, actor)
    organisations = tuple(sorted(principal.organisations))
    return Viewer(
        source=f"client:{client.name}",
        organisations=organisations,
        restricted=principal.restricted,
        very_restricted=names_very_restricted(found.scopes),
        narrowing=narrowing_of(found.scopes, None),
    )


def own_connection(conninfo: str, region_id: str) -> psycopg.Connection[Any]:
    """Outside of the pool, for as long as somebody is spoken for: a lock of the connection goes when it goes. It acts
    for the whole region all its life."""
    conn: psycopg.Connection[Any] = psycopg.connect(conninfo, autocommit=True)
    configure(conn)
    acting = "SELECT set_config('app.region', %s, false), set_config('app.organisations', '*', false)"
    conn.execute(acting, [region_id])
    return conn


NOBODY = Viewer(source="client:", organisations=(), restricted=False)


def tell(services: Services, conn: Any, sender: Sender) -> int:
    """One round in this thread: everything numbered, everything due sent. For tests and the command line."""
    done = 0
    while number_changes(
        conn, services.region_id, lambda found: viewer_of(services, conn, found) or NOBODY, services.clock()
    ):
        pass
    for id_ in Subscriptions(conn, services.region_id).due(services.clock(), 1000):
        done += sender.serve(conn, id_)
    return done


class Subscribers:
    """In a worker process: a thread that looks, and a few that send."""

    def __init__(self, services: Services, *, poll_s: float = POLL_S) -> None:
        self._services = services
        self._sender = sender_for(services)
        self._stopping = Event()
        self.bell = Bell(poll_s, stopping=self._stopping)
        self._busy: set[str] = set()
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="subscriber")
        self._thread = Thread(target=self._run, name="subscribers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.bell.stop()
        self._thread.join(timeout=5)
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _connect(self) -> psycopg.Connection[Any]:
        return own_connection(self._services.pool.conninfo, self._services.region_id)

    def _run(self) -> None:
        """A database that is away is waited for."""
        while not self._stopping.is_set():
            try:
                with self._connect() as conn:
                    self._watch(conn)
            except psycopg.OperationalError:
                log.warning("the database is away")
            except Exception:
                log.exception("telling subscribers begins again")
            self._stopping.wait(AFTER_A_FAULT_S)

    def _watch(self, conn: psycopg.Connection[Any]) -> None:
        services, forgot_at = self._services, float("-inf")
        rows = Subscriptions(conn, services.region_id)
        while not self._stopping.is_set():
            now, looked = services.clock(), 0
            if rows.has_changes():
                looked = number_changes(
                    conn, services.region_id, lambda found: viewer_of(services, conn, found) or NOBODY, now
                )
            for id_ in rows.due(now, 100):
                self._let_have_its_turn(id_)
            if time.monotonic() - forgot_at > FORGET_EVERY_S:
                rows.forget(now)
                forgot_at = time.monotonic()
            if not looked:
                self.bell.rest()

    def _let_have_its_turn(self, id_: str) -> None:
        with self._lock:
            if id_ in self._busy:
                return
            self._busy.add(id_)
        self._threads.submit(self._serve, id_)

    def _serve(self, id_: str) -> None:
        try:
            with self._connect() as conn:
                self._sender.serve(conn, id_, going=lambda: not self._stopping.is_set())
        except psycopg.OperationalError:
            log.warning("the database is away")
        except Exception:
            log.exception("subscription %s: its turn failed", id_)
        finally:
            with self._lock:
                self._busy.discard(id_)
