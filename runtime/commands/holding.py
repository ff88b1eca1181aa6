"""`yuntu definitions suspend|resume`: whether a process starts instances."""

from __future__ import annotations

from typing import Any

import click

from engine.commands.contracts import ActivateDefinition, CreateBatch, SuspendDefinition
from runtime import start
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
@json_option
def suspend(key: str, version: int | None, reason: str, instances: bool, as_json: bool) -> None:
    """暂停启动 / It starts no instance; the newest version that is not suspended takes its place.

    Example: yuntu definitions suspend antenatal_visit --version 3 --reason "wrong deadline"
    """
    command = SuspendDefinition(key=key, version=version, reason=reason)
    _hold(command, reason, "suspend" if instances else None, as_json)


@click.command()
@key_argument
@version_option
@reason_option
@instances_option
@json_option
def resume(key: str, version: int | None, reason: str, instances: bool, as_json: bool) -> None:
    """恢复启动 / Instances start again; with --instances those that were held go on."""
    _hold(ActivateDefinition(key=key, version=version), reason, "activate" if instances else None, as_json)


def _hold(command: Any, reason: str, operation: str | None, as_json: bool) -> None:
    held = isinstance(command, SuspendDefinition)
    told = {"version": command.version, "reason": reason}
    batch_id = None
    with services() as built:
        versions = audited.execute(built, command, start.AT_THE_MACHINE, "definition", command.key, told)
        if operation is not None:
            query = {
                "definition_key": command.key,
                "version": command.version,
                "state": "active" if held else "suspended",
            }
            batch = CreateBatch(operation=operation, query=query, reason=reason)
            batch_id = audited.execute(built, batch, start.AT_THE_MACHINE, "batch", detail={"operation": operation})
    body = {"key": command.key, "versions": versions, "suspended": held, "batch": batch_id and str(batch_id)}
    show(body, as_json, lambda: _told(body))


def _told(body: dict[str, Any]) -> str:
    versions = " ".join(f"v{version}" for version in body["versions"])
    state = "已暂停启动 / suspended" if body["suspended"] else "可以启动 / starts instances"
    return f"{body['key']} {versions}: {state}" + (f"\nbatch {body['batch']}" if body["batch"] else "")
