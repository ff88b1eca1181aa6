"""The bodies of operations."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from api.requests import PlainObject, Strict, text
from engine.commands.contracts import Instruction
from engine.operations.requests import instruction


class OperationBody(Strict):
    dry_run = fields.Boolean(load_default=False)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))


def version() -> fields.Integer:
    whole = validate.Range(min=1, max=2**31 - 1)
    return fields.Integer(strict=True, validate=whole, load_default=None, allow_none=True)


class CalledBody(Strict):
    version = version()
    mapping = PlainObject(load_default=dict)


class MigrationBody(OperationBody):
    """`mapping`: old id -> new id, null gives up; `timers`: new id or * -> keep, restart, recompute."""

    version = version()
    mapping = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), load_default=dict)
    called = fields.Dict(keys=fields.String(), values=fields.Nested(CalledBody), load_default=dict)
    timers = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class Move(fields.Field[Instruction]):
    """`{"cancel": path}`, `{"start_before": path}`, `{"start_after": path}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Instruction:
        try:
            return instruction(value)
        except (AttributeError, TypeError, ValueError):
            text = "应为 cancel、start_before 或 start_after。 One of cancel, start_before, start_after with a path."
            raise ValidationError(text) from None


class ModificationBody(OperationBody):
    instructions = fields.List(Move(), required=True, validate=validate.Length(min=1, max=100))
    variables = PlainObject(load_default=dict)


class VariablesBody(OperationBody):
    variables = PlainObject(required=True, validate=validate.Length(min=1))


class HoldBody(Strict):
    """Of a definition; `instances`: its running instances too, as a batch."""

    version = version()
    instances = fields.Boolean(load_default=False)
    dry_run = fields.Boolean(load_default=False)
    reason = fields.String(load_default="", validate=validate.Length(max=1000))


class BatchBody(OperationBody):
    operation = text(20, required=True)
    parameters = PlainObject(load_default=dict)
    query = PlainObject(required=True)
    rate = fields.Float(load_default=200.0, validate=validate.Range(min=0, min_inclusive=False, max=10_000))


class RateBody(Strict):
    rate = fields.Float(required=True, validate=validate.Range(min=0, min_inclusive=False, max=10_000))
