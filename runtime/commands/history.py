"""`yuntu history`: how long the past of ended instances stays, its archives, and the way back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import click

from runtime.commands.db import owner_url
from runtime.commands.output import json_option, services, show, table
from runtime.retention import archive as archives
from runtime.retention.archive import Place, place_of
from runtime.retention.policies import policies, set_policy

FOLDER = click.Path(path_type=Path, file_okay=False)
ARCHIVES = click.Path(path_type=Path, file_okay=False, exists=True)
dry_run_option = click.option("--dry-run", is_flag=True, help="change nothing, say what would be done / 只看不做")


@click.group()
def group() -> None:
    """历史的保留与归档 / How long history stays, and its archives."""


@contextmanager
def _place() -> Iterator[Place]:
    with (
        services() as built,
        owner_url() as url,
        place_of(url, built.region_id, built.clock(), getpass.getuser()) as place,
    ):
        yield place


def _say(text: str) -> None:
    click.echo(text, err=True)


@group.command("ttl")
@json_option
def ttl(as_json: bool) -> None:
    """各流程的保留期 / How long each process keeps ended instances in the database, and why."""
    with _place() as place:
        found = policies(place.conn, place.region_id, place.now)
    head = ("process", "days", "", "ended", "due", "archived", "why")
    lines = [(p.definition_key, p.keep_days, p.mark, p.ended, p.due, p.archived, p.reason) for p in found]
    show({"policies": [asdict(p) for p in found]}, as_json, lambda: table([head, *lines]))


@group.command("keep")
@click.argument("definition_key")
@click.argument("days", type=click.IntRange(0, 36_500))
@click.option("--reason", required=True, help="the sentence that says so / 依据")
@dry_run_option
@json_option
def keep(definition_key: str, days: int, reason: str, dry_run: bool, as_json: bool) -> None:
    """设定保留期 / Keep ended instances of a process for DAYS after their end.

    Example: yuntu history keep home_visit 1095 --reason "county rule of 2026, art. 4"
    """
    with _place() as place, place.conn.transaction(force_rollback=dry_run):
        set_policy(place.conn, place.region_id, definition_key, days, reason, place.now, place.by)
        found = policies(place.conn, place.region_id, place.now)
    due = next((policy.due for policy in found if policy.definition_key == definition_key), 0)
    result = {"dry_run": dry_run, "definition_key": definition_key, "keep_days": days, "reason": reason, "due": due}
    said = f"{definition_key}: {days} 天 / days，已到期 / due {due:,}"
    show(result, as_json, lambda: f"{_tried(dry_run)}{said}")


@group.command("archive")
@click.argument("folder", type=FOLDER)
@dry_run_option
@json_option
def archive(folder: Path, dry_run: bool, as_json: bool) -> None:
    """归档到期的实例（不删除） / Write due instances to files in FOLDER; deletes nothing.

    Example: yuntu history archive /archive --dry-run
    """
    with _place() as place:
        due = {p.definition_key: p.due for p in policies(place.conn, place.region_id, place.now) if p.due}
        written = [] if dry_run else archives.archive(place, folder, _say)
    result = {"dry_run": dry_run, "due": due, "files": written}
    lines = [f"{key}: {count:,}" for key, count in due.items()] + written
    show(result, as_json, lambda: "\n".join(lines) or "没有到期的实例 / nothing is due")


@group.command("sweep")
@click.argument("folder", type=ARCHIVES)
@dry_run_option
@json_option
def sweep(folder: Path, dry_run: bool, as_json: bool) -> None:
    """删除已归档且校验无误的行 / Delete from the database what stands, proved, in the files of FOLDER.

    Example: yuntu history sweep /archive --dry-run
    """
    with _place() as place:
        swept = archives.sweep(place, folder, _say, dry_run=dry_run)
    result = {"dry_run": dry_run, "swept": swept}
    lines = [f"{_tried(dry_run)}{file}: {count:,}" for file, count in swept.items()]
    show(result, as_json, lambda: "\n".join(lines) or "没有可删除的 / nothing to delete")


@group.command("restore")
@click.argument("folder", type=ARCHIVES)
@click.argument("instance_id", type=click.UUID)
@dry_run_option
@json_option
def restore(folder: Path, instance_id: UUID, dry_run: bool, as_json: bool) -> None:
    """从归档恢复一个实例 / Put one instance back from its archive.

    Example: yuntu history restore /archive 0b3c1b0e-6f0a-5e0e-9a44-0f5b7a1c9d11
    """
    with _place() as place:
        restored = archives.restore(place, folder, instance_id, dry_run=dry_run)
    result = {"dry_run": dry_run, "instance_id": str(instance_id), "restored": restored}
    said = "已恢复 / restored" if restored else "未曾删除 / it had never gone"
    show(result, as_json, lambda: f"{_tried(dry_run)}{said}")


def _tried(dry_run: bool) -> str:
    return "试运行 / dry run: " if dry_run else ""
