"""What others are told after the commit: everything, in order, at least once; and the dead letters."""

from datetime import timedelta

import pytest

from engine.commands.contracts import DiscardDelivery, RetryDelivery
from engine.errors import NotFound
from engine.outbox import Destination, Later, Never, dispatch
from engine.store.unattended_reads import deliveries
from runtime.trials.databases import looking
from tests.store.store_kit import NURSE, TWO_TASKS


class Receiver:
    """Takes what it is sent, unless it is told not to."""

    def __init__(self, name="his", wants=None):
        self.taken, self.trouble = [], {}
        self.destination = Destination(name=name, send=self.send, wants=wants)

    def send(self, entry):
        if problem := self.trouble.get(entry.stream):
            raise problem
        self.taken.append(entry)

    def told(self, stream):
        return [event["event"] for entry in self.taken if entry.stream == stream for event in entry.events]


def round_of(world, *receivers):
    return dispatch(world.engine, [receiver.destination for receiver in receivers])


def waiting(world, state="waiting"):
    with world.engine.read() as conn:
        return deliveries(conn, world.engine.region_id, state=state)


@pytest.fixture
def lived(world):
    """Two instances, each three steps old."""
    world.deploy(TWO_TASKS)
    instances = [world.start("two_tasks") for _ in range(2)]
    for instance in instances:
        world.complete(instance, "task_a")
        world.complete(instance, "task_b")
    return world, instances


STORY = ["user_task_opened", "instance_started", "user_task_completed", "user_task_opened", "user_task_completed"]


def test_every_step_reaches_every_destination_once_and_in_order(lived):
    world, instances = lived
    first, second = Receiver(), Receiver("region")

    assert round_of(world, first, second) == 12
    assert round_of(world, first, second) == 0

    for receiver in (first, second):
        for instance in instances:
            assert receiver.told(instance)[:5] == STORY
            assert [e.revision for e in receiver.taken if e.stream == instance] == [1, 2, 3]
    assert len({entry.key for entry in first.taken + second.taken}) == 12
    assert waiting(world) == []


def test_a_destination_is_told_only_what_it_wants(lived):
    world, (instance, _) = lived
    receiver = Receiver(wants=frozenset({"user_task_completed"}))

    round_of(world, receiver)

    assert receiver.told(instance) == ["user_task_completed"] * 2


def test_a_stream_that_cannot_be_delivered_keeps_its_order_and_holds_back_no_other(lived):
    world, (stuck, free) = lived
    receiver = Receiver()
    receiver.trouble[stuck] = RuntimeError("connection refused")

    round_of(world, receiver)
    assert (len(receiver.told(stuck)), len([e for e in receiver.taken if e.stream == free])) == (0, 3)

    receiver.trouble.clear()
    world.clock.advance(seconds=10)
    round_of(world, receiver)
    assert [e.revision for e in receiver.taken if e.stream == stuck] == [1, 2, 3]


def test_rests_double_and_a_receiver_may_name_its_own(lived):
    world, (stuck, _) = lived
    receiver = Receiver()
    receiver.trouble[stuck] = RuntimeError("no")
    rests = []
    for _ in range(4):
        round_of(world, receiver)
        head = next(d for d in waiting(world) if d.problem)
        rests.append((head.due_at - world.clock.now).total_seconds())
        world.clock.now = head.due_at
    assert all(2**n <= rest <= 2**n * 1.25 for n, rest in enumerate(rests, 1))

    receiver.trouble[stuck] = Later("come back", timedelta(minutes=7))
    round_of(world, receiver)
    assert next(d for d in waiting(world) if d.problem).due_at - world.clock.now == timedelta(minutes=7)


def test_after_three_days_of_trouble_it_is_a_dead_letter_that_somebody_sends_again(lived):
    world, (stuck, _) = lived
    receiver = Receiver()
    receiver.trouble[stuck] = RuntimeError("away")
    round_of(world, receiver)
    world.clock.advance(hours=72)
    round_of(world, receiver)

    dead = waiting(world, "dead")
    assert [(d.stream, d.revision) for d in dead] == [(stuck, 1)]
    assert "away" in dead[0].problem
    receiver.trouble.clear()
    assert round_of(world, receiver) == 0, "its stream waits behind it"

    world.engine.execute(RetryDelivery(destination="his", stream=stuck, revision=1), by=NURSE)
    round_of(world, receiver)
    assert [e.revision for e in receiver.taken if e.stream == stuck] == [1, 2, 3]


def test_what_a_receiver_refuses_for_good_is_dead_at_once_and_can_be_discarded(lived):
    world, (stuck, _) = lived
    receiver = Receiver()
    receiver.trouble[stuck] = Never("HTTP 410")
    round_of(world, receiver)
    assert [d.revision for d in waiting(world, "dead")] == [1]

    receiver.trouble.clear()
    place = {"destination": "his", "stream": stuck, "revision": 1}
    world.engine.execute(DiscardDelivery(**place), by=NURSE)
    round_of(world, receiver)

    assert [e.revision for e in receiver.taken if e.stream == stuck] == [2, 3]
    with pytest.raises(NotFound):
        world.engine.execute(DiscardDelivery(**place), by=NURSE)


def test_a_dispatcher_that_dies_while_sending_is_followed_by_another(lived, pool):
    world, (stuck, _) = lived
    receiver = Receiver()
    receiver.trouble[stuck] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(3):
            round_of(world, receiver)

    receiver.trouble.clear()
    with looking(pool) as conn:
        conn.execute("UPDATE delivery SET locked_until = clock_timestamp() - interval '1 s' WHERE attempts > 0")
    round_of(world, receiver)

    assert [e.revision for e in receiver.taken if e.stream == stuck] == [1, 2, 3]


def test_with_nobody_to_tell_nothing_is_laid_out(lived):
    world, _ = lived

    assert dispatch(world.engine, []) == 0
    assert waiting(world) == []
