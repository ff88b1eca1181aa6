"""OpenAPI 3.1 from the route table and the schemas of the bodies: it cannot say what is not there."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from api.apps import AppBody, HospitalBody, HospitalSwitchBody, PersonBody, SwitchBody
from api.arrivals import CorrectionBody, DiscardBody
from api.clients import CodeBody, InboundBody, KeysBody, MappedBody, OwnerOfCodeBody, TolerancesBody
from api.clock import MoveBody
from api.deliveries import ReplayBody
from api.evaluation.blueprint import DecisionBody, ExpressionBody
from api.inbox import AssignmentBody, DismissalBody
from api.incidents import OwnerBody, SkipBody
from api.indicators import ReportBody
from api.institutions import LineBody, MatterBody
from api.jobs.blueprint import ActivationBody, CompletedBody, ExtendedBody, FailedBody, ThrownBody
from api.messages import ConditionsBody, DeliveryBody, MessageBody, SignalBody
from api.operations.blueprint import RetryBody, StartBody
from api.operations.bodies import (
    BatchBody,
    HoldBody,
    MigrationBody,
    ModificationBody,
    OperationBody,
    RateBody,
    VariablesBody,
)
from api.pregnancies.corrections import (
    AmendGradingBody,
    EnterResultBody,
    IdentityBody,
    MergeBody,
    UnmergeBody,
    WithdrawResultBody,
)
from api.requests import Duration, Instant, PlainObject
from api.tasks.beside import ATTACHMENT_BODY, AssignmentOfTaskBody, CommentBody
from api.tasks.blueprint import ClaimBody, CompletionBody, DraftBody
from api.timers import DueBody, FiringBody, StartDueBody
from workflows.people.access import row_of

ROOMS = (
    *(
        "tasks",
        "definitions",
        "evaluation",
        "operations",
        "batches",
        "jobs",
        "messages",
        "timers",
        "deliveries",
        "inbox",
        "arrivals",
        "clients",
        "apps",
        "incidents",
    ),
    *("clock", "pregnancies", "reminders", "indicators", "institutions", "health", "openapi"),
)
BODIES: dict[str, type[Schema] | str] = {
    "tasks.claim": ClaimBody,
    "tasks.draft": DraftBody,
    "tasks.completion": CompletionBody,
    "tasks.comment": CommentBody,
    "tasks.attach": ATTACHMENT_BODY,
    "tasks.assignment": AssignmentOfTaskBody,
    "definitions.deploy": "application/xml",
    "evaluation.expression": ExpressionBody,
    "evaluation.decision": DecisionBody,
    "operations.start": StartBody,
    "operations.suspension": OperationBody,
    "operations.activation": OperationBody,
    "operations.termination": OperationBody,
    "operations.retry": RetryBody,
    "operations.migration": MigrationBody,
    "operations.reversal": OperationBody,
    "operations.modification": ModificationBody,
    "operations.variables": VariablesBody,
    "operations.suspend_definition": HoldBody,
    "operations.activate_definition": HoldBody,
    "batches.create": BatchBody,
    "batches.rate": RateBody,
    "institutions.begin": MatterBody,
    "institutions.add": LineBody,
    "institutions.bring_in": "text/csv",
    "jobs.activation": ActivationBody,
    "jobs.completion": CompletedBody,
    "jobs.failure": FailedBody,
    "jobs.error": ThrownBody,
    "jobs.extension": ExtendedBody,
    "messages.message": MessageBody,
    "messages.delivery": DeliveryBody,
    "messages.conditions": ConditionsBody,
    "timers.due_date": DueBody,
    "timers.firing": FiringBody,
    "timers.start_due_date": StartDueBody,
    "deliveries.replay": ReplayBody,
    "indicators.submit": ReportBody,
    "inbox.assignment": AssignmentBody,
    "inbox.dismissal": DismissalBody,
    "arrivals.cda": "application/xml",
    "arrivals.correction": CorrectionBody,
    "arrivals.discard": DiscardBody,
    "clients.set_tolerances": TolerancesBody,
    "clients.set_keys": KeysBody,
    "apps.register": AppBody,
    "apps.switch": SwitchBody,
    "apps.put_hospital": HospitalBody,
    "apps.switch_hospital": HospitalSwitchBody,
    "apps.map_person": PersonBody,
    "clients.set_inbound": InboundBody,
    "clients.map_code": MappedBody,
    "clients.run_again": CodeBody,
    "clients.drop_code": CodeBody,
    "clients.set_aside": CodeBody,
    "clients.hand_over": OwnerOfCodeBody,
    "incidents.skip": SkipBody,
    "incidents.owner": OwnerBody,
    "messages.signal": SignalBody,
    "clock.move": MoveBody,
    "pregnancies.amend_grading": AmendGradingBody,
    "pregnancies.merge": MergeBody,
    "pregnancies.unmerge": UnmergeBody,
    "pregnancies.correct_identity": IdentityBody,
    "pregnancies.enter_result": EnterResultBody,
    "pregnancies.withdraw_result": WithdrawResultBody,
}
QUERIES: dict[str, tuple[str, ...]] = {
    "tasks.user_tasks": ("state", "pregnancy", "instance", "element", "view", "after", "limit"),
    "definitions.deploy": ("dry_run",),
    "operations.suggested": ("to",),
    "batches.listed": ("after", "limit"),
    "batches.results": ("state", "after", "limit"),
    "jobs.jobs": ("type", "limit"),
    "messages.messages": ("state", "name", "key", "after", "limit"),
    "deliveries.deliveries": ("state", "limit"),
    "deliveries.subscriptions": ("status",),
    "inbox.items": ("state", "limit"),
    "arrivals.listed": ("state", "client", "channel", "limit"),
    "clients.client": ("days",),
    "timers.timers": ("due_before", "instance", "definition", "after", "limit"),
    "incidents.incidents": ("state", "instance", "kind", "after", "limit"),
    "pregnancies.search": ("identifier",),
    "institutions.duties": ("state",),
    "institutions.lines": ("organisation", "kind", "log"),
    "institutions.posts": ("period",),
    "institutions.individual": ("period",),
    "institutions.reviewed": ("period",),
    "institutions.reconciliation": ("period",),
}
_PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
_TYPES: tuple[tuple[type[fields.Field[Any]], dict[str, Any]], ...] = (
    (PlainObject, {"type": "object"}),
    (Duration, {"type": "string", "format": "duration"}),
    (Instant, {"type": "string", "format": "date-time"}),
    (fields.List, {"type": "array", "items": {"type": "string"}}),
    (fields.Raw, {}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.Integer, {"type": "integer"}),
)


def describe(app: Flask) -> dict[str, Any]:
    """Every route of the JSON interface, with its parameters, body and answers."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: r.rule):
        if rule.endpoint.partition(".")[0] in ROOMS:
            path = _PLACE.sub(r"{\2}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _operation(app, rule, method)
    return {
        "openapi": "3.1.0",
        "info": {"title": "孕途 Yuntu", "version": "1", "description": "母婴安全流程的 JSON 接口"},
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM},
        },
    }


def _operation(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    view, row = app.view_functions[rule.endpoint], row_of(rule.endpoint)
    public = row is not None and row.public
    operation: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}{_ending(rule.rule)}",
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": " ".join((view.__doc__ or "").split()),
        "parameters": [*_places(rule), *_queries(rule.endpoint), *_headers(rule.endpoint, method)],
        "responses": {"2XX": {"description": "good"}, "default": _PROBLEM_ANSWER},
        "security": [] if public else [{"bearer": []}],
        "x-roles": sorted(row.people) if row is not None else [],
    }
    if method == "POST" and (body := BODIES.get(rule.endpoint)):
        operation["requestBody"] = {"content": _content(body)}
    return operation


def _ending(rule: str) -> str:
    return f".{rule.rpartition('.')[2]}" if rule.rpartition(".")[2] in {"bpmn", "dmn", "json"} and "<" in rule else ""


def _places(rule: Rule) -> list[dict[str, Any]]:
    kinds = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for kind, name in _PLACE.findall(rule.rule)
    ]


def _queries(endpoint: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in QUERIES.get(endpoint, ())]


def _headers(endpoint: str, method: str) -> list[dict[str, Any]]:
    names = ["Idempotency-Key"] if method == "POST" else []
    names += ["If-Match"] if method == "POST" and endpoint.startswith("tasks.") else []
    return [{"name": name, "in": "header", "schema": {"type": "string"}} for name in names]


def _content(body: type[Schema] | str) -> dict[str, Any]:
    if body == ATTACHMENT_BODY:
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        return {body: {"schema": {"type": "object", "properties": {"file": file}, "required": ["file"]}}}
    if isinstance(body, str):
        return {body: {}}
    known = body().fields
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {field.data_key or name: _kind(field) for name, field in known.items()},
        "additionalProperties": False,
    }
    if required := [field.data_key or name for name, field in known.items() if field.required]:
        schema["required"] = required
    return {"application/json": {"schema": schema}}


def _kind(field: fields.Field[Any]) -> dict[str, Any]:
    return dict(next((kind for wanted, kind in _TYPES if isinstance(field, wanted)), {"type": "string"}))


_TEXT = {"type": "object", "properties": {"zh": {"type": "string"}, "en": {"type": "string"}}}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "errors"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "code")},
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"path": {"type": "string"}, "message": _TEXT}},
        },
    },
}
_PROBLEM_ANSWER = {
    "description": "problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
