"""One look says for whom there is work: whatever a round would find, it names; when there is nothing, nobody."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest

from engine.bell import Bell
from engine.commands.contracts import ClaimDueWork, CreateBatch, PublishMessage, StartInstance, SuspendInstance
from engine.commands.records import ServiceTask
from engine.operations.batches import BatchRunner
from engine.worker import Worker
from runtime.lookout import Lookout
from runtime.subscribers import own_connection
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, message, receive, service_task, user_task, wait_for

WAITS = bpmn("waits", line(BEGIN, wait_for("pause", "P1D"), user_task("task_a"), END))
LISTENS = bpmn("listens", line(BEGIN, receive("lab"), END), message("lab_result"))
WORKS = bpmn("works", line(BEGIN, service_task("job", "sum"), END))
FOREIGN = bpmn("foreign", line(BEGIN, service_task("job", "elsewhere"), END))
DAILY = BEGIN.replace(
    "@", '@<bpmn:timerEventDefinition id="t"><bpmn:timeCycle>R/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>'
)
EVERY_DAY = bpmn("every_day", line(DAILY, user_task("task_a"), END))
NEVER = 3600.0  # seconds: whoever rests so long was not rung for
REGION = "test-region"


@pytest.fixture
def working(make_world):
    return make_world(service_tasks={"sum": ServiceTask(run=lambda job: {})}, fires_at_due_time=False)


def lookout_of(world, bells=None, **more):
    services = SimpleNamespace(engine=world.engine, pool=world.engine.pool, region_id=REGION, clock=world.clock)
    return Lookout(services, bells or {}, **more)


@pytest.fixture
def named(working):
    lookout = lookout_of(working)
    with own_connection(working.engine.pool.conninfo, REGION) as conn:
        yield lambda **more: lookout.look(conn, **more)


def found(world):
    return world.engine.run_due() + BatchRunner(world.engine).run_some()


def a_timer_that_is_due(world, pool):
    world.deploy(WAITS)
    world.start("waits")
    world.clock.advance(days=1)


def a_process_that_begins_each_day(world, pool):
    world.deploy(EVERY_DAY)
    world.clock.advance(days=1)


def a_job_whose_step_died_before_it_began(world, pool):
    world.deploy(WORKS)
    world.engine.transact(StartInstance(definition_key="works"), by=NURSE, now=world.clock())


def a_timer_whose_worker_died(world, pool):
    a_timer_that_is_due(world, pool)
    world.engine.execute(ClaimDueWork(until=world.clock(), job_types=(), limit=9), by=NURSE)
    with looking(pool) as conn:
        conn.execute("UPDATE timer SET locked_until = locked_until - interval '1 hour'")


def a_message_that_passed_its_listener_on_the_way(world, pool):
    world.deploy(LISTENS)
    world.engine.transact(
        PublishMessage(name="lab_result", key="p-1", ttl=timedelta(days=9)), by=NURSE, now=world.clock()
    )
    command = StartInstance(definition_key="listens", variables={"case": "p-1"})
    world.engine.transact(command, by=NURSE, now=world.clock())


def a_batch(world, pool):
    world.deploy(WAITS)
    world.start("waits")
    query = {"definition_key": "waits"}
    what = {"operation": "variables", "query": query, "parameters": {"variables": {"seen": True}}, "reason": "trial"}
    world.engine.execute(CreateBatch(**what), by=NURSE)


PLANTED = (
    a_timer_that_is_due,
    a_process_that_begins_each_day,
    a_job_whose_step_died_before_it_began,
    a_timer_whose_worker_died,
    a_message_that_passed_its_listener_on_the_way,
    a_batch,
)


@pytest.mark.parametrize("plant", PLANTED)
def test_what_a_round_would_do_is_named_until_it_is_done(plant, working, pool, named):
    assert named() == []
    plant(working, pool)

    assert named() == ["engine"]
    assert named(at_engine=False) == [], "it is dearer to look for: not each time"
    while found(working):
        pass
    assert named() == []


def a_timer_of_tomorrow(world, pool):
    world.deploy(WAITS)
    world.start("waits")


def a_timer_that_another_has_in_hand(world, pool):
    a_timer_that_is_due(world, pool)
    world.engine.execute(ClaimDueWork(until=world.clock(), job_types=(), limit=9), by=NURSE)


def a_timer_of_a_suspended_case(world, pool):
    world.deploy(WAITS)
    instance = world.start("waits")
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)
    world.clock.advance(days=1)


def a_job_of_an_outside_worker(world, pool):
    world.deploy(FOREIGN)
    world.start("foreign")


def a_message_for_nobody(world, pool):
    world.engine.execute(PublishMessage(name="lab_result", key="p-1", ttl=timedelta(days=9)), by=NURSE)


@pytest.mark.parametrize(
    "plant",
    [
        a_timer_of_tomorrow,
        a_timer_that_another_has_in_hand,
        a_timer_of_a_suspended_case,
        a_job_of_an_outside_worker,
        a_message_for_nobody,
    ],
)
def test_what_no_round_would_do_is_not_named(plant, working, pool, named):
    plant(working, pool)

    assert (named(), found(working)) == ([], 0)


ROWS = {
    "subscribers": (
        "INSERT INTO resource_change (region_id, type, id, version, at) VALUES ('{region}', 'Patient', 'p', 1, '{at}')",
        "INSERT INTO subscription (region_id, id, client_id, updated_at, types, body, due_at)"
        " VALUES ('{region}', 's-1', gen_random_uuid(), '{at}', '{{}}', '', '{at}')",
    ),
    "partners": (
        "INSERT INTO referral_step (region_id, referral_no, centre_no, step, instance_id, by, happened_at, recorded_at,"
        " body, state, due_at) VALUES ('{region}', 'r', 1, 'requested', gen_random_uuid(), 'x', '{at}', '{at}', '{{}}',"
        " 'waiting', '{at}')",
    ),
    "bursts": (
        "INSERT INTO inbound_burst (region_id, episode_id, facts, results, first_at, due_at)"
        " VALUES ('{region}', 'e', '{{}}', 1, '{at}', '{at}')",
    ),
    "exports": (
        "INSERT INTO export_job (region_id, id, client_id, scopes, request, base, types, of_patients, requested_at,"
        " expires_at) VALUES ('{region}', gen_random_uuid(), gen_random_uuid(), '{{}}', '', '', '{{}}', false, '{at}',"
        " '{at}')",
    ),
    "background": (
        "INSERT INTO procrastinate.procrastinate_jobs (queue_name, task_name, status) VALUES ('q', 'forget', 'doing')",
    ),
}


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, rows in ROWS.items() for row in rows])
def test_work_of_the_others_is_named_too(kind, row, database, working, named):
    at = working.clock()
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")  # the rows alone, without those that they refer to
        if kind != "background":
            owner.execute(row.format(region="another", at=at))
            if "due_at" in row:
                owner.execute(row.format(region=REGION, at=at + timedelta(seconds=1)).replace("'s-1'", "'s-2'"))
                assert named() == [], "it is not due, or of another region"
                owner.execute("DELETE FROM inbound_burst; DELETE FROM referral_step; DELETE FROM subscription")
        owner.execute(row.format(region=REGION, at=at))

    assert named(at_engine=False) == [kind]


@pytest.fixture
def run_beside():
    """Threads that are stopped in the end."""
    running = []

    def run(*those):
        for one in those:
            thread = threading.Thread(target=getattr(one, "run", None) or one.start)
            thread.start()
            running.append((one, thread))

    yield run
    for one, thread in running:
        one.stop()
        thread.join()


def soon(holds):
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.01) for _ in range(6000))


def test_a_worker_that_would_rest_for_an_hour_is_woken(working, run_beside):
    bell = Bell(NEVER, safety_s=NEVER)
    bell.is_attended = True
    working.deploy(WAITS)
    instance = working.start("waits")
    run_beside(Worker(working.engine, bell=bell), lookout_of(working, {"engine": bell}, look_s=0.01))

    working.clock.advance(days=1)

    assert soon(lambda: working.open(instance) == ["task_a"])


def test_a_worker_for_whom_nobody_rings_finds_it_by_itself(working, run_beside):
    """The planted loss: somebody is at the bell and is blind."""
    bell = Bell(NEVER, safety_s=0.02)
    bell.is_attended = True
    working.deploy(WAITS)
    instance = working.start("waits")
    run_beside(Worker(working.engine, bell=bell))

    working.clock.advance(days=1)

    assert soon(lambda: working.open(instance) == ["task_a"])


def test_while_the_look_fails_everybody_polls(working, run_beside, database):
    bell = Bell(0.02, safety_s=NEVER)
    lookout = lookout_of(working, {"engine": bell}, look_s=0.01)
    run_beside(lookout)
    assert soon(lambda: bell.is_attended)

    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("ALTER TABLE export_job RENAME TO gone")
        assert soon(lambda: not bell.is_attended)
        owner.execute("ALTER TABLE gone RENAME TO export_job")
    lookout.stop()
