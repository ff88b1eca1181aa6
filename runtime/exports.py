"""The process that writes bulk exports: looks what is asked for, writes one after the other. Any number may do it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import psycopg

from engine.commands.contracts import Actor
from fhir_adapters.access import Viewer
from fhir_adapters.export.writing import Exporter, Stopped
from fhir_adapters.store.exports import EXPORTING, Exports, Job
from runtime.subscribers import own_connection
from workflows.people.model import Principal
from workflows.services import Services

log = logging.getLogger(__name__)

POLL_S = 1.0
FORGET_EVERY = 60  # looks


def exporter_for(services: Services, stopping: Event | None = None) -> Exporter:
    @contextmanager
    def connect() -> Any:
        with own_connection(services.pool.conninfo, services.region_id) as conn:
            conn.execute("SELECT set_config('application_name', %s, false)", [EXPORTING])
            yield conn

    def leave_trace(conn: Any, job: Job, type_: str, patients: Iterable[str]) -> None:
        principal = _principal(services, conn, job)
        if principal is not None:
            detail = {"patients": list(patients), "job": str(job.id)}
            services.people.audit(principal, "export", type_, None, detail, conn=conn)

    return Exporter(
        region_id=services.region_id,
        clock=services.clock,
        connect=connect,
        viewer_of=lambda conn, job: _viewer(_principal(services, conn, job)),
        leave_trace=leave_trace,
        going=lambda: stopping is None or not stopping.is_set(),
    )


def _principal(services: Services, conn: Any, job: Job) -> Principal | None:
    """The system as it is registered at this moment."""
    client = services.people.client(str(job.client_id))
    if client is None:
        return None
    actor = Actor(id=client.name, kind="client", organisation=client.organisation_id)
    return services.people.principal_of(conn, actor)


def _viewer(principal: Principal | None) -> Viewer | None:
    return None if principal is None else Viewer.of(principal)


def write_all(services: Services) -> int:
    """Everything that is asked for, in this thread. For tests and the command line."""
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        waiting = Exports(conn, services.region_id).open()
    exporter = exporter_for(services)
    return sum(exporter.serve(id_) for id_ in waiting)


class ExportWriter:
    """In a worker process: a thread that looks and writes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopping = Event()
        self._exporter = exporter_for(services, self._stopping)
        self._thread = Thread(target=self._run, name="exports", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        looks = 0
        while not self._stopping.wait(POLL_S):
            try:
                for id_ in self._look(forget=looks % FORGET_EVERY == 0):
                    self._exporter.serve(id_)
            except Stopped:
                log.info("an export is left to the next process")
            except psycopg.OperationalError:
                log.warning("the database is away")
            except Exception:
                log.exception("an export failed; it is tried again")
            looks += 1

    def _look(self, *, forget: bool) -> list[Any]:
        with self._services.pool.connection() as conn:
            rows = Exports(conn, self._services.region_id)
            if forget:
                rows.forget(self._services.clock())
            return rows.open()
