"""One operation on many instances: paced, paused, resumed, cancelled, killed; each instance with its own result."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from engine.commands.contracts import (
    Actor,
    ClaimBatchItems,
    ControlBatch,
    CreateBatch,
    RunBatchItems,
    SuspendInstance,
)
from engine.engine import Engine
from engine.errors import Conflict, Incorrect, NotFound
from engine.operations import batches
from engine.operations.batches import BatchRunner
from engine.operations.reconcile import reconcile
from engine.operations.requests import command_for
from engine.worker import Worker
from runtime.trials.databases import looking
from tests.operations.test_migrating import late, review
from tests.store.store_kit import NURSE

FAST = 10_000.0
REVIEW = {"definition_key": "review"}
WORST_REST_S = 5  # of what a dead worker had in hand


@pytest.fixture
def many(world):
    """Five instances of version 1; version 2 has another task."""
    world.deploy(review("task_a", extra=late("task_a", "P12W")))
    found = [world.start("review", str(n), number=n) for n in range(5)]
    world.deploy(review("task_b", extra=late("task_b", "P12W")))
    return found


def create(world, operation, query=REVIEW, rate=FAST, **parameters):
    command = CreateBatch(operation=operation, query=query, parameters=parameters, rate=rate, reason="test")
    return world.engine.execute(command, by=NURSE)


def control(world, batch_id, action, **more):
    world.engine.execute(ControlBatch(batch_id=batch_id, action=action, **more), by=NURSE)


def run(world, rounds: int = 100):
    """As a worker does, without its rests."""
    runner = BatchRunner(world.engine)
    for _ in range(rounds):
        runner._rest_until = 0.0
        runner.run_some()


def progress(world, batch_id):
    with world.engine.read() as conn:
        found = batches.batch(conn, world.engine.region_id, batch_id)
    return found.state, found.done, found.failed, found.waiting


def results(world, batch_id, **asked):
    with world.engine.read() as conn:
        return batches.results(conn, world.engine.region_id, batch_id, **asked)


def test_every_instance_is_migrated_its_timer_kept_and_history_names_the_batch(world, many):
    batch_id = create(world, "migrate", mapping={"task_a": "task_b"})

    run(world)

    assert progress(world, batch_id) == ("completed", 5, 0, 0)
    assert {world.instance(i).definition_version for i in many} == {2}
    row = world.history(many[0])[-1]
    assert (row.event, row.by, row.detail["batch"]) == ("migrated", "nurse-1", str(batch_id))
    assert world.drive(weeks=12) == 5
    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []


def test_an_instance_that_cannot_be_migrated_says_why_and_the_others_go_on(world, many):
    world.complete(world.start("review", "late"), "task_b")  # has ended before the batch: not found by it
    world.engine.execute(SuspendInstance(instance_id=many[0]), by=NURSE)

    batch_id = create(world, "modify", instructions=[{"cancel": "task_a"}, {"start_before": "task_a"}])
    run(world)

    assert progress(world, batch_id) == ("completed", 4, 1, 0)
    [failed] = results(world, batch_id, state="failed")
    assert (failed.instance_id, failed.code) == (many[0], "suspended")
    assert failed.message.zh and failed.message.en and failed.at == world.clock.now


def test_the_failed_ones_are_tried_again_when_their_cause_is_gone(world, many):
    batch_id = create(world, "migrate")  # without a mapping: refused
    run(world)
    assert progress(world, batch_id) == ("completed", 0, 5, 0)
    assert {r.code for r in results(world, batch_id)} == {"element-removed"}
    world.deploy(review("task_a", "task_z"))

    control(world, batch_id, "retry")
    run(world)

    assert progress(world, batch_id) == ("completed", 5, 0, 0)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"business_keys": ["1", "3", "never"]}, {1, 3}),
        ({"definition_key": "review", "version": 2}, set()),
        ({"variables": {"number": 4}}, {4}),
        ({"element_id": "task_a", "state": "active"}, {0, 1, 2, 3, 4}),
        ({"element_id": "late"}, {0, 1, 2, 3, 4}),
        ({"definition_key": "review", "incident": True}, set()),
        ({"definition_key": "review", "started_after": "2030-01-01T00:00:00+08:00"}, set()),
    ],
)
def test_a_query_finds_what_it_names(world, many, query, found):
    batch_id = create(world, "suspend", query)
    run(world)

    assert {n for n, i in enumerate(many) if world.instance(i).status == "suspended"} == found
    assert progress(world, batch_id) == ("completed", len(found), 0, 0)


@pytest.mark.parametrize(
    ("operation", "query", "parameters", "code"),
    [
        ("migrate", {}, {}, "query-empty"),
        ("migrate", {"definition": "review"}, {}, "query"),
        ("migrate", {"instance_ids": ["nonsense"]}, {}, "query"),
        ("migrate", REVIEW, {"versoin": 2}, "parameters"),
        ("modify", REVIEW, {"instructions": [{"jump": "task_b"}]}, "parameters"),
        ("variables", REVIEW, {}, "parameters"),
        ("explode", REVIEW, {}, "operation-unknown"),
    ],
)
def test_a_batch_that_cannot_be_understood_is_refused_at_once(world, many, operation, query, parameters, code):
    with pytest.raises(Incorrect) as refused:
        create(world, operation, query, **parameters)
    assert refused.value.code == code


def test_a_paused_batch_rests_a_resumed_one_goes_on_a_cancelled_one_stops(world, many):
    batch_id = create(world, "suspend")
    control(world, batch_id, "pause")
    run(world, 3)
    assert progress(world, batch_id) == ("paused", 0, 0, 5)

    control(world, batch_id, "resume")
    control(world, batch_id, "cancel")
    run(world, 3)

    assert progress(world, batch_id) == ("cancelled", 0, 0, 5)
    with pytest.raises(Conflict) as refused:
        control(world, batch_id, "resume")
    assert refused.value.code == "batch-cancelled"
    with pytest.raises(NotFound):
        control(world, many[0], "pause")


def test_no_more_are_taken_than_the_rate_allows(world, many):
    create(world, "suspend", rate=0.01)

    run(world, 10)

    assert sum(world.instance(i).status == "suspended" for i in many) == 1


def test_an_item_that_another_worker_has_done_is_not_done_twice(world, many):
    batch_id = create(world, "terminate", {"instance_ids": [str(many[0])]})
    [item] = world.engine.execute(ClaimBatchItems(), by=NURSE)
    command = command_for(item.operation, item.parameters, item.instance_id, batch_id)
    again = RunBatchItems(batch_id=batch_id, commands={item.instance_id: command})

    assert [world.engine.execute(again, by=item.by) for _ in range(2)] == [1, 0]
    assert progress(world, batch_id)[1:] == (1, 0, 0)


def test_two_workers_share_a_batch_and_each_instance_is_changed_once(world, many, pool):
    batch_id = create(world, "variables", variables={"seen": True})
    other = Engine(pool, clock=world.clock, region_id=world.engine.region_id)
    workers = [Worker(engine, poll_s=0.01, batches=BatchRunner(engine)) for engine in (world.engine, other)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for _ in range(400):
        if progress(world, batch_id)[0] == "completed":
            break
        threading.Event().wait(0.02)
    for worker, thread in zip(workers, threads):
        worker.stop()
        thread.join()

    assert progress(world, batch_id) == ("completed", 5, 0, 0)
    assert [sum(h.event == "variables" for h in world.history(i)) for i in many] == [1] * 5


KILLED = """
import os, sys
from engine.engine import Engine
from engine.operations.batches import BatchRunner
from engine.store.connections import open_pool
from runtime.database.roles import as_application
from engine.store.transaction import Tx
from tests.store.store_kit import Clock
send, calls = Tx.send, []
def dying(self, statement, /, **params):
    calls.append(statement)
    if calls.count("save_step") == 3:
        os._exit(9)
    return send(self, statement, **params)
Tx.send = dying
with open_pool(as_application(sys.argv[1]), max_size=2) as pool:
    runner = BatchRunner(Engine(pool, clock=Clock(), region_id="test-region"))
    while True:
        runner.run_some()
"""


def test_a_worker_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(world, many, database, pool):
    batch_id = create(world, "migrate", mapping={"task_a": "task_b"})
    died = subprocess.run([sys.executable, "-c", KILLED, database], capture_output=True, text=True)
    assert died.returncode == 9, died.stderr
    assert progress(world, batch_id) == ("running", 0, 0, 5), "what it did together stands or falls together"

    run(world, 1)
    assert progress(world, batch_id) == ("running", 0, 0, 5), "what the dead worker had claimed is its own for a moment"
    with looking(pool) as conn:  # the time until its lease runs out
        conn.execute("UPDATE batch_item SET locked_until = locked_until - %s", [timedelta(seconds=WORST_REST_S)])
    run(world)

    assert progress(world, batch_id) == ("completed", 5, 0, 0)
    assert [sum(h.event == "migrated" for h in world.history(i)) for i in many] == [1] * 5
    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []


def test_an_item_on_which_every_worker_died_is_given_up_with_a_reason(world, many, pool):
    batch_id = create(world, "suspend", {"instance_ids": [str(many[0])]})
    with looking(pool) as conn:
        conn.execute("UPDATE batch_item SET attempts = 3")

    run(world, 2)

    assert [(r.state, r.code) for r in results(world, batch_id)] == [("failed", "fault")]


def test_a_trial_says_how_many_would_succeed_and_why_the_others_would_not(world, many):
    world.engine.execute(SuspendInstance(instance_id=many[0]), by=NURSE)

    found = batches.trial(world.engine, "suspend", REVIEW, {}, Actor(id="it"))

    assert (found.total, found.tried, found.done) == (5, 5, 4)
    assert {code: (count, example) for code, (count, _, example) in found.failures.items()} == {
        "suspended": (1, many[0])
    }
    assert [world.instance(i).status for i in many[1:]] == ["active"] * 4


def test_a_trial_looks_at_every_place_where_any_stand_and_says_of_each_what_would_happen(world):
    world.deploy(review("task_a", "task_c"))
    cases = sorted(world.start("review", str(n), number=n) for n in range(5))
    world.deploy(review("task_b", "task_c"))
    world.complete(cases[4], "task_a")  # the last one, whom the first three would not show

    found = batches.trial(world.engine, "migrate", REVIEW, {"mapping": {}}, Actor(id="it"), most=3)

    assert (found.total, found.tried) == (5, 3)
    shown = {group.path: (group.waiting, group.tried, group.done, dict(group.failures)) for group in found.groups}
    assert shown == {"task_a": (4, 2, 0, {"element-removed": 2}), "task_c": (1, 1, 1, {})}
    assert [group.path for group in found.groups] == ["task_a", "task_c"], "what cannot be done comes first"


def test_what_one_batch_has_done_is_a_query_for_the_next(world, many):
    batch_id = create(world, "migrate", {"instance_ids": [str(one) for one in many[:2]]}, mapping={"task_a": "task_b"})
    run(world)

    back = create(world, "revert", {"batch_id": str(batch_id)})
    run(world)

    assert progress(world, back) == ("completed", 2, 0, 0)
    assert {world.instance(one).definition_version for one in many} == {1}


def test_a_migrated_batch_is_taken_back_where_nobody_has_worked_since(world, many):
    create(world, "migrate", mapping={"task_a": "task_b"})
    run(world)
    world.complete(many[0], "task_b")

    batch_id = create(world, "revert", {"instance_ids": [str(i) for i in many]})
    run(world)

    assert progress(world, batch_id) == ("completed", 4, 0, 0), "the one that has ended is not found"
    assert {world.instance(i).definition_version for i in many[1:]} == {1}
