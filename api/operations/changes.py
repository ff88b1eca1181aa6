"""`/api/instances/{id}/…`: what operators do to one running instance, and to definitions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response

from api.answers import reply
from api.operations.bodies import HoldBody, MigrationBody, ModificationBody, OperationBody, VariablesBody
from api.operations.inspection import instance_for, instance_json
from api.requests import idempotency, load, only, principal, query_whole
from engine.commands.contracts import (
    ActivateDefinition,
    ActivateInstance,
    CalledPlan,
    CreateBatch,
    MigrateInstance,
    ModifyInstance,
    Operate,
    RevertMigration,
    SetVariables,
    SuspendDefinition,
    SuspendInstance,
    TerminateInstance,
)
from engine.operations import batches
from engine.operations.suggestion import suggestion
from workflows import audited
from workflows.services import Services


def add_changes(bp: Blueprint, services: Services) -> None:
    @bp.post("/instances/<uuid:instance_id>/migration")
    def migration(instance_id: UUID) -> Response:
        """Take the instance to another version of its process; 422 with every reason why it cannot be."""
        asked = load(MigrationBody(), required=False)
        called = {key: CalledPlan(**plan) for key, plan in asked.pop("called").items()}
        return _operate(asked, MigrateInstance(instance_id=instance_id, called=called, **_without_dry_run(asked)))

    @bp.post("/instances/<uuid:instance_id>/migration/reversal")
    def reversal(instance_id: UUID) -> Response:
        """Take the migration back, as long as the instance has not been touched since."""
        asked = load(OperationBody(), required=False)
        return _operate(asked, RevertMigration(instance_id=instance_id, **_without_dry_run(asked)))

    @bp.post("/instances/<uuid:instance_id>/modification")
    def modification(instance_id: UUID) -> Response:
        """Move tokens: cancel what stands at an element, start before or after another."""
        asked = load(ModificationBody())
        instructions = tuple(asked.pop("instructions"))
        command = ModifyInstance(instance_id=instance_id, instructions=instructions, **_without_dry_run(asked))
        return _operate(asked, command)

    @bp.post("/instances/<uuid:instance_id>/variables")
    def variables(instance_id: UUID) -> Response:
        """Set process variables; conditional events look at them."""
        asked = load(VariablesBody())
        return _operate(asked, SetVariables(instance_id=instance_id, **_without_dry_run(asked)))

    @bp.post("/instances/<uuid:instance_id>/suspension")
    def suspension(instance_id: UUID) -> Response:
        """Hold the instance: nothing can be finished, no timer fires."""
        asked = load(OperationBody(), required=False)
        return _operate(asked, SuspendInstance(instance_id=instance_id, **_without_dry_run(asked)))

    @bp.post("/instances/<uuid:instance_id>/activation")
    def activation(instance_id: UUID) -> Response:
        """Let a suspended instance go on; what fell due meanwhile fires now."""
        asked = load(OperationBody(), required=False)
        return _operate(asked, ActivateInstance(instance_id=instance_id, **_without_dry_run(asked)))

    @bp.post("/instances/<uuid:instance_id>/termination")
    def termination(instance_id: UUID) -> Response:
        """End the instance now."""
        asked = load(OperationBody(), required=False)
        return _operate(asked, TerminateInstance(instance_id=instance_id, **_without_dry_run(asked)))

    def _operate(asked: dict[str, Any], command: Any) -> Response:
        instance_id = command.instance_id
        with services.engine.read() as conn:
            instance_for(services, conn, principal(), instance_id)
        operate = Operate(instance_id=instance_id, command=command, dry_run=asked["dry_run"])
        key = None if asked["dry_run"] else idempotency()
        action, why = type(command).__name__, _why(command.reason)
        changes = audited.execute(
            services, operate, principal(), "instance", instance_id, why, action=action, idempotency=key
        )
        with services.engine.read() as conn:
            body = instance_json(services, conn, principal(), instance_for(services, conn, principal(), instance_id))
        return reply({**body, "dry_run": asked["dry_run"], "changes": changes})

    @bp.get("/definitions/<key>/<int:version>/migration")
    def suggested(key: str, version: int) -> Response:
        """What lies between two versions, and which element has probably become which."""
        only("to")
        return reply(suggestion(services.engine, key, version, query_whole("to")))

    @bp.post("/definitions/<key>/suspension")
    def suspend_definition(key: str) -> Response:
        """No instance starts of it for the time being; with `instances` its running ones are held too."""
        asked = load(HoldBody(), required=False)
        return _hold(
            key,
            asked,
            SuspendDefinition(key=key, version=asked["version"], reason=asked["reason"], dry_run=asked["dry_run"]),
            "suspend",
        )

    @bp.post("/definitions/<key>/activation")
    def activate_definition(key: str) -> Response:
        """Instances start again; with `instances` those that were held go on."""
        asked = load(HoldBody(), required=False)
        return _hold(
            key, asked, ActivateDefinition(key=key, version=asked["version"], dry_run=asked["dry_run"]), "activate"
        )

    def _hold(key: str, asked: dict[str, Any], command: Any, operation: str) -> Response:
        told = {"version": command.version, **(_why(asked["reason"]) or {})}
        dry_run = asked["dry_run"]
        again = None if dry_run else idempotency()
        versions = audited.execute(services, command, principal(), "definition", key, told, idempotency=again)
        batch_id, running = None, None
        state = "active" if operation == "suspend" else "suspended"
        query = {"definition_key": key, "version": asked["version"], "state": state}
        if asked["instances"] and dry_run:
            running = batches.trial(services.engine, operation, query=query, parameters={}, by=principal().actor).total
        elif asked["instances"]:
            batch = CreateBatch(operation=operation, query=query, reason=asked["reason"])
            batch_id = str(audited.execute(services, batch, principal(), "batch", detail={"operation": operation}))
        held = operation == "suspend"
        told = {"key": key, "versions": versions, "suspended": held, "batch": batch_id}
        return reply({**told, "dry_run": dry_run, "instances": running})


def _without_dry_run(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name != "dry_run"}


def _why(reason: str) -> dict[str, str] | None:
    return {"reason": reason} if reason else None
