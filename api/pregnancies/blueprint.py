"""The pregnancy by its id, or by an identifier of the woman."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, request

from api.answers import reply
from api.pregnancies.corrections import add_routes
from api.pregnancies.summary import case_for, summary
from api.requests import only, principal
from engine.errors import Malformed, NotFound
from workflows.reading_cases import narrow
from workflows.services import Services


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("pregnancies", __name__, url_prefix="/api/pregnancies")
    add_routes(bp, services)

    @bp.get("/<uuid:pregnancy_id>")
    def pregnancy(pregnancy_id: UUID) -> Response:
        """State, dates, colour, open tasks, end."""
        return _answer(str(pregnancy_id))

    @bp.get("")
    def search() -> Response:
        """`?identifier=SYSTEM|VALUE`: the newest pregnancy of the woman with this identifier."""
        only("identifier")
        system, bar, value = request.args.get("identifier", "").partition("|")
        if not (system and bar and value):
            raise Malformed("请给 identifier=SYSTEM|VALUE", "give identifier=SYSTEM|VALUE", code="query")
        with services.engine.read() as conn:
            pregnancy_id = services.patients.pregnancy_of(conn, system, value)
        if pregnancy_id is None:
            raise NotFound("没有此孕产妇", "no such woman")
        return _answer(pregnancy_id)

    def _answer(pregnancy_id: str) -> Response:
        with services.people.reading(principal(), "read", "pregnancy", pregnancy_id) as conn:
            narrow(conn, principal())
            instance = case_for(services, conn, principal(), pregnancy_id)
            body = summary(services, conn, principal(), pregnancy_id, instance)
        return reply(body)

    return bp
