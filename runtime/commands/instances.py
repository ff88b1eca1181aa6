"""`yuntu instances …`: look, and change, one instance or many."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.operations.inspection import history_json, instance_json
from engine.clock import CHINA
from engine.errors import NotFound
from engine.operations.requests import command_for
from engine.store import reads
from runtime import start
from runtime.commands.batches import batch
from runtime.commands.changing import changed, dry_run_option, instance_argument, json_option, reason_option, tell
from runtime.commands.incidents import incidents, retry, skip
from runtime.commands.output import services, show, table
from runtime.commands.pairs import Pairs, Values
from workflows.history import of_instance


@click.group()
def group() -> None:
    """流程实例 / Process instances."""


for command in (batch, incidents, retry, skip):
    group.add_command(command)


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
    """查看 / One instance: its variables, what it waits for, its incidents."""
    with services() as built, built.engine.read() as conn:
        found = reads.instance(conn, built.region_id, instance_id)
        if found is None:
            raise NotFound("没有此流程实例", "no such instance")
        body = instance_json(built, conn, start.AT_THE_MACHINE, found)
    waiting = [
        (w["kind"], w["element_id"], w["due_at"] or "", w["message"] or "", w["key"] or "") for w in body["waiting"]
    ]
    broken = [("incident", i["element_id"], i["id"], i["message"], "") for i in body["incidents"]]
    head = f"{found.id}  {found.definition_key} v{found.definition_version}  {found.status}"
    show(body, as_json, lambda: "\n".join(filter(None, [head, table([*waiting, *broken])])))


@group.command("history")
@instance_argument
@json_option
def history(instance_id: UUID, as_json: bool) -> None:
    """历史 / What happened, in order: when, where, what, by whom."""
    with services() as built, built.engine.read() as conn:
        found = reads.instance(conn, built.region_id, instance_id)
        if found is None:
            raise NotFound("没有此流程实例", "no such instance")
        lines = [history_json(line) for line in of_instance(built, conn, start.AT_THE_MACHINE, found)]
    show(lines, as_json, lambda: table([(one["at"], one["path"], one["event"], one["by"]) for one in lines]))


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
        changes = changed(built, command, instance_id, dry_run=dry_run, detail={"reason": asked.get("reason") or ""})
    tell({"id": str(instance_id), "dry_run": dry_run, "changes": changes}, as_json)


def _short(instance: Any) -> dict[str, Any]:
    return {
        "id": str(instance.id),
        "definition_key": instance.definition_key,
        "definition_version": instance.definition_version,
        "business_key": instance.business_key,
        "state": instance.status,
        "started_at": instance.started_at.astimezone(CHINA).isoformat(),
    }
