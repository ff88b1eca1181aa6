"""A process dies at a named point; whoever comes after brings everything to the same end."""

import subprocess
import sys

import pytest

from engine.operations.reconcile import reconcile
from tests.recovery import crash
from tests.store.store_kit import (
    BEGIN,
    END,
    NURSE,
    World,
    bpmn,
    line,
    message,
    receive,
    service_task,
    user_task,
)

NOTE = '<bpmn:messageEventDefinition id="d1" messageRef="m1"/>'
THROW = f'<bpmn:intermediateThrowEvent id="throw">@{NOTE}</bpmn:intermediateThrowEvent>'
SENDER = bpmn(
    "sender",
    line(BEGIN, user_task("task_a"), service_task("job", "tell"), THROW, user_task("task_b"), END),
    message("note"),
)
RECEIVER = bpmn("receiver", line(BEGIN, receive("catch"), user_task("task_c"), END), message("note"))


@pytest.fixture
def world(database, pool):
    engine = crash.engine_on(database, pool)
    world = World(engine, engine.clock)
    with pool.connection() as conn:
        conn.execute("CREATE TABLE told (instance uuid)")
    world.deploy(SENDER, RECEIVER)
    return world


def run_and_die(database, point, task_id):
    command = [sys.executable, "-m", "tests.recovery.crash", database, point, str(task_id)]
    died = subprocess.run(command, capture_output=True, text=True)
    assert died.returncode == crash.DIED, died.stderr


@pytest.mark.parametrize("point", crash.POINTS)
def test_whatever_the_point_of_death_the_end_is_the_same(world, database, pool, point):
    sender, receiver = world.start("sender", case="p-1"), world.start("receiver", case="p-1")
    task = world.tasks(sender)[0]

    run_and_die(database, point, task.id)
    with pool.connection() as conn:  # the time until the dead process's claims run out
        conn.execute("UPDATE job SET locked_until = '2000-01-01' WHERE locked_until IS NOT NULL")
    world.engine.execute(crash.command_for(task.id), by=NURSE, idempotency=crash.KEY)
    while world.engine.run_due():
        pass

    assert world.open(sender) == ["task_b"]
    assert world.open(receiver) == ["task_c"]
    assert world.variables(sender) == {"case": "p-1", "done": True, "told": True}
    assert [h.event for h in world.history(sender)].count("published") <= 1
    assert sum(h.path == "task_a" and h.event == "completed" for h in world.history(sender)) == 1
    with world.engine.read() as conn:
        assert reconcile(conn, crash.REGION)[1] == []


def test_a_process_that_dies_before_the_commit_has_not_begun(world, database):
    sender = world.start("sender", case="p-1")
    before = world.instance(sender)

    run_and_die(database, "before_the_commit", world.tasks(sender)[0].id)

    assert world.instance(sender) == before


def test_a_job_whose_workers_die_each_time_becomes_an_incident(world, database, pool):
    world.deploy(bpmn("poison", line(BEGIN, user_task("task_a"), service_task("job", "tell", retries=2), END)))
    instance = world.start("poison")
    run_and_die(database, "after_the_job_is_claimed", world.tasks(instance)[0].id)

    for _ in range(3):
        with pool.connection() as conn:
            conn.execute("UPDATE job SET locked_until = '2000-01-01', retries_left = 1 WHERE state = 'running'")
        world.engine.run_due()

    assert [(i.element_id, i.kind) for i in world.incidents(instance)] == [("job", "job_failed")]
    assert "died" in world.incidents(instance)[0].message.en
