"""`yuntu reconcile`: the tables against the states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from engine.operations.reconcile import Difference, reconcile
from runtime.commands.output import json_option, services, show, table


@click.command("reconcile")
@json_option
def command(as_json: bool) -> None:
    """比对投影与状态 / Compare the derived tables with the states; exit code 1 when they differ."""
    with services() as built, built.engine.read() as conn:
        count, differences = reconcile(conn, built.region_id)
    result = {"instances": count, "differences": [_plain(found) for found in differences]}
    lines = [(d.kind, d.table, str(d.instance_id), d.path or "") for d in differences]
    show(result, as_json, lambda: "\n".join([f"{count} 个实例 / instances", table(lines)]).strip())
    raise SystemExit(1 if differences else 0)


def _plain(found: Difference) -> dict[str, Any]:
    return {**asdict(found), "expected": _text(found.expected), "actual": _text(found.actual)}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
