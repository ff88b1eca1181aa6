"""`yuntu instances …`: look, and change, one instance or many."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from engine.clock import CHINA
from engine.commands.contracts import Operate, RetryIncident
from engine.errors import NotFound
from engine.operations.requests import command_for
from engine.store import reads
from runtime import start
from runtime.commands.batches import batch
from runtime.commands.output import json_option, services, show, table
from runtime.commands.pairs import Pairs, Values
from workflows import audited

reason_option = click.option("--reason", default="", help="for history / 原因")
dry_run_option = click.option("--dry-run", is_flag=True, help="say what would change, change nothing / 试运行")
instance_argument = click.argument("instance_id", type=click.UUID)


@click.group()
def group() -> None:
    """流程实例 / Process instances."""


group.add_command(batch)


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
@instance_argument
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
        command = RetryIncident(incident_id=incident_id)
        audited.execute(built, command, start.AT_THE_MACHINE, "incident", incident_id)
    show({"id": str(incident_id), "retried": True}, as_json, lambda: "retried")


@group.command("migrate")
@instance_argument
@click.option("--to", "version", type=click.IntRange(1), help="version; default the newest that is not suspended")
@click.option("--map", "mapping", multiple=True, type=Pairs(), metavar="OLD=NEW", help="an element with another id")
@click.option("--timer", "timers", multiple=True, type=Pairs(), metavar="ID=keep|restart|recompute")
@click.option("--called", type=Values(), metavar="JSON", help='{"process": {"version": 2, "mapping": {}}}')
@reason_option
@dry_run_option
@json_option
def migrate(instance_id: UUID, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """迁移 / Take an instance to another version of its process.

    Example: yuntu instances migrate ID --to 3 --map task_a=task_b --timer timer_late=recompute --dry-run
    """
    asked["mapping"], asked["timers"] = dict(asked["mapping"]), dict(asked["timers"])
    asked["called"] = asked["called"] or {}
    _operate("migrate", asked, instance_id, dry_run, as_json)


@group.command("revert")
@instance_argument
@reason_option
@dry_run_option
@json_option
def revert(instance_id: UUID, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """撤回迁移 / Take a migration back, as long as the instance has not been touched since."""
    _operate("revert", asked, instance_id, dry_run, as_json)


@group.command("move")
@instance_argument
@click.option("--cancel", multiple=True, metavar="ELEMENT", help="what stands there stops; first")
@click.option("--before", multiple=True, metavar="ELEMENT", help="a token begins before it")
@click.option("--after", multiple=True, metavar="ELEMENT", help="a token leaves it")
@click.option("--variables", type=Values(), metavar="JSON", help="set before anything moves")
@reason_option
@dry_run_option
@json_option
def move(
    instance_id: UUID,
    cancel: tuple[str, ...],
    before: tuple[str, ...],
    after: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """移动令牌 / Cancel what stands at one element, start before or after another.

    Example: yuntu instances move ID --cancel task_a --before task_c
    """
    named = (("cancel", cancel), ("start_before", before), ("start_after", after))
    asked["instructions"] = [{action: element} for action, elements in named for element in elements]
    asked["variables"] = asked["variables"] or {}
    _operate("modify", asked, instance_id, dry_run, as_json)


@group.command("variables")
@instance_argument
@click.argument("variables", type=Values(), metavar="JSON")
@reason_option
@dry_run_option
@json_option
def variables(instance_id: UUID, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """修改变量 / Set process variables; conditional events look at them.

    Example: yuntu instances variables ID '{"colour": "red"}' --reason "typing error"
    """
    _operate("variables", asked, instance_id, dry_run, as_json)


def _simple(operation: str, help_text: str) -> None:
    @group.command(operation, help=help_text)
    @instance_argument
    @reason_option
    @dry_run_option
    @json_option
    def operate(instance_id: UUID, dry_run: bool, as_json: bool, **asked: Any) -> None:
        _operate(operation, asked, instance_id, dry_run, as_json)


_simple("suspend", "挂起 / Hold an instance: nothing can be finished, no timer fires.")
_simple("activate", "恢复 / Let a suspended instance go on; what fell due meanwhile is due now.")
_simple("terminate", "终止 / End an instance now.")


def _operate(operation: str, asked: dict[str, Any], instance_id: UUID, dry_run: bool, as_json: bool) -> None:
    command = command_for(operation, asked, instance_id)
    with services() as built:
        operate = Operate(instance_id=instance_id, command=command, dry_run=dry_run)
        why = {"reason": asked["reason"]} if asked.get("reason") else None
        changes = audited.execute(
            built, operate, start.AT_THE_MACHINE, "instance", instance_id, why, action=type(command).__name__
        )
    body = {"id": str(instance_id), "dry_run": dry_run, "changes": changes}
    show(body, as_json, lambda: _told(changes, dry_run))


def _told(changes: dict[str, Any], dry_run: bool) -> str:
    signs = (("opened", "+"), ("closed", "-"), ("changed", "~"), ("kept", " "))
    rows = [
        (sign, w["kind"], w["element_id"], w["due_at"] or "", _was(w)) for part, sign in signs for w in changes[part]
    ]
    notes = [f"! {note['message']['zh']} / {note['message']['en']}" for note in changes["notes"]]
    head = f"{'试运行 / dry run: ' if dry_run else ''}{changes['state']}"
    return "\n".join(filter(None, [head, table(rows), *notes]))


def _was(wait: dict[str, Any]) -> str:
    was = wait["was"]
    return "" if was is None else f"(← {was['element_id']} {was['due_at'] or ''})"


def _short(instance: Any) -> dict[str, Any]:
    return {
        "id": str(instance.id),
        "definition_key": instance.definition_key,
        "definition_version": instance.definition_version,
        "business_key": instance.business_key,
        "state": instance.status,
        "started_at": instance.started_at.astimezone(CHINA).isoformat(),
    }
