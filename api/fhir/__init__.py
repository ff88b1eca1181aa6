"""FHIR R4 over HTTP: the routes, and nothing of what they do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app

from api.fhir import (
    audit,
    definitions,
    documents,
    export,
    formats,
    guard,
    guide,
    history,
    measures,
    messages,
    operations,
    reading,
    replies,
    subscriptions,
    summary,
    traffic,
    users,
    writing,
)
from api.fhir.searching import parameters, searched
from api.oauth import described
from engine.errors import EngineError
from fhir_adapters.issues import translate
from fhir_adapters.traffic import of as counts_of


def blueprint(services: Any) -> Blueprint:
    """Mounted at /fhir. Nothing but metadata and the SMART configuration answers without a token."""
    bp = Blueprint("fhir", __name__, url_prefix="/fhir")
    bp.before_request(guard.guard(services))
    bp.after_request(formats.write)
    bp.after_request(traffic.counting(lambda: counts_of(current_app)))
    bp.register_error_handler(EngineError, lambda error: replies.failure(translate(error)))

    @bp.get("/metadata")
    def metadata() -> Response:
        return reading.metadata(services)

    @bp.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return described.smart(services)

    @bp.post("")
    @bp.post("/")
    def bundle() -> Response:
        """A transaction or a batch."""
        return writing.bundle(services)

    subscriptions.register(bp, services)
    users.register(bp, services)
    export.register(bp, services)
    guide.register(bp, services)
    documents.register(bp, services)
    measures.register(bp, services)
    definitions.register(bp, services)
    audit.register(bp, services)
    messages.register(bp, services)
    summary.register(bp, services)

    @searched(bp, "/Questionnaire")
    def list_questionnaires() -> Response:
        return operations.list_questionnaires(services)

    @bp.get("/Questionnaire/<id_>")
    def questionnaire(id_: str) -> Response:
        return operations.questionnaire(services, id_)

    @bp.route("/Questionnaire/<id_>/$populate", methods=["GET", "POST"])
    def populate(id_: str) -> Response:
        return operations.populate(services, id_)

    @bp.post("/QuestionnaireResponse/$extract")
    def extract() -> Response:
        return operations.extract(services, None)

    @bp.route("/QuestionnaireResponse/<id_>/$extract", methods=["GET", "POST"])
    def extract_stored(id_: str) -> Response:
        return operations.extract(services, id_)

    @bp.route("/<any(Patient, EpisodeOfCare):type_>/<id_>/$everything", methods=["GET", "POST"])
    def everything(type_: str, id_: str) -> Response:
        return operations.everything_of(services, type_, id_)

    @bp.post("/<type_>/$validate")
    def validate(type_: str) -> Response:
        return operations.validate(services, type_, None)

    @bp.route("/<type_>/<id_>/$validate", methods=["GET", "POST"])
    def validate_stored(type_: str, id_: str) -> Response:
        return operations.validate(services, type_, id_)

    @bp.get("/_history")
    def system_history() -> Response:
        return history.history(services, None, None)

    @bp.get("/<type_>/_history")
    def type_history(type_: str) -> Response:
        return history.history(services, type_, None)

    @searched(bp, "/<type_>")
    def search(type_: str) -> Response:
        return reading.search(services, type_, list(parameters().items(multi=True)))

    @bp.post("/<type_>")
    def create(type_: str) -> Response:
        return writing.create(services, type_)

    @bp.put("/<type_>")
    def conditional_update(type_: str) -> Response:
        return writing.update(services, type_, None)

    @bp.get("/<type_>/<id_>")
    def read(type_: str, id_: str) -> Response:
        return reading.read(services, type_, id_, None)

    @bp.put("/<type_>/<id_>")
    def update(type_: str, id_: str) -> Response:
        return writing.update(services, type_, id_)

    @bp.patch("/<type_>")
    def conditional_patch(type_: str) -> Response:
        return writing.patch(services, type_, None)

    @bp.patch("/<type_>/<id_>")
    def patch(type_: str, id_: str) -> Response:
        return writing.patch(services, type_, id_)

    @bp.delete("/<type_>")
    def conditional_delete(type_: str) -> Response:
        return writing.delete(services, type_, None)

    @bp.delete("/<type_>/<id_>")
    def delete(type_: str, id_: str) -> Response:
        return writing.delete(services, type_, id_)

    @bp.get("/<type_>/<id_>/_history")
    def instance_history(type_: str, id_: str) -> Response:
        return history.history(services, type_, id_)

    @bp.get("/<type_>/<id_>/_history/<version>")
    def vread(type_: str, id_: str, version: str) -> Response:
        return reading.read(services, type_, id_, version)

    return bp
