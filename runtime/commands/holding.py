"""`yuntu definitions suspend|resume`: whether a process starts instances."""

from __future__ import annotations

from typing import Any

import click

from engine.commands.contracts import ActivateDefinition, CreateBatch, SuspendDefinition
from engine.operations import batches
from runtime import start
from runtime.commands.changing import dry_run_option
from runtime.commands.output import json_option, services, show
from workflows import audited

key_argument = click.argument("key")
version_option = click.option("--version", type=click.IntRange(1), help="only this one; default every version / 版本")
reason_option = click.option("--reason", default="", help="for the audit / 原因")
instances_option = click.option("--instances", is_flag=True, help="its running instances too, as a batch / 连同实例")


@click.command()
@key_argument
@version_option
@reason_option
@instances_option
@dry_run_option
@json_option
def suspend(key: str, version: int | None, reason: str, instances: bool, dry_run: bool, as_json: bool) -> None:
    """暂停启动 / It starts no instance; the newest version that is not suspended takes its place.

    Example: yuntu definitions suspend antenatal_visit --version 3 --reason "wrong deadline"
    """
    command = SuspendDefinition(key=key, version=version, reason=reason, dry_run=dry_run)
    _hold(command, reason, "suspend" if instances else None, as_json)


@click.command()
@key_argument
@version_option
@reason_option
@instances_option
@dry_run_option
@json_option
def resume(key: str, version: int | None, reason: str, instances: bool, dry_run: bool, as_json: bool) -> None:
    """恢复启动 / Instances start again; with --instances those that were held go on."""
    _hold(
        ActivateDefinition(key=key, version=version, dry_run=dry_run),
        reason,
        "activate" if instances else None,
        as_json,
    )


def _hold(command: Any, reason: str, operation: str | None, as_json: bool) -> None:
    held = isinstance(command, SuspendDefinition)
    told = {"version": command.version, "reason": reason}
    batch_id, running = None, None
    query = {"definition_key": command.key, "version": command.version, "state": "active" if held else "suspended"}
    with services() as built:
        versions = audited.execute(built, command, start.AT_THE_MACHINE, "definition", command.key, told)
        if operation is not None and command.dry_run:
            running = batches.trial(built.engine, operation, query=query, parameters={}, by=start.INSTALLER).total
        elif operation is not None:
            batch = CreateBatch(operation=operation, query=query, reason=reason)
            batch_id = audited.execute(built, batch, start.AT_THE_MACHINE, "batch", detail={"operation": operation})
    body = {"key": command.key, "versions": versions, "suspended": held, "batch": batch_id and str(batch_id)}
    body |= {"dry_run": command.dry_run, "instances": running}
    show(body, as_json, lambda: _told(body))


def _told(body: dict[str, Any]) -> str:
    versions = " ".join(f"v{version}" for version in body["versions"])
    state = "已暂停启动 / suspended" if body["suspended"] else "可以启动 / starts instances"
    head = f"{'试运行 / dry run: ' if body['dry_run'] else ''}{body['key']} {versions}: {state}"
    running = None if body["instances"] is None else f"实例 / instances: {body['instances']}"
    return "\n".join(filter(None, [head, running, body["batch"] and f"batch {body['batch']}"]))
