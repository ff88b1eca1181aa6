"""A running timer gets another due moment or fires now; many timers at one moment are taken over a little while."""

from datetime import timedelta

import pytest

from engine.commands.contracts import FireTimerNow, MoveTimer, SuspendInstance
from engine.errors import Conflict
from engine.operations.reconcile import reconcile
from engine.store.unattended_reads import timers
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, user_task, wait_for
from tests.store.test_failures import spoil

WAITS = bpmn("waits", line(BEGIN, wait_for("w1", "P3D"), user_task("task_a"), END))
REMINDED = bpmn(
    "reminded",
    line(BEGIN, user_task("task_a"), END)
    + '<bpmn:boundaryEvent id="remind" attachedToRef="task_a" cancelActivity="false">'
    "<bpmn:outgoing>fx</bpmn:outgoing>"
    '<bpmn:timerEventDefinition id="d1"><bpmn:timeCycle xsi:type="bpmn:tFormalExpression">R/P7D</bpmn:timeCycle>'
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="told"><bpmn:incoming>fx</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="fx" sourceRef="remind" targetRef="told"/>',
)


def listed(world, **asked):
    with world.engine.read() as conn:
        return timers(conn, world.engine.region_id, **asked)


def place(world):
    row = listed(world)[0]
    return {"instance_id": row.instance_id, "wait_id": row.wait_id}


def move(world, at, **where):
    return world.engine.execute(MoveTimer(**(where or place(world)), due_at=at, reason="holiday"), by=NURSE)


def test_a_timer_fires_at_the_moment_it_was_moved_to(world):
    world.deploy(WAITS)
    instance = world.start("waits")
    due = world.clock.now + timedelta(days=10)

    assert move(world, due) == due

    assert world.drive(days=9) == 0
    assert world.drive(days=1) == 1
    assert world.open(instance) == ["task_a"]
    line = next(h for h in world.history(instance) if h.event == "moved")
    assert (line.by, line.element_id, line.detail["reason"]) == (NURSE.id, "w1", "holiday")


def test_a_moved_timer_s_row_and_state_agree(world):
    world.deploy(WAITS)
    world.start("waits")
    move(world, world.clock.now + timedelta(days=1))

    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []


def test_a_cycle_goes_on_counting_from_where_it_was_moved_to(world):
    world.deploy(REMINDED)
    world.start("reminded")
    begin = world.clock.now

    move(world, begin + timedelta(days=2))
    world.drive(days=3)

    assert listed(world)[0].due_at == begin + timedelta(days=9)


def test_a_timer_fires_now_when_somebody_says_so_and_once(world):
    world.deploy(WAITS)
    instance = world.start("waits")
    where = place(world)

    assert world.engine.execute(FireTimerNow(**where), by=NURSE) is True

    assert world.open(instance) == ["task_a"]
    with pytest.raises(Conflict):
        world.engine.execute(FireTimerNow(**where), by=NURSE)
    with pytest.raises(Conflict):
        move(world, world.clock.now, **where)


def test_a_suspended_instance_s_timer_can_be_moved_but_not_fired(world):
    world.deploy(WAITS)
    instance = world.start("waits")
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)

    move(world, world.clock.now)

    with pytest.raises(Conflict):
        world.engine.execute(FireTimerNow(**place(world)), by=NURSE)
    assert world.drive(days=1) == 0


def test_moving_a_timer_that_failed_settles_its_incident(world, pool):
    world.deploy(WAITS)
    instance = world.start("waits")
    with spoil(pool):
        world.drive(days=3)
        assert listed(world)[0].parked
        assert [i.kind for i in world.incidents(instance)] == ["timer"]

    move(world, world.clock.now)

    assert world.incidents(instance) == []
    assert world.drive(days=0) == 1


def test_timers_are_listed_by_due_time_page_by_page(world):
    world.deploy(WAITS)
    for _ in range(3):
        world.start("waits")
        world.clock.advance(hours=1)

    first = listed(world, limit=2)
    rest = listed(world, after=(first[-1].due_at, first[-1].instance_id, first[-1].wait_id))

    assert [len(first), len(rest)] == [2, 1]
    assert sorted(first + rest, key=lambda t: t.due_at) == first + rest
    assert listed(world, due_before=first[0].due_at) == []


def test_timers_of_one_moment_are_spread_over_a_while_none_early_and_none_lost(make_world):
    world = make_world(fires_at_due_time=False, timer_spread=timedelta(seconds=60))
    world.deploy(WAITS)
    instances = [world.start("waits") for _ in range(12)]

    world.clock.advance(days=3, seconds=-1)
    assert world.engine.run_due() == 0, "none is early"
    fired = []
    for _ in range(4):
        world.clock.advance(seconds=16)
        fired.append(world.engine.run_due())

    assert sum(fired) == 12
    assert max(fired) < 12
    assert all(world.open(i) == ["task_a"] for i in instances)
