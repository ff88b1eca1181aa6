"""Trying out an expression beside the drawing board. Nothing is stored."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from engine.errors import Incorrect, Malformed
from engine.feel import FeelSyntaxError
from engine.store import plain
from web.pages.blueprint import bp, services
from workflows.evaluation import try_expression as evaluated

LARGEST = 200_000  # bytes


@bp.post("/design/try")
def try_expression() -> Response:
    """The value as text with all its digits, and why it is null; 422 with the position where it cannot be read."""
    asked = _object(request.get_data(cache=False))
    expression, variables = asked.get("expression"), asked.get("variables")
    if asked.keys() != {"expression", "variables"} or not isinstance(expression, str) or not isinstance(variables, str):
        raise Malformed("请求无法理解", "the request cannot be understood")
    context = _object(variables.encode()) if variables.strip() else {}
    try:
        found = evaluated(expression, context, services().clock())
    except FeelSyntaxError as error:
        answer = jsonify({"message": {"zh": error.message.zh, "en": error.message.en}, "position": error.position})
        answer.status_code = 422
        return answer
    return jsonify({**found, "value": plain.dumps(found["value"]).decode()})


def _object(source: bytes) -> dict[str, Any]:
    """Raises Malformed for what is no JSON, Incorrect for another JSON value."""
    if len(source) > LARGEST:
        raise Malformed("内容过大", "too large")
    value = plain.loads(source)
    if not isinstance(value, dict):
        raise Incorrect("变量应为 JSON 对象", "the variables must be a JSON object")
    return value
