"""The process that writes bulk exports: looks what is asked for, writes one after the other. Any number may do it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

from engine.commands.contracts import Actor
from fhir_adapters.access import Viewer, granted
from fhir_adapters.export.writing import Exporter, Stopped
from fhir_adapters.store.exports import EXPORTING, Exports, Job
from runtime.looking import Looking
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
        viewer_of=lambda conn, job: _viewer(_principal(services, conn, job), job),
        leave_trace=leave_trace,
        going=lambda: stopping is None or not stopping.is_set(),
    )


def _principal(services: Services, conn: Any, job: Job) -> Principal | None:
    """The system as it is registered at this moment."""
    client = services.people.client(str(job.client_id))
    if client is None:
        return None
    actor = Actor(id=client.name, kind="client", organisation=client.organisation_id)
    return replace(services.people.principal_of(conn, actor), scopes=client.scopes)


def _viewer(principal: Principal | None, job: Job) -> Viewer | None:
    """With the scopes of the token that asked, as far as the system has them still."""
    left = granted(" ".join(job.scopes), principal.scopes) if principal is not None else frozenset()
    return Viewer.of(replace(principal, scopes=left)) if principal is not None and left else None


def write_all(services: Services) -> int:
    """Everything that is asked for, in this thread. For tests and the command line."""
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        waiting = Exports(conn, services.region_id).open()
    exporter = exporter_for(services)
    return sum(exporter.serve(id_) for id_ in waiting)


class ExportWriter(Looking):
    """In a worker process: a thread that looks and writes."""

    def __init__(self, services: Services) -> None:
        self._services, stopping = services, Event()
        self._exporter = exporter_for(services, stopping)
        super().__init__("exports", POLL_S, self._write, stopping)

    def _write(self, looks: int) -> None:
        try:
            for id_ in self._open(forget=looks % FORGET_EVERY == 0):
                self._exporter.serve(id_)
        except Stopped:
            log.info("an export is left to the next process")

    def _open(self, *, forget: bool) -> list[Any]:
        with self._services.pool.connection() as conn:
            rows = Exports(conn, self._services.region_id)
            if forget:
                rows.forget(self._services.clock())
            return rows.open()
