"""Two routes: the description for programs and the one for people."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from api.answers import reply
from api.openapi.description import describe
from api.openapi.page import page
from workflows.services import Services


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("openapi", __name__, url_prefix="/api")

    @bp.get("/openapi.json")
    def description() -> Response:
        """OpenAPI 3.1, generated from the routes."""
        return reply(describe(current_app))

    @bp.get("/docs")
    def docs() -> Response:
        """The same as a page; asks nothing of any other host."""
        return Response(page(describe(current_app)), content_type="text/html; charset=utf-8")

    return bp
