"""`/health/live`, `/health/ready`, `/metrics`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response

from api.answers import reply
from api.monitoring import prometheus
from engine.errors import Busy
from engine.store import reads
from workflows.services import Services


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("health", __name__)

    @bp.get("/health/live")
    def live() -> Response:
        """200 as long as the process answers; the database may be away."""
        found = state(services)
        return reply({**found, "status": "ok"})

    @bp.get("/health/ready")
    def ready() -> Response:
        """200 when requests can be served, else 503."""
        found = state(services)
        return reply(found, 200 if found["status"] == "ok" else 503)

    @bp.get("/metrics")
    def metrics() -> Response:
        """Prometheus text."""
        return Response(prometheus.page(services), content_type="text/plain; version=0.0.4; charset=utf-8")

    return bp


def state(services: Services) -> dict[str, Any]:
    """The shape of the contract; with the database away every figure is null."""
    clock = "system" if services.settings.manual_clock_at is None else "manual"
    away = {"status": "unavailable", "database": "away", "schema_version": None, "clock": clock}
    try:
        now = services.clock()
        with services.engine.read() as conn:
            health = reads.health(conn, services.region_id, now)
    except Exception as error:
        if isinstance(error, Busy) or services.database_is_away(error):
            return {**away, "oldest_due_timer_s": None, "open_incidents": None}
        raise
    return {
        "status": "ok",
        "database": "ok",
        "schema_version": health.schema_version,
        "clock": clock,
        "oldest_due_timer_s": waiting_s(health.oldest_due_timer_at, now),
        "open_incidents": health.open_incidents,
    }


def waiting_s(due: datetime | None, now: datetime) -> float:
    """How long the oldest due timer has been due; 0 when none is."""
    return max(0.0, round((now - due).total_seconds(), 3)) if due is not None else 0.0
