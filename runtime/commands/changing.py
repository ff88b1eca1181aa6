"""One operation on one instance at the command line: done and audited as over HTTP, and its effect shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from engine.commands.contracts import Operate
from runtime import start
from runtime.commands.output import json_option, show, table
from workflows import audited
from workflows.services import Services

reason_option = click.option("--reason", default="", help="for history and audit / 原因")
dry_run_option = click.option("--dry-run", is_flag=True, help="say what would change, change nothing / 试运行")
instance_argument = click.argument("instance_id", type=click.UUID)
__all__ = ["changed", "dry_run_option", "instance_argument", "json_option", "reason_option", "tell"]


def changed(
    built: Services,
    command: Any,
    instance_id: UUID,
    *,
    dry_run: bool,
    subject: tuple[str, UUID] | None = None,
    detail: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the command changes; with `dry_run` nothing is stored. `subject`: whom the audit names, by default the
    instance."""
    kind, about = subject or ("instance", instance_id)
    operate = Operate(instance_id=instance_id, command=command, dry_run=dry_run)
    told = {name: value for name, value in (detail or {}).items() if value not in ("", [])}
    found: dict[str, Any] = audited.execute(
        built, operate, start.AT_THE_MACHINE, kind, about, told or None, action=type(command).__name__
    )
    return found


def tell(body: dict[str, Any], as_json: bool) -> None:
    """`body` holds `changes` and `dry_run`."""
    show(body, as_json, lambda: _told(body["changes"], body["dry_run"]))


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
