"""Reconciliation: silent when all is well, and it names what was tampered with."""

import pytest

from engine.operations.reconcile import reconcile
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, bpmn, line, message, receive, service_task, user_task, wait_for

WAITS = {
    "timer": bpmn("timer", line(BEGIN, wait_for("w", "P1D"), END)),
    "user_task": bpmn("user_task", line(BEGIN, user_task("t"), END)),
    "message": bpmn("message", line(BEGIN, receive("m"), END), message("lab_result")),
    "job": bpmn("job", line(BEGIN, service_task("j", "outside"), END)),
}
TAMPER = {
    "timer": ("DELETE FROM timer", "missing"),
    "user_task": ("UPDATE user_task SET form = 'other'", "different"),
    "message": ("UPDATE message_subscription SET key = 'other'", "different"),
    "job": ("UPDATE job SET wait_id = 99", "extra"),
}


@pytest.fixture
def standing(world):
    """One instance at each kind of wait."""
    world.deploy(*WAITS.values())
    return {key: world.start(key, case="p-1") for key in WAITS}


def differences(world):
    with world.engine.read() as conn:
        return reconcile(conn, "test-region")


def test_nothing_differs_while_the_engine_alone_writes(world, standing):
    world.complete(standing["user_task"], "t")
    world.drive(days=2)

    assert differences(world) == (4, [])


@pytest.mark.parametrize("table", TAMPER)
def test_a_row_that_somebody_changed_is_named(world, standing, pool, table):
    statement, kind = TAMPER[table]
    with looking(pool) as conn:
        conn.execute(statement)

    _, found = differences(world)

    assert kind in {d.kind for d in found}
    assert {(d.instance_id, d.table) for d in found} == {(standing[table], table)}


def test_an_instance_that_is_open_and_ended_at_once_is_named(world, standing, pool):
    with looking(pool) as conn:
        conn.execute(
            "UPDATE instance SET status = 'completed', ended_at = now() WHERE id = %s", [standing["user_task"]]
        )

    assert [(d.kind, d.instance_id) for d in differences(world)[1]] == [("status", standing["user_task"])]


def test_a_row_without_an_instance_is_named(world, standing, pool):
    with looking(pool) as conn:
        conn.execute("DELETE FROM instance WHERE id = %s", [standing["timer"]])

    assert [(d.kind, d.instance_id) for d in differences(world)[1]] == [("orphan", standing["timer"])]
