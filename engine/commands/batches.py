"""One operation on many instances: found once, done one by one by workers, each in a transaction of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from engine.commands.contracts import (
    Actor,
    ClaimBatchItems,
    ControlBatch,
    CreateBatch,
    FailBatchItem,
    RunBatchItems,
)
from engine.commands.records import ClaimedItem
from engine.errors import Busy, Conflict, EngineError, Incorrect, NotFound, Text
from engine.operations.queries import parameters_of
from engine.operations.requests import command_for
from engine.problems import Refused
from engine.store.transaction import Tx, as_json

MOST_ATTEMPTS = 3  # of an item whose worker died each time
NEXT = {  # action -> (states it may be asked in, the state afterwards)
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("running", "paused"), "cancelled"),
    "retry": (("running", "paused", "completed"), "running"),
}


def create(command: CreateBatch, tx: Tx) -> UUID:
    """What the query finds now is what the batch is for; later instances are not."""
    command_for(command.operation, command.parameters, UUID(int=0))
    if not 0 < command.rate <= 10_000:
        raise Incorrect("速率应为每秒 0 到 10000", "the rate must be up to 10000 a second", code="rate")
    ids = [row[0] for row in tx.all("find_instances", **parameters_of(command.query))]
    batch_id = uuid4()
    tx.send(
        "insert_batch",
        id=batch_id,
        operation=command.operation,
        parameters=as_json(dict(command.parameters)),
        query=as_json(dict(command.query)),
        rate=command.rate,
        reason=command.reason,
        total=len(ids),
        at=tx.now,
        by=as_json(asdict(tx.by)),
    )
    tx.send("insert_batch_items", batch_id=batch_id, ids=ids)
    return batch_id


def control(command: ControlBatch, tx: Tx) -> None:
    row = tx.one("lock_batch", id=command.batch_id)
    if row is None:
        raise NotFound("没有这个批次", "no such batch")
    if command.action == "rate" and command.rate and 0 < command.rate <= 10_000:
        allowed: tuple[str, ...] = ("running", "paused")
        state = row[0]
    elif command.action in NEXT and command.rate is None:
        allowed, state = NEXT[command.action]
    else:
        raise Incorrect("批次没有这个动作", "a batch knows no such action", code="action")
    if row[0] not in allowed:
        raise Conflict(f"批次现为 {row[0]}", f"the batch is {row[0]}", code=f"batch-{row[0]}")
    if command.action == "retry":
        tx.send("retry_batch_items", id=command.batch_id)
    tx.send("change_batch", id=command.batch_id, state=state, rate=command.rate, at=tx.now)


def claim(command: ClaimBatchItems, tx: Tx) -> list[ClaimedItem]:
    rows = tx.all("claim_batch_items", limit=command.limit, now=tx.now, lock_for=command.lock_for)
    return [_item(*row) for row in rows]


def _item(batch_id: UUID, operation: str, parameters: Any, by: Any, instance_id: UUID, attempts: int) -> ClaimedItem:
    actor = Actor(**{**by, "roles": tuple(by["roles"])})
    return ClaimedItem(batch_id, operation, parameters, actor, instance_id, attempts)


def run(command: RunBatchItems, tx: Tx) -> int:
    """That an item is done stands or falls with what is done. Of several, each refuses before it writes anything."""
    asked = list(command.commands)
    rows = tx.all("take_batch_items", batch_id=command.batch_id, ids=asked)
    done: list[UUID] = []
    for (instance_id,) in rows:
        try:
            tx.run(command.commands[instance_id])
            done.append(instance_id)
        except EngineError as error:
            if len(asked) == 1 or error.category == Busy.category:
                raise
            code, text = reason_of(error)
            fail(FailBatchItem(batch_id=command.batch_id, instance_id=instance_id, code=code, message=text), tx)
    if done:
        tx.send("finish_batch_items", batch_id=command.batch_id, ids=done, at=tx.now)
    return len(done)


def fail(command: FailBatchItem, tx: Tx) -> None:
    place = {"batch_id": command.batch_id, "instance_id": command.instance_id}
    text = command.message
    tx.send("fail_batch_item", **place, at=tx.now, code=command.code, zh=text.zh, en=text.en)


def reason_of(error: EngineError) -> tuple[str, Text]:
    """Of a refusal with several reasons, the first."""
    if isinstance(error, Refused) and error.problems:
        return error.problems[0].code, error.problems[0].message
    return error.code, error.message
