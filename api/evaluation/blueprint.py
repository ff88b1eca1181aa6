"""`/api/feel/evaluation`, `/api/decisions/evaluation`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from marshmallow import ValidationError, fields, validate, validates_schema

from api.answers import reply
from api.errors import problem
from api.operations.inspection import instance_for, readable
from api.requests import PlainObject, Strict, load, principal, text
from engine.errors import Fault
from engine.feel import FeelSyntaxError
from engine.store import plain
from workflows.evaluation import try_decision, try_expression, try_tests
from workflows.services import Services
from workflows.store import people as people_store

KINDS = ("expression", "unary-tests")


class ExpressionBody(Strict):
    expression = text(32_768, required=True)
    kind = fields.String(validate=validate.OneOf(KINDS), load_default=KINDS[0])
    input = fields.Raw(load_default=None, allow_none=True)
    context = PlainObject(load_default=dict)
    instance = fields.UUID(load_default=None, allow_none=True)


class DecisionBody(Strict):
    key = text(200)
    version = fields.Integer(strict=True, validate=validate.Range(min=1), load_default=None, allow_none=True)
    xml = text(1_000_000)
    decision_id = text(200)
    context = PlainObject(load_default=dict)
    instance = fields.UUID(load_default=None, allow_none=True)

    @validates_schema
    def _one_of_both(self, data: dict[str, Any], **_: Any) -> None:
        deployed, uploaded = {"key"} <= data.keys(), {"xml", "decision_id"} <= data.keys()
        if deployed == uploaded or (deployed and data.keys() & {"xml", "decision_id"}):
            raise ValidationError("请给出 key，或 xml 与 decision_id。 Give key, or xml and decision_id.")


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("evaluation", __name__, url_prefix="/api")
    bp.register_error_handler(FeelSyntaxError, _from_syntax)

    @bp.post("/feel/evaluation")
    def expression() -> Response:
        """Evaluate a FEEL expression, or unary tests for an input. 422 with the position where it cannot be read."""
        asked = load(ExpressionBody())
        context, now = _context(services, asked), services.clock()
        if asked["kind"] == "unary-tests":
            return reply(try_tests(asked["expression"], asked["input"], context, now))
        return reply(try_expression(asked["expression"], context, now))

    @bp.post("/decisions/evaluation")
    def decision() -> Response:
        """Evaluate a deployed decision, or one of a DMN file that is not deployed, with the rules that matched."""
        asked = load(DecisionBody())
        if "key" in asked:
            decision_id = asked["key"]
            model, version = services.engine.decision_model(decision_id, asked["version"])
        else:
            decision_id, version = asked["decision_id"], None
            model = services.engine.decision_file(asked["xml"].encode())
        found = try_decision(model, decision_id, _context(services, asked), services.clock())
        return reply({**found, "trace": {**found["trace"], "version": version}})

    return bp


def _context(services: Services, asked: dict[str, Any]) -> dict[str, Any]:
    """What is given, over the variables of the instance that the caller may read. Looking at them leaves its trace."""
    instance_id: UUID | None = asked["instance"]
    if instance_id is None:
        return dict(asked["context"])
    with services.engine.read() as conn:
        found = instance_for(services, conn, principal(), instance_id)
        care = people_store.care_of(conn, services.region_id, instance_id)
    services.people.audit(principal(), "read", "instance", str(instance_id))
    return {**readable(principal(), care, found.variables), **asked["context"]}


def _from_syntax(error: FeelSyntaxError) -> Response:
    """`position` counts characters from 0; `expected` is null where the text is too long or too deep."""
    response = problem(422, error.code, error.message, [Fault(path="expression", message=error.message)])
    expected = {"zh": error.expected.zh, "en": error.expected.en} if error.expected else None
    place = {"position": error.position, "expected": expected}
    response.set_data(plain.dumps({**plain.loads(response.get_data()), **place}))
    return response
