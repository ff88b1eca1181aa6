"""The cases of R02 for what nobody stands by for: starts by themselves, messages, deliveries, batches, leases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from engine.commands import contracts as ask
from engine.commands.records import ClaimedJob, DueWork
from engine.errors import Text
from runtime.trials import diagrams as draw
from runtime.trials.crash_cases import AT_A, START_ONE, Case, Cell, Ends, leased
from runtime.trials.diagrams import END, chain, diagram, user_task
from runtime.trials.engines import BEGIN

MANY = 100_000
NOW = timedelta(0)
SPENT = 3
LATER = BEGIN + timedelta(minutes=90)
BEGUN = "SELECT status::text FROM instance WHERE definition_key = %(key)s"
STARTS = "SELECT due_at FROM timer_start WHERE definition_key = %(key)s"
MESSAGES = "SELECT state::text FROM message WHERE key = %(case)s"
DELIVERIES = "SELECT revision, state::text FROM delivery WHERE destination = %(key)s AND stream = %(main)s"
BATCHES = "SELECT state::text, total FROM batch WHERE reason = %(key)s"
ITEMS = "SELECT state::text, code FROM batch_item WHERE instance_id = %(main)s"
REVISION = "SELECT revision FROM instance WHERE id = %(main)s"
SUSPENDED: Ends = {"main": ("suspended", ["task_a"], {})}


def _starting(cell: Cell, definition: str) -> None:
    """A process of the cell's own that begins by itself."""
    start = f'<bpmn:startEvent id="start">{definition}</bpmn:startEvent>'
    drawn = diagram(cell.key, start + user_task("task") + END + chain("start", "task", "end"))
    cell.do(ask.Deploy(files={"s.bpmn": drawn}))


def _in_an_hour(cell: Cell) -> None:
    _starting(cell, draw.timer("timeCycle", "R1/PT1H"))


def _on_condition(cell: Cell) -> None:
    condition = f'=case = "{cell.case}"'
    _starting(
        cell,
        f"<bpmn:conditionalEventDefinition><bpmn:condition>{condition}</bpmn:condition></bpmn:conditionalEventDefinition>",
    )


def _buffered(cell: Cell) -> None:
    """A message that nobody listens to yet."""
    cell.do(ask.PublishMessage(name="note", key=cell.case))
    with cell.engine.read() as conn:
        cell.found["message"] = conn.execute("SELECT id FROM message WHERE key = %s", [cell.case]).fetchone()[0]


def _fail_message(cell: Cell) -> Any:
    return ask.FailMessage(message_id=cell.found["message"], attempts=SPENT, problem="no", back_off=NOW)


def _failed_message(cell: Cell) -> None:
    _buffered(cell)
    cell.do(_fail_message(cell))
    cell.start("receiver", cell.other)


# --- deliveries -------------------------------------------------------------------------------------------------------


def _told(cell: Cell) -> None:
    """The outbox holds what this case's start has to tell, and nothing else."""
    cell.do(ask.MoveOutbox(wanted={}, limit=MANY))
    cell.start()


def _lay_out(cell: Cell) -> Any:
    return ask.MoveOutbox(wanted={cell.key: None}, limit=MANY)


def _laid_out(cell: Cell) -> None:
    _told(cell)
    cell.do(_lay_out(cell))


def _claim_delivery(cell: Cell) -> Any:
    return ask.ClaimDeliveries(destinations=(cell.key,))


def _being_sent(cell: Cell) -> None:
    _laid_out(cell)
    cell.do(_claim_delivery(cell))


def _about_it(make: Any, **more: Any) -> Any:
    return lambda cell: make(destination=cell.key, stream=cell.main, revision=1, **more)


BURY = _about_it(ask.DeliveryFailed, problem="no", back_off=NOW, dead=True)


def _dead_letter(cell: Cell) -> None:
    _being_sent(cell)
    cell.do(BURY(cell))


# --- batches ----------------------------------------------------------------------------------------------------------


def _create_batch(cell: Cell) -> Any:
    return ask.CreateBatch(operation="suspend", query={"instance_ids": [str(cell.main)]}, reason=cell.key)


def _with_batch(cell: Cell) -> None:
    cell.start()
    cell.found["batch"] = cell.do(_create_batch(cell))


def _with_item(cell: Cell) -> None:
    _with_batch(cell)
    cell.do(ask.ClaimBatchItems())


def _run_item(cell: Cell) -> Any:
    return ask.RunBatchItems(
        batch_id=cell.found["batch"], commands={cell.main: ask.SuspendInstance(instance_id=cell.main)}
    )


def _fail_item(cell: Cell) -> Any:
    return ask.FailBatchItem(
        batch_id=cell.found["batch"], instance_id=cell.main, code="no", message=Text(zh="不", en="no")
    )


def _working(cell: Cell) -> None:
    leased(cell)
    job = ClaimedJob(
        id=cell.found["job"], instance_id=cell.main, type="elsewhere", element_id="job", lease=cell.found["lease"]
    )
    cell.found["work"] = DueWork(jobs=(job,))


CASES: Mapping[str, Case] = {
    "StartByTimer": Case(_in_an_hour, None, {}, hours=2, rows={BEGUN: [("active",)]}),
    "FailStart": Case(
        _in_an_hour,
        lambda cell: ask.FailStart(
            definition_key=cell.key, element_id="start", attempts=1, problem="no", back_off=NOW
        ),
        {}, hours=2, rows={BEGUN: [("active",)]},
    ),
    "MoveStart": Case(
        _in_an_hour,
        lambda cell: ask.MoveStart(definition_key=cell.key, element_id="start", due_at=LATER),
        {}, rows={STARTS: [(LATER,)]},
    ),
    "EvaluateConditions": Case(
        _on_condition,
        lambda cell: ask.EvaluateConditions(variables={"case": cell.case}),
        {}, rows={BEGUN: [("active",)]},
    ),
    "FailMessage": Case(_buffered, _fail_message, {}, rows={MESSAGES: [("failed",)]}),
    "RetryMessage": Case(
        _failed_message,
        lambda cell: ask.RetryMessage(message_id=cell.found["message"]),
        {"other": ("active", ["task_c"], {})}, rows={MESSAGES: [("delivered",)]},
    ),
    "WithdrawMessage": Case(
        lambda cell: cell.do(ask.PublishMessage(name="note", key=cell.case, message_id="one")),
        lambda cell: ask.WithdrawMessage(name="note", key=cell.case, message_id="one"),
        {}, rows={MESSAGES: [("expired",)]},
    ),
    "ReportZombie": Case(
        lambda cell: cell.start("receiver", cell.main),
        lambda cell: ask.ReportZombie(instance_id=cell.main),
        {"main": ("active", ["incident:receiver"], {})},
        spoilt="DELETE FROM message_subscription WHERE instance_id = %(main)s",
    ),
    "MoveOutbox": Case(_told, _lay_out, {}, rows={DELIVERIES: [(1, "waiting")]}),
    "ClaimDeliveries": Case(_laid_out, _claim_delivery, {}, rows={DELIVERIES: [(1, "waiting")]}, keyed=False),
    "Delivered": Case(_being_sent, _about_it(ask.Delivered), {}, rows={DELIVERIES: []}),
    "DeliveryFailed": Case(_being_sent, BURY, {}, rows={DELIVERIES: [(1, "dead")]}),
    "RetryDelivery": Case(_dead_letter, _about_it(ask.RetryDelivery), {}, rows={DELIVERIES: [(1, "waiting")]}),
    "DiscardDelivery": Case(_dead_letter, _about_it(ask.DiscardDelivery), {}, rows={DELIVERIES: []}),
    "CreateBatch": Case(START_ONE, _create_batch, SUSPENDED, rows={BATCHES: [("completed", 1)], REVISION: [(2,)]}),
    "ControlBatch": Case(
        _with_batch,
        lambda cell: ask.ControlBatch(batch_id=cell.found["batch"], action="pause"),
        AT_A, rows={BATCHES: [("paused", 1)], ITEMS: [("waiting", None)]},
    ),
    "ClaimBatchItems": Case(
        _with_batch, lambda cell: ask.ClaimBatchItems(), SUSPENDED, rows={ITEMS: [("done", None)]}, keyed=False
    ),
    "RunBatchItems": Case(
        _with_item, _run_item, SUSPENDED, rows={ITEMS: [("done", None)], REVISION: [(2,)]}, keyed=False
    ),
    "FailBatchItem": Case(_with_item, _fail_item, AT_A, rows={ITEMS: [("failed", "no")]}),
    "RenewLeases": Case(
        _working,
        lambda cell: ask.RenewLeases(work=cell.found["work"], lock_for=timedelta(hours=2)),
        {"main": ("active", ["job"], {})}, keyed=False,
    ),
}  # fmt: skip
