"""A dead worker's work is soon another's; a living one's never is, however slow it is.

Time passes by moving what is stored.
"""

import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta

import pytest

from engine.commands.contracts import (
    LEASE,
    ClaimBatchItems,
    ClaimDeliveries,
    ClaimDueWork,
    CreateBatch,
    DeliveryFailed,
    MoveOutbox,
    PublishMessage,
    RenewLeases,
)
from engine.commands.records import ClaimedDelivery, DueWork, ServiceTask
from engine.leases import BEAT_S, LONGEST_S
from engine.operations.batches import BatchRunner
from engine.outbox import Destination, dispatch
from engine.store.unattended_reads import deliveries
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, service_task, user_task, wait_for

WORK = bpmn("work", line(BEGIN, service_task("job", "slow"), user_task("task_a"), END))
WAITS = bpmn("waits", line(BEGIN, wait_for("pause", "P1D"), user_task("task_a"), END))
DAILY = BEGIN.replace(
    "@", '@<bpmn:timerEventDefinition id="t"><bpmn:timeCycle>R/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>'
)
EVERY_DAY = bpmn("every_day", line(DAILY, user_task("task_a"), END))
WORST_REST_S = 5  # what falls due must be served within it
HELD = ("timer", "job", "message", "timer_start", "delivery", "batch_item")
KILLED = """
import os, signal, sys
from engine.engine import Engine
from engine.outbox import Destination, dispatch
from engine.store.connections import open_pool
from runtime.database.roles import as_application
from tests.store.store_kit import Clock
def sending(entry):
    print(entry.key, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
with open_pool(as_application(sys.argv[1]), max_size=2) as pool:
    dispatch(Engine(pool, clock=Clock(), region_id="test-region"), [Destination(name="his", send=sending)])
"""


@pytest.fixture
def passes(pool):
    """So many seconds go by for every lease."""

    def passes(seconds):
        with looking(pool) as conn:
            for table in HELD:
                conn.execute(
                    f"UPDATE {table} SET locked_until = locked_until - %s WHERE isfinite(locked_until)",
                    [timedelta(seconds=seconds)],
                )

    return passes


@pytest.fixture
def slow(make_world, passes):
    """A worker, and what happens while it is at its first job: several leases go by, beat by beat, and the other looks
    for work after each."""
    done, found = Counter(), []

    def work(job):
        done[job.instance_id] += 1
        if len(done) == 1 and done[job.instance_id] == 1:
            for _ in range(10):
                beat(worker)
                passes(BEAT_S * 2)
                found.append(other.engine.run_due())
        return {}

    other = make_world(service_tasks={"slow": ServiceTask(run=lambda job: done.update([job.instance_id]) or {})})
    worker = make_world(service_tasks={"slow": ServiceTask(run=work)})
    worker.done, worker.found, worker.other = done, found, other
    return worker


def beat(world, seconds=BEAT_S):
    """The thread's turn, on a clock of ours."""
    now = world.engine.leases.clock() + seconds
    world.engine.leases.clock = lambda: now
    world.engine.leases.beat()


def ends_of_leases(pool):
    with looking(pool) as conn:
        return [row[0] for table in HELD for row in conn.execute(f"SELECT locked_until FROM {table}")]


def test_a_slow_workers_job_is_nobody_elses_however_long_it_takes(slow, make_world):
    outside = make_world()  # where no job runs by itself
    outside.deploy(WORK)
    case = outside.start("work")

    slow.engine.run_due()

    assert slow.found == [0] * 10
    assert slow.done == {case: 1}
    assert outside.open(case) == ["task_a"]


def test_what_waits_in_a_slow_workers_hand_is_nobody_elses_either(make_world, passes):
    world, other = make_world(), make_world()
    world.deploy(WAITS)
    cases = [world.start("waits") for _ in range(3)]
    other.clock.now = world.clock.advance(days=1)
    found = []

    def takes_its_time():
        for _ in range(5):
            beat(world)
            passes(BEAT_S * 2)
            found.append(other.engine.run_due())

    world.engine.run_due(100, before_each=takes_its_time)

    assert found == [0] * 15
    assert [world.open(case) for case in cases] == [["task_a"]] * 3


def test_a_job_that_runs_beside_its_step_is_kept_as_well(slow):
    slow.deploy(WORK)

    case = slow.start("work")

    assert slow.found == [0] * 10
    assert slow.done == {case: 1}


def test_a_dead_workers_work_is_taken_within_seconds(make_world, passes):
    world = make_world(service_tasks={"slow": ServiceTask(run=lambda job: {})})
    world.deploy(WORK, WAITS)
    waiting, working = world.start("waits"), make_world().start("work")
    world.clock.advance(days=1)
    claim = ClaimDueWork(until=world.clock(), job_types=("slow",))
    assert len(world.engine.execute(claim, by=NURSE)) == 2

    passes(LEASE.total_seconds() - 0.5)
    assert world.engine.run_due() == 0
    passes(0.6)
    assert world.engine.run_due() == 2

    assert world.open(waiting) == world.open(working) == ["task_a"]
    assert LEASE.total_seconds() + 2 * BEAT_S < WORST_REST_S


def test_a_piece_that_hangs_is_given_up(make_world, passes):
    world, other = (make_world(service_tasks={"slow": ServiceTask(run=lambda job: {})}) for _ in range(2))
    world.deploy(WORK)
    case = make_world().start("work")
    work = world.engine.execute(ClaimDueWork(until=world.clock(), job_types=("slow",)), by=NURSE)

    with world.engine.leases.held(work) as hold:
        hold.begin(work.jobs[0])
        beat(world, LONGEST_S + 1)
        passes(LEASE.total_seconds() + 0.1)
        assert other.engine.run_due() == 1

    assert world.open(case) == ["task_a"]


def test_what_another_worker_has_taken_is_not_renewed(make_world, passes, pool):
    world = make_world()
    world.deploy(WORK, WAITS)
    world.start("waits"), world.start("work")
    world.clock.advance(days=1)
    claim = ClaimDueWork(until=world.clock(), job_types=("slow",), suspect=None)
    first = world.engine.execute(claim, by=NURSE)
    passes(LEASE.total_seconds() + 0.1)
    assert len(world.engine.execute(claim, by=NURSE)) == 2
    before = ends_of_leases(pool)

    world.engine.execute(RenewLeases(work=first, lock_for=timedelta(hours=1)), by=NURSE)

    assert ends_of_leases(pool) == before


def test_what_rests_after_a_failure_rests_as_long_as_it_was_to(make_world, pool):
    world = make_world()
    world.deploy(WAITS)
    world.start("waits")
    world.clock.advance(days=1)
    work = world.engine.execute(ClaimDueWork(until=world.clock(), job_types=()), by=NURSE)
    with looking(pool) as conn:
        conn.execute("UPDATE timer SET locked_until = locked_until + interval '1 hour'")
    before = ends_of_leases(pool)

    world.engine.execute(RenewLeases(work=work), by=NURSE)

    assert ends_of_leases(pool) == before


def test_a_row_that_somebody_works_at_is_not_waited_for(make_world, pool):
    world = make_world()
    world.deploy(WORK)
    world.start("work")
    work = world.engine.execute(ClaimDueWork(until=world.clock(), job_types=("slow",)), by=NURSE)
    before = ends_of_leases(pool)

    with looking(pool) as conn, conn.transaction():
        assert conn.execute("SELECT FROM job FOR UPDATE").rowcount == len(work) == 1
        world.engine.execute(RenewLeases(work=work, lock_for=timedelta(hours=1)), by=NURSE)

    assert ends_of_leases(pool) == before


def test_each_kind_of_work_is_renewed(make_world, pool):
    world = make_world()
    world.deploy(WORK, WAITS, EVERY_DAY)
    world.start("waits"), world.start("work")
    world.engine.execute(PublishMessage(name="news", key="p-1"), by=NURSE)
    world.clock.advance(days=1)
    with looking(pool) as conn:
        conn.execute("UPDATE message SET state = 'published', attempts = 0, locked_until = NULL")
    work = world.engine.execute(ClaimDueWork(until=world.clock(), job_types=("slow",)), by=NURSE)
    assert [len(kind) for kind in (work.timers, work.jobs, work.messages, work.starts)] == [1] * 4
    before = ends_of_leases(pool)

    world.engine.execute(RenewLeases(work=work, lock_for=timedelta(hours=1)), by=NURSE)

    assert all(after - then > timedelta(minutes=59) for then, after in zip(before, ends_of_leases(pool)))


def test_whoever_forks_can_have_the_thread_gone_before(make_world):
    world = make_world(service_tasks={"slow": ServiceTask(run=lambda job: {})})
    world.deploy(WORK)
    others = set(threading.enumerate())
    world.start("work")
    (thread,) = set(threading.enumerate()) - others

    world.engine.leases.close()

    assert not thread.is_alive()
    assert world.open(world.start("work")) == ["task_a"]
    world.engine.leases.close()


def claimed_delivery(world):
    """A step that is being told, and the claim of it."""
    world.engine.execute(MoveOutbox(wanted={"his": None}), by=NURSE)
    [entry] = world.engine.execute(ClaimDeliveries(destinations=("his",)), by=NURSE)
    return ClaimedDelivery(
        destination="his", stream=entry.stream, revision=entry.revision, attempts=entry.attempts
    )  # fmt: skip


def test_deliveries_and_items_of_a_batch_are_renewed_as_well(make_world, pool):
    world = make_world()
    world.deploy(WAITS)
    case = world.start("waits")
    asked = CreateBatch(operation="suspend", query={"instance_ids": [str(case)]}, reason="test")
    world.engine.execute(asked, by=NURSE)
    work = DueWork(
        deliveries=(claimed_delivery(world),), items=tuple(world.engine.execute(ClaimBatchItems(), by=NURSE))
    )
    before = [end for end in ends_of_leases(pool) if end is not None]
    assert len(before) == 2

    world.engine.execute(RenewLeases(work=work, lock_for=timedelta(hours=1)), by=NURSE)

    after = [end for end in ends_of_leases(pool) if end is not None]
    assert all(now - then > timedelta(minutes=59) for then, now in zip(before, after, strict=True))


def test_what_a_process_was_telling_when_it_was_killed_is_told_within_seconds_under_the_same_key(
    world, database, passes
):
    world.deploy(WAITS)
    world.start("waits")
    died = subprocess.run([sys.executable, "-c", KILLED, database], capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    told = []
    his = Destination(name="his", send=lambda entry: told.append(entry.key))

    assert dispatch(world.engine, [his]) == 0, "for a moment nobody knows that it is dead"
    passes(WORST_REST_S)
    assert dispatch(world.engine, [his]) == 1

    assert told == died.stdout.split()


def test_what_a_slow_receiver_is_being_told_is_told_by_nobody_else(make_world, passes):
    world, other = make_world(), make_world()
    world.deploy(WAITS)
    world.start("waits")
    told, found = [], []
    elsewhere = Destination(name="his", send=lambda entry: told.append("elsewhere"))

    def takes_its_time(entry):
        for _ in range(10):
            beat(world)
            passes(BEAT_S * 2)
            found.append(dispatch(other.engine, [elsewhere]))
        told.append("here")

    dispatch(world.engine, [Destination(name="his", send=takes_its_time)])

    assert (found, told) == ([0] * 10, ["here"])


def test_a_failure_that_comes_too_late_does_not_take_a_delivery_from_who_has_it_now(make_world, passes):
    world = make_world()
    world.deploy(WAITS)
    world.start("waits")
    lost = claimed_delivery(world)
    passes(LEASE.total_seconds() + 0.1)
    mine = world.engine.execute(ClaimDeliveries(destinations=("his",)), by=NURSE)
    assert [entry.attempts for entry in mine] == [2]

    place = {"destination": lost.destination, "stream": lost.stream, "revision": lost.revision}
    failed = DeliveryFailed(**place, problem="no", back_off=timedelta(0), dead=True, attempts=lost.attempts)
    world.engine.execute(failed, by=NURSE)

    assert world.engine.execute(ClaimDeliveries(destinations=("his",)), by=NURSE) == []
    with world.engine.read() as conn:
        assert [one.state for one in deliveries(conn, world.engine.region_id, state="waiting")] == ["waiting"]


def test_what_a_slow_worker_of_a_batch_has_claimed_is_nobody_elses(make_world, passes, monkeypatch):
    world, other = make_world(), make_world()
    world.deploy(WAITS)
    cases = [world.start("waits") for _ in range(8)]
    query = {"instance_ids": [str(case) for case in cases]}
    world.engine.execute(CreateBatch(operation="suspend", query=query, reason="test", rate=10_000.0), by=NURSE)
    slow, attempts = BatchRunner(world.engine), []
    do = slow._do

    def takes_its_time(items, now):
        for _ in range(5):
            beat(world)
            passes(BEAT_S * 2)
            attempts.extend(item.attempts for item in other.engine.execute(ClaimBatchItems(), by=NURSE))
        do(items, now)

    monkeypatch.setattr(slow, "_do", takes_its_time)
    assert slow.run_some() > 0
    assert 2 not in attempts, "an item in hand was handed out once more"

    passes(WORST_REST_S)
    rest = BatchRunner(other.engine)
    while {world.instance(case).status for case in cases} != {"suspended"}:
        rest._rest_until = 0.0
        rest.run_some()
    assert [sum(row.event == "suspended" for row in world.history(case)) for case in cases] == [1] * 8
