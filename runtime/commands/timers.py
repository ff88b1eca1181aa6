"""`yuntu timers due|move|fire`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from engine.clock import CHINA
from engine.commands.contracts import FireTimerNow, MoveTimer
from engine.store import unattended_reads
from runtime.commands.changing import changed, dry_run_option, json_option, reason_option, tell
from runtime.commands.output import services, show


class Instant(click.ParamType):
    """ISO 8601 with offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail(f"{value}: 应为带时区的时刻 / give an instant such as 2026-01-05T08:00:00+08:00", param, ctx)
        return found


@click.group()
def group() -> None:
    """定时器 / Running timers."""


@group.command("due")
@click.option("--before", type=Instant(), help="only those due before; default: those due now")
@click.option("--all", "everything", is_flag=True, help="those that are not due yet too")
@click.option("--instance", type=click.UUID)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def due(before: datetime | None, everything: bool, instance: UUID | None, limit: int, as_json: bool) -> None:
    """到期 / Timers in order of due time, and what begins a process by time.

    Example: yuntu timers due --all --limit 20
    """
    with services() as built, built.engine.read() as conn:
        limit_at = before or (None if everything or instance else built.clock())
        found = unattended_reads.timers(conn, built.region_id, due_before=limit_at, instance_id=instance, limit=limit)
        starts = unattended_reads.timer_starts(conn, built.region_id) if instance is None else []
    items = [
        {
            "instance_id": str(row.instance_id),
            "wait_id": row.wait_id,
            "element_id": row.path,
            "due_at": row.due_at.astimezone(CHINA).isoformat(),
            "misfire": row.misfire,
            "attempts": row.attempts,
            "state": row.status,
        }
        for row in found
    ]
    begins = [
        {
            "definition_key": s.definition_key,
            "element_id": s.element_id,
            "due_at": s.due_at.astimezone(CHINA).isoformat(),
        }
        for s in starts
    ]
    lines = [tuple(item.values()) for item in items] + [("start", *item.values()) for item in begins]
    show({"items": items, "starts": begins}, as_json, lambda: "\n".join("  ".join(map(str, line)) for line in lines))


@group.command("move")
@click.argument("instance_id", type=click.UUID)
@click.argument("wait_id", type=int)
@click.argument("due_at", type=Instant())
@reason_option
@dry_run_option
@json_option
def move(instance_id: UUID, wait_id: int, due_at: datetime, reason: str, dry_run: bool, as_json: bool) -> None:
    """改期 / Another due moment for a running timer; a cycle goes on counting from it.

    Example: yuntu timers move INSTANCE 2 2026-02-01T08:00:00+08:00 --dry-run
    """
    command = MoveTimer(instance_id=instance_id, wait_id=wait_id, due_at=due_at, reason=reason)
    detail = {"wait": wait_id, "reason": reason}
    with services() as built:
        changes = changed(built, command, instance_id, dry_run=dry_run, detail=detail)
    told = {"instance_id": str(instance_id), "wait_id": wait_id, "due_at": due_at.isoformat()}
    tell({**told, "dry_run": dry_run, "changes": changes}, as_json)


@group.command("fire")
@click.argument("instance_id", type=click.UUID)
@click.argument("wait_id", type=int)
@reason_option
@dry_run_option
@json_option
def fire(instance_id: UUID, wait_id: int, reason: str, dry_run: bool, as_json: bool) -> None:
    """立即触发 / Fire a running timer now."""
    command = FireTimerNow(instance_id=instance_id, wait_id=wait_id)
    detail = {"wait": wait_id, "reason": reason}
    with services() as built:
        changes = changed(built, command, instance_id, dry_run=dry_run, detail=detail)
    tell({"fired": not dry_run, "dry_run": dry_run, "changes": changes}, as_json)
