"""JSON over HTTP: one package of blueprints per audience, sign-in, errors."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from api import (
    apps,
    arrivals,
    clients,
    clock,
    deliveries,
    designer,
    evaluation,
    inbox,
    incidents,
    indicators,
    institutions,
    jobs,
    messages,
    monitoring,
    openapi,
    operations,
    pregnancies,
    reminders,
    tasks,
    timers,
)
from api.errors import from_engine
from api.guard import guard
from api.operations import batches
from engine.errors import EngineError

ROOMS = (
    tasks,
    designer,
    evaluation,
    operations,
    batches,
    jobs,
    messages,
    timers,
    deliveries,
    inbox,
    arrivals,
    clients,
    apps,
    incidents,
    clock,
    pregnancies,
    reminders,
    indicators,
    institutions,
    monitoring,
    openapi,
)


def blueprints(services: Any) -> list[Blueprint]:
    """Every blueprint of the JSON interface, behind the guard."""
    made = [room.blueprint(services) for room in ROOMS]
    check = guard(services)
    for bp in made:
        bp.before_request(check)
        bp.register_error_handler(EngineError, from_engine)
    return made
