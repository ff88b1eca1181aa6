"""`yuntu instances list|show|retry`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from engine.clock import CHINA
from engine.commands.contracts import RetryIncident
from engine.errors import NotFound
from engine.store import reads
from runtime import start
from runtime.commands.output import json_option, services, show, table


@click.group()
def group() -> None:
    """流程实例 / Process instances."""


@group.command("list")
@click.option("--definition", help="key of the process")
@click.option("--state", type=click.Choice(["active", "suspended", "completed", "terminated"]))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def list_instances(definition: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """列出 / List instances, newest versions and all."""
    with services() as built, built.engine.read() as conn:
        found = [
            _short(i)
            for i in reads.instances(conn, built.region_id, definition_key=definition, status=state, limit=limit)
        ]
    show({"items": found}, as_json, lambda: table([tuple(i.values()) for i in found]))


@group.command("show")
@click.argument("instance_id", type=click.UUID)
@json_option
def show_instance(instance_id: UUID, as_json: bool) -> None:
    """查看 / One instance: what it waits for, its incidents."""
    with services() as built, built.engine.read() as conn:
        found = reads.instance(conn, built.region_id, instance_id)
        if found is None:
            raise NotFound("没有此流程实例", "no such instance")
        waiting = reads.waiting(conn, built.region_id, instance_id)
        incidents = reads.incidents(conn, built.region_id, instance_id=instance_id)
    body = {
        **_short(found),
        "waiting": [{"element_id": w.element_id, "kind": w.kind} for w in waiting],
        "ended_at": found.end_events,
        "incidents": [{"id": str(i.id), "element_id": i.path, "message": i.message.en} for i in incidents],
    }
    lines = [(w.kind, w.element_id) for w in waiting] + [("incident", i.path, i.message.zh) for i in incidents]
    show(body, as_json, lambda: "\n".join("  ".join(line) for line in [(str(found.id), found.status), *lines]))


@group.command("retry")
@click.argument("incident_id", type=click.UUID)
@json_option
def retry(incident_id: UUID, as_json: bool) -> None:
    """重试 / Try the failed element of an incident again."""
    with services() as built:
        built.engine.execute(RetryIncident(incident_id=incident_id), by=start.INSTALLER)
    show({"id": str(incident_id), "retried": True}, as_json, lambda: "retried")


def _short(instance: Any) -> dict[str, Any]:
    return {
        "id": str(instance.id),
        "definition_key": instance.definition_key,
        "definition_version": instance.definition_version,
        "business_key": instance.business_key,
        "state": instance.status,
        "started_at": instance.started_at.astimezone(CHINA).isoformat(),
    }
