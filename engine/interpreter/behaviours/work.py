"""What more than one kind of element does: hand a job to a worker, give a message out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.interpreter.contracts import Published, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.listening import correlation_key, text
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.model.elements import JobWork

RETRIES = 3


def open_job(run: Run, at: int, node: Node) -> None:
    """A worker is to do it; it is given everything that can be seen here. Raises Failed."""
    work = node.work
    assert isinstance(work, JobWork)
    data = {
        "type": text(run, node, "type", at),
        "retries": _retries(run, at, node),
        "headers": dict(work.headers),
        "variables": dict(run.visible(at)),
    }
    run.open_wait(at, node, WaitKind.JOB, data)


def _retries(run: Run, at: int, node: Node) -> int:
    formula = node.formulas.get("retries")
    value = RETRIES if formula is None else run.value(formula, at)
    if isinstance(value, str) and value.isdigit():
        return int(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0 and value == int(value):
        return int(value)
    raise Failed("retries_invalid", "重试次数不是非负整数", "the number of retries is no whole number")


def publish_message(run: Run, at: int, node: Node) -> None:
    """Give a message out; what the input mappings made is its payload. Raises Failed."""
    message = Published("message", text(run, node, "name", at), correlation_key(run, node, at), payload(run, at, node))
    run.published.append(message)
    run.note(at, node.id, "published", {"name": message.name, "key": message.key})


def payload(run: Run, at: int, node: Node) -> dict[str, Any]:
    """What the input mappings of a throwing element made."""
    return dict(run.scope(at).values) if node.inputs else {}
