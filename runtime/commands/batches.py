"""`yuntu instances batch …`: one operation on every instance that a query finds, done by the workers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import click

from api.operations.batches import batch_json, result_json, trial_json
from engine.commands.contracts import ControlBatch, CreateBatch
from engine.errors import NotFound
from engine.operations import batches
from engine.operations.requests import OPERATIONS
from runtime import start
from runtime.commands.output import json_option, services, show, table
from runtime.commands.pairs import Values
from workflows import audited

batch_argument = click.argument("batch_id", type=click.UUID)


@click.group("batch")
def batch() -> None:
    """批量操作 / One operation on many instances."""


@batch.command("create")
@click.argument("operation", type=click.Choice(sorted(OPERATIONS)))
@click.option("--query", type=Values(), required=True, metavar="JSON", help="which instances")
@click.option("--parameters", type=Values(), default="{}", metavar="JSON", help="of the operation")
@click.option("--rate", default=200.0, show_default=True, type=click.FloatRange(0, 10_000, min_open=True))
@click.option("--reason", default="", help="for history / 原因")
@click.option("--dry-run", is_flag=True, help="try it on the first hundred, change nothing / 试运行")
@json_option
def create(operation: str, dry_run: bool, as_json: bool, **asked: Any) -> None:
    """创建 / The workers begin at once; exit code 1 when a dry run finds instances that would fail.

    Example: yuntu instances batch create migrate --query '{"definition_key": "review", "version": 1}'
    """
    with services() as built:
        if dry_run:
            given = {name: asked[name] for name in ("query", "parameters")}
            found = trial_json(batches.trial(built.engine, operation, **given, by=start.INSTALLER))
            show(found, as_json, lambda: _told_trial(found))
            raise SystemExit(1 if found["failures"] else 0)
        command = CreateBatch(operation=operation, **asked)
        told = {"operation": operation, "reason": asked["reason"]}
        batch_id = audited.execute(built, command, start.AT_THE_MACHINE, "batch", detail=told)
        body = _batch(built, batch_id)
    show(body, as_json, lambda: _told(body))


def _told_trial(found: dict[str, Any]) -> str:
    rows = [(f["count"], f["code"], f["message"]["zh"], f["example"]) for f in found["failures"]]
    head = f"{found['tried']} / {found['total']}: {found['would']['done']} ✓  {found['would']['failed']} ✗"
    return "\n".join(filter(None, [head, table(rows)]))


@batch.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@json_option
def listed(limit: int, as_json: bool) -> None:
    """列出 / The newest first."""
    with services() as built, built.engine.read() as conn:
        found = [batch_json(one) for one in batches.batches(conn, built.region_id, limit=limit)]
    show({"items": found}, as_json, lambda: "\n".join(_told(one) for one in found))


@batch.command("show")
@batch_argument
@json_option
def show_batch(batch_id: UUID, as_json: bool) -> None:
    """查看 / How far a batch has come."""
    with services() as built:
        body = _batch(built, batch_id)
    show(body, as_json, lambda: _told(body))


@batch.command("results")
@batch_argument
@click.option("--state", type=click.Choice(["done", "failed", "waiting"]))
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1, 100_000))
@json_option
def results(batch_id: UUID, state: str | None, limit: int, as_json: bool) -> None:
    """结果 / Instance by instance; of what failed, why."""
    with services() as built, built.engine.read() as conn:
        _batch(built, batch_id)
        found = [result_json(r) for r in batches.results(conn, built.region_id, batch_id, state=state, limit=limit)]
    rows = [(r["instance_id"], r["state"], r["code"] or "", r["message"]["zh"] if r["message"] else "") for r in found]
    show({"items": found}, as_json, lambda: table(rows))


def _action(action: str, help_text: str) -> None:
    @batch.command(action, help=help_text)
    @batch_argument
    @json_option
    def control(batch_id: UUID, as_json: bool) -> None:
        _control(batch_id, as_json, action)


_action("pause", "暂停 / Take no more of its items until it is resumed.")
_action("resume", "继续 / Go on with a paused batch.")
_action("cancel", "取消 / Stop for good; what is done stays done.")
_action("retry", "重试 / Try once more what failed.")


@batch.command("rate")
@batch_argument
@click.argument("rate", type=click.FloatRange(0, 10_000, min_open=True))
@json_option
def change_rate(batch_id: UUID, rate: float, as_json: bool) -> None:
    """速率 / Another number of instances a second, all workers together."""
    _control(batch_id, as_json, "rate", rate)


def _control(batch_id: UUID, as_json: bool, action: str, rate: float | None = None) -> None:
    with services() as built:
        command = ControlBatch(batch_id=batch_id, action=action, rate=rate)
        audited.execute(built, command, start.AT_THE_MACHINE, "batch", batch_id, {"action": action})
        body = _batch(built, batch_id)
    show(body, as_json, lambda: _told(body))


def _batch(built: Any, batch_id: UUID) -> dict[str, Any]:
    with built.engine.read() as conn:
        found = batches.batch(conn, built.region_id, batch_id)
    if found is None:
        raise NotFound("没有这个批次", "no such batch")
    return batch_json(found)


def _told(body: dict[str, Any]) -> str:
    counts = f"{body['done']} ✓  {body['failed']} ✗  {body['waiting']} …  / {body['total']}"
    return f"{body['id']}  {body['operation']}  {body['state']}  {counts}  {body['rate']}/s  {body['created_at']}"
