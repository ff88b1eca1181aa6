"""The same request twice: the first answer, once done."""

import threading
from uuid import UUID

import pytest

from engine.commands.contracts import CompleteUserTask, Deploy, IdempotencyKey, StartInstance
from engine.errors import Conflict, Incorrect
from engine.store import answers
from tests.store.store_kit import NURSE, ONE_TASK, TWO_TASKS


def key(name="k-1", request="same", client="his"):
    return IdempotencyKey(client=client, key=name, request_hash=request)


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    command = CompleteUserTask(user_task_id=world.tasks(instance)[0].id)

    first = world.engine.execute(command, by=NURSE, idempotency=key())
    revision = world.instance(instance).revision
    second = world.engine.execute(command, by=NURSE, idempotency=key())

    assert second == first
    assert world.instance(instance).revision == revision


def test_a_start_is_repeated_safely(world):
    world.deploy(ONE_TASK)
    command = StartInstance(definition_key="one_task")

    started = [world.engine.execute(command, by=NURSE, idempotency=key()) for _ in range(2)]

    assert started[0] == started[1]


def test_a_key_belongs_to_one_request(world):
    world.deploy(ONE_TASK)
    world.engine.execute(StartInstance(definition_key="one_task"), by=NURSE, idempotency=key())

    with pytest.raises(Incorrect) as refused:
        world.engine.execute(StartInstance(definition_key="one_task"), by=NURSE, idempotency=key(request="other"))

    assert refused.value.code == "idempotency-key-reused"


def test_two_clients_may_use_the_same_key(world):
    world.deploy(ONE_TASK)
    command = StartInstance(definition_key="one_task")

    started = [world.engine.execute(command, by=NURSE, idempotency=key(client=c)) for c in ("his", "lis")]

    assert started[0] != started[1]


def test_a_refused_request_may_be_repeated(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    task = world.tasks(instance)[0]
    with pytest.raises(Incorrect):
        world.engine.execute(Deploy(files={"x.txt": b""}), by=NURSE, idempotency=key())

    done = world.engine.execute(CompleteUserTask(user_task_id=task.id), by=NURSE, idempotency=key())

    assert done.user_task_id == task.id


def answers_to(world, command, name="k-1"):
    """Of eight who ask the same at one moment."""
    barrier, results = threading.Barrier(8), []

    def ask():
        barrier.wait()
        try:
            results.append(world.engine.execute(command, by=NURSE, idempotency=key(name)))
        except Conflict as error:
            results.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_equal_requests_at_the_same_moment_get_one_answer(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")

    results = answers_to(world, CompleteUserTask(user_task_id=world.tasks(instance)[0].id))

    assert [r for r in results if isinstance(r, Conflict)] == []
    assert len(set(results)) == 1


@pytest.mark.parametrize("named", ["instance_id", "business_key"])
def test_equal_starts_at_the_same_moment_get_one_answer(world, named):
    """Also those that meet at what may be there once only, before they meet at their key."""
    world.deploy(ONE_TASK)
    for n in range(5):
        one = {"instance_id": UUID(int=n)} if named == "instance_id" else {"business_key": f"woman-{n}"}

        results = answers_to(world, StartInstance(definition_key="one_task", **one), f"k-{n}")

        assert [r for r in results if isinstance(r, Conflict)] == []
        assert len(set(results)) == 1


@pytest.mark.parametrize("answer", [None, 3, {"$": "x", "y": [1]}, ("a", ("b",)), {"type": "Bundle", "entry": [{}]}])
def test_an_answer_is_read_back_as_it_was(answer):
    assert answers.unpack(answers.pack(answer)) == answer
