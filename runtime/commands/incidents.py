"""`yuntu instances incidents|retry|skip`: what stands still, and how it goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.incidents import incident_json
from engine.commands.contracts import RetryIncident, SkipIncident
from engine.store import reads, unattended_reads
from runtime.commands.changing import changed, dry_run_option, json_option, reason_option, tell
from runtime.commands.output import services, show, table
from runtime.commands.pairs import Values

incident_argument = click.argument("incident_id", type=click.UUID)
values_option = click.option("--variables", type=Values(), default="{}", metavar="JSON", help="set before / 先设变量")


@click.command("incidents")
@click.option("--instance", type=click.UUID, help="only of this one")
@click.option("--all", "everything", is_flag=True, help="those that are over too / 含已解决的")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def incidents(instance: UUID | None, everything: bool, limit: int, as_json: bool) -> None:
    """异常事项 / What stands still and why, oldest first."""
    with services() as built, built.engine.read() as conn:
        found = unattended_reads.incident_list(
            conn,
            built.region_id,
            open=None if everything else True,
            instance_id=instance,
            kind=None,
            after=None,
            limit=limit,
        )
        items = [incident_json(row) for row in found]
    rows = [(i["id"], i["instance_id"], i["element_id"], i["kind"], i["message"]["zh"], i["opened_at"]) for i in items]
    show({"items": items}, as_json, lambda: table(rows))


@click.command("retry")
@incident_argument
@values_option
@reason_option
@dry_run_option
@json_option
def retry(incident_id: UUID, variables: dict[str, Any], reason: str, dry_run: bool, as_json: bool) -> None:
    """重试 / Try the failed element of an incident again, with variables set before.

    Example: yuntu instances retry INCIDENT --variables '{"weight_kg": 64}' --dry-run
    """
    body = _seen_to(RetryIncident(incident_id=incident_id, variables=variables), variables, reason, dry_run)
    tell({"id": str(incident_id), "retried": not dry_run, **body}, as_json)


@click.command("skip")
@incident_argument
@values_option
@reason_option
@dry_run_option
@json_option
def skip(incident_id: UUID, variables: dict[str, Any], reason: str, dry_run: bool, as_json: bool) -> None:
    """跳过 / Go on as if the failed job had been done with these variables.

    Example: yuntu instances skip INCIDENT --variables '{"letter_no": "L-17"}' --reason "sent by hand"
    """
    body = _seen_to(SkipIncident(incident_id=incident_id, variables=variables), variables, reason, dry_run)
    tell({"id": str(incident_id), "skipped": not dry_run, **body}, as_json)


def _seen_to(command: Any, variables: dict[str, Any], reason: str, dry_run: bool) -> dict[str, Any]:
    incident_id = command.incident_id
    with services() as built:
        with built.engine.read() as conn:
            instance_id = reads.instance_of_incident(conn, built.region_id, incident_id)
        detail = {"reason": reason, "names": sorted(variables)}
        changes = changed(
            built, command, instance_id, dry_run=dry_run, subject=("incident", incident_id), detail=detail
        )
    return {"instance_id": str(instance_id), "dry_run": dry_run, "changes": changes}
