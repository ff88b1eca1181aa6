"""Many at once: one winner, no deadlock, nothing twice."""

import threading
from collections import Counter
from functools import partial

import pytest

from engine.commands.contracts import ClaimUserTask, CompleteUserTask, Deploy, PublishMessage
from engine.engine import Engine
from engine.errors import EngineError
from engine.store.connections import open_pool
from runtime.database.roles import as_application
from tests.store.store_kit import (
    BEGIN,
    END,
    NURSE,
    ONE_TASK,
    TWO_TASKS,
    Clock,
    World,
    bpmn,
    line,
    message,
    receive,
    user_task,
    wait_for,
)


@pytest.fixture
def crowd(database):
    """An engine with a connection for each of many threads."""
    with open_pool(as_application(database), max_size=25, timeout=240) as pool:
        clock = Clock()
        yield World(Engine(pool, clock=clock, region_id="r", fires_at_due_time=True), clock)


def at_once(works):
    """Every piece of work in a thread of its own, started together; the answers or the codes of the refusals."""
    barrier, outcomes = threading.Barrier(len(works)), [None] * len(works)

    def run(n, work):
        barrier.wait()
        try:
            outcomes[n] = work()
        except EngineError as error:
            outcomes[n] = error.code

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_of_fifty_who_complete_one_task_one_wins(crowd):
    crowd.deploy(TWO_TASKS)
    for _ in range(3):
        instance = crowd.start("two_tasks")
        command = CompleteUserTask(user_task_id=crowd.tasks(instance)[0].id)

        outcomes = at_once([partial(crowd.engine.execute, command, by=NURSE)] * 50)

        assert Counter(o if isinstance(o, str) else "won" for o in outcomes) == {"won": 1, "task-not-open": 49}
        assert crowd.open(instance) == ["task_b"]


def test_of_many_who_claim_one_task_one_has_it(crowd):
    crowd.deploy(ONE_TASK)
    instance = crowd.start("one_task")
    task = crowd.tasks(instance)[0]

    outcomes = at_once(
        [
            lambda n=n: crowd.engine.execute(ClaimUserTask(user_task_id=task.id, assignee=f"nurse-{n}"), by=NURSE)
            for n in range(20)
        ]
    )

    winners = [o.assignee for o in outcomes if not isinstance(o, str)]
    assert [crowd.tasks(instance)[0].assignee] == winners


def test_two_workers_fire_every_timer_once(crowd):
    crowd.deploy(bpmn("waits", line(BEGIN, wait_for("w1", "P1D"), user_task("task_a"), END)))
    instances = [crowd.start("waits") for _ in range(40)]
    crowd.clock.advance(days=2)

    at_once([crowd.engine.run_due] * 4)

    fired = [sum(h.event == "fired" for h in crowd.history(instance)) for instance in instances]
    assert fired == [1] * 40


def test_a_message_and_its_receiver_that_pass_each_other_still_meet(crowd):
    crowd.deploy(bpmn("result", line(BEGIN, receive("lab"), user_task("task_a"), END), message("lab_result")))
    keys = [f"p-{n}" for n in range(12)]

    def publish(key):
        return crowd.engine.execute(PublishMessage(name="lab_result", key=key), by=NURSE)

    outcomes = at_once(
        [lambda k=k: crowd.start("result", case=k) for k in keys] + [lambda k=k: publish(k) for k in keys]
    )

    assert [crowd.open(instance) for instance in outcomes[:12]] == [["task_a"]] * 12


def test_equal_messages_at_the_same_moment_are_delivered_once(crowd):
    crowd.deploy(bpmn("result", line(BEGIN, receive("lab"), receive("again"), END), message("lab_result")))
    instance = crowd.start("result", case="p-1")
    command = PublishMessage(name="lab_result", key="p-1", message_id="lab-7")

    outcomes = at_once([lambda: crowd.engine.execute(command, by=NURSE).result] * 10)

    assert Counter(outcomes) == {"delivered": 1, "duplicate": 9}
    assert crowd.waiting(instance) == [("again", "message")]


def test_deployments_at_the_same_moment_number_their_versions_one_after_the_other(crowd):
    files = [ONE_TASK.replace(b'name="task_a"', f'name="v{n}"'.encode()) for n in range(8)]

    outcomes = at_once([lambda f=f: crowd.engine.execute(Deploy(files={"a.bpmn": f}), by=NURSE) for f in files])

    assert sorted(o[0].version for o in outcomes) == list(range(1, 9))
