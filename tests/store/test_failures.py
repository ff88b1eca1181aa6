"""What fails rests, is tried again, and becomes an incident that somebody can settle; nothing else suffers."""

import os
from contextlib import contextmanager
from datetime import timedelta

import pytest

from engine.commands.backoff import rest_after
from engine.commands.contracts import (
    AssignIncident,
    ClaimJobs,
    CompleteJob,
    FailJob,
    RetryIncident,
    RetryMessage,
    SkipIncident,
    SweepRegion,
    TerminateInstance,
    ThrowJobError,
)
from engine.commands.records import ServiceTask
from engine.engine import Engine
from engine.errors import Conflict
from engine.operations import zombies
from engine.store.connections import open_pool
from engine.store.unattended_reads import incident_list, messages
from runtime.database.roles import as_application
from runtime.trials.databases import looking
from tests.store.store_kit import (
    BEGIN,
    END,
    NURSE,
    Clock,
    bpmn,
    line,
    message,
    receive,
    service_task,
    user_task,
    wait_for,
)

CALCULATE = bpmn("calculate", line(BEGIN, service_task("job", "sum"), user_task("task_a"), END))
POISON = bpmn("poison", line(BEGIN, service_task("job", "poison"), user_task("task_a"), END))
WAITS = bpmn("waits", line(BEGIN, wait_for("w1", "P1D"), user_task("task_a"), END))
SEND = bpmn("result", line(BEGIN, receive("lab"), user_task("task_a"), END), message("lab_result"))
DIED = 42


@contextmanager
def spoil(pool):
    """States that nobody can read, so that every step raises; afterwards they are as they were."""
    with looking(pool) as conn:
        conn.execute("CREATE TABLE kept AS SELECT id, state FROM instance")
        conn.execute("UPDATE instance SET state = 'spoilt'")
    yield
    with looking(pool) as conn:
        conn.execute("UPDATE instance i SET state = k.state FROM kept k WHERE k.id = i.id")


def failed(world, instance):
    job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]
    world.engine.execute(FailJob(job_id=job.id, message="broken", retries_left=0, lease=job.lease), by=NURSE)
    return world.incidents(instance)[0].id


def listed(world, **asked):
    with world.engine.read() as conn:
        return incident_list(conn, world.engine.region_id, **asked)


def test_rests_double_with_each_attempt_and_what_failed_together_does_not_come_back_together():
    rests = [rest_after(n, "a").total_seconds() for n in range(1, 13)]

    assert all(2**n <= rest <= 2**n * 1.25 for n, rest in enumerate(rests[:11], 1))
    assert len({rest_after(3, str(n)) for n in range(100)}) == 100
    assert rest_after(60, "a") <= timedelta(hours=1.25)


def test_an_incident_names_element_cause_and_owner_and_can_be_given_to_somebody(world):
    world.deploy(CALCULATE)
    incident = failed(world, world.start("calculate"))

    row = listed(world)[0]
    assert (row.id, row.element_id, row.owner) == (incident, "job", NURSE.id)
    assert "broken" in row.message.en and "broken" in row.message.zh

    world.engine.execute(AssignIncident(incident_id=incident, owner="it-2"), by=NURSE)
    assert listed(world)[0].owner == "it-2"


def test_a_failed_job_is_skipped_with_given_variables(world):
    world.deploy(CALCULATE)
    instance = world.start("calculate")
    incident = failed(world, instance)

    world.engine.execute(SkipIncident(incident_id=incident, variables={"total": 5}), by=NURSE)

    assert world.open(instance) == ["task_a"]
    assert world.variables(instance)["total"] == 5
    assert listed(world) == []
    with pytest.raises(Conflict):
        world.engine.execute(SkipIncident(incident_id=incident), by=NURSE)


def test_variables_repaired_before_a_retry_are_what_the_job_is_given(world):
    world.deploy(CALCULATE)
    instance = world.start("calculate", n=1)
    incident = failed(world, instance)

    world.engine.execute(RetryIncident(incident_id=incident, variables={"n": 2}), by=NURSE)

    job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]
    assert (job.variables["n"], job.attempts, job.retries_left) == (2, 1, 3)
    assert world.variables(instance)["n"] == 2


def test_an_incident_that_is_no_failed_work_cannot_be_skipped(world):
    condition = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=colour</bpmn:conditionExpression>'
    gateway = '<bpmn:exclusiveGateway id="gate">@</bpmn:exclusiveGateway>'
    drawn = line(BEGIN, gateway, END) + '<bpmn:endEvent id="other"><bpmn:incoming>fx</bpmn:incoming></bpmn:endEvent>'
    flow = f'<bpmn:sequenceFlow id="fx" sourceRef="gate" targetRef="other">{condition}</bpmn:sequenceFlow>'
    drawn = drawn.replace(
        "<bpmn:outgoing>f2</bpmn:outgoing>", "<bpmn:outgoing>fx</bpmn:outgoing><bpmn:outgoing>f2</bpmn:outgoing>"
    )
    drawn = drawn.replace('<bpmn:exclusiveGateway id="gate">', '<bpmn:exclusiveGateway id="gate" default="f2">')
    world.deploy(bpmn("gated", drawn + flow))
    instance = world.start("gated", colour="green")

    incident = world.incidents(instance)[0]
    with pytest.raises(Conflict) as refused:
        world.engine.execute(SkipIncident(incident_id=incident.id), by=NURSE)
    assert refused.value.code == "not-skippable"

    world.engine.execute(RetryIncident(incident_id=incident.id, variables={"colour": True}), by=NURSE)
    assert world.instance(instance).end_events == ["other"]


def test_an_error_that_nothing_catches_is_an_incident(world):
    world.deploy(CALCULATE)
    instance = world.start("calculate")
    job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]

    world.engine.execute(ThrowJobError(job_id=job.id, code="on_strike", lease=job.lease), by=NURSE)

    assert "on_strike" in world.incidents(instance)[0].message.en
    assert world.instance(instance).status == "active"


def test_a_loop_without_a_wait_is_an_incident_and_the_others_go_on(world):
    gateway = '<bpmn:exclusiveGateway id="gate">@</bpmn:exclusiveGateway>'
    script = (
        '<bpmn:scriptTask id="again"><bpmn:extensionElements><zeebe:script expression="=1" resultVariable="x"/>'
        "</bpmn:extensionElements>@</bpmn:scriptTask>"
    )
    drawn = line(BEGIN, gateway, script) + '<bpmn:sequenceFlow id="back" sourceRef="again" targetRef="gate"/>'
    drawn = drawn.replace(
        "<bpmn:incoming>f2</bpmn:incoming>", "<bpmn:incoming>f2</bpmn:incoming><bpmn:outgoing>back</bpmn:outgoing>"
    )
    drawn = drawn.replace(
        '<bpmn:exclusiveGateway id="gate">', '<bpmn:exclusiveGateway id="gate"><bpmn:incoming>back</bpmn:incoming>'
    )
    world.deploy(bpmn("endless", drawn), WAITS)
    endless, other = world.start("endless"), world.start("waits")

    world.drive(days=1)

    assert [i.kind for i in world.incidents(endless)] == ["step_budget"]
    assert world.open(other) == ["task_a"]


def work_until_it_dies_or_nothing_is_due(url):
    """In a child process: how it ended."""
    pid = os.fork()
    if pid == 0:
        with open_pool(as_application(url), max_size=2) as pool:
            tasks = {
                "poison": ServiceTask(run=lambda job: os._exit(DIED)),
                "sum": ServiceTask(run=lambda job: {"total": 1}),
            }
            engine = Engine(pool, clock=Clock(), region_id="test-region", service_tasks=tasks)
            while engine.run_due():
                pass
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_job_that_kills_its_worker_is_an_incident_after_three_deaths_and_takes_nobody_along(world, pool, database):
    world.deploy(CALCULATE, POISON)
    good = [world.start("calculate") for _ in range(4)]
    bad = world.start("poison")
    good += [world.start("calculate") for _ in range(4)]

    deaths = 0
    while work_until_it_dies_or_nothing_is_due(database) == DIED:
        deaths += 1
        with looking(pool) as conn:
            conn.execute("UPDATE job SET locked_until = clock_timestamp() - interval '1 s' WHERE state = 'running'")

    assert deaths == 3
    assert "died" in world.incidents(bad)[0].message.en
    assert world.incidents(bad)[0].element_id == "job"
    assert [world.open(i) for i in good] == [["task_a"]] * 8
    assert [world.incidents(i) for i in good] == [[]] * 8


def test_while_a_job_lies_about_whose_worker_died_its_type_is_left_to_workers(make_world, pool):
    world = make_world(service_tasks={"sum": ServiceTask(run=lambda job: {"total": 1})})
    world.deploy(CALCULATE)
    outside = make_world()
    outside.start("calculate")
    outside.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)
    with looking(pool) as conn:
        conn.execute("UPDATE job SET locked_until = clock_timestamp() - interval '1 s'")

    later = world.start("calculate")

    assert world.open(later) == []
    world.engine.run_due()
    assert world.open(later) == ["task_a"]
    assert world.open(world.start("calculate")) == ["task_a"]


def test_what_was_begun_and_not_finished_is_taken_alone(world, pool):
    world.deploy(WAITS)
    for _ in range(5):
        world.start("waits")
    world.clock.advance(days=1)
    with looking(pool) as conn:
        conn.execute("UPDATE timer SET attempts = 1, locked_until = '2000-01-01'")
    taken = []

    world.engine.run_due(100, before_each=lambda: taken.append(claimed(pool)))

    assert taken == [1] * 5


def claimed(pool):
    with looking(pool) as conn:
        return conn.execute("SELECT count(*) FROM timer WHERE locked_until > clock_timestamp()").fetchone()[0]


# --- messages ---------------------------------------------------------------------------------------------------------


def stored_messages(world, *states):
    with world.engine.read() as conn:
        return messages(conn, world.engine.region_id, states=states or ("published", "buffered", "expired", "failed"))


def test_a_message_whose_delivery_raises_is_listed_as_failed_and_can_be_sent_on_its_way_again(world, pool):
    world.deploy(SEND)
    instance = world.start("result", case="p-1")
    with looking(pool) as conn:
        conn.execute(
            "INSERT INTO message (region_id, id, kind, name, key, payload, state, published_at, expires_at) VALUES"
            " ('test-region', gen_random_uuid(), 'message', 'lab_result', 'p-1', '{\"hb\": 1}', 'published', now(),"
            " '2030-01-01')"
        )
    with spoil(pool):
        world.drive(days=0)
        found = stored_messages(world, "failed")[0]

    assert (found.name, found.key, found.attempts) == ("lab_result", "p-1", 3)
    assert found.problem
    assert world.engine.execute(RetryMessage(message_id=found.id), by=NURSE).result == "delivered"
    assert world.open(instance) == ["task_a"]
    assert stored_messages(world) == []
    with pytest.raises(Conflict):
        world.engine.execute(RetryMessage(message_id=found.id), by=NURSE)


# --- zombies ----------------------------------------------------------------------------------------------------------


def test_an_instance_that_nothing_will_ever_move_is_found_and_its_rows_are_made_again(world, pool):
    world.deploy(WAITS)
    zombie, healthy = world.start("waits"), world.start("waits")
    with looking(pool) as conn:
        conn.execute("DELETE FROM timer WHERE instance_id = %s", [zombie])

    assert [zombies.scan(world.engine, by=NURSE, page=1) for _ in range(2)] == [1, 0]

    incident = world.incidents(zombie)[0]
    assert (incident.kind, world.incidents(healthy)) == ("zombie", [])
    assert "w1" in incident.message.en
    world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)
    assert world.incidents(zombie) == []
    world.drive(days=1)
    assert world.open(zombie) == ["task_a"]


def test_whoever_waits_for_a_condition_is_no_zombie(world):
    event = (
        '<bpmn:intermediateCatchEvent id="c">@<bpmn:conditionalEventDefinition id="d1">'
        '<bpmn:condition xsi:type="bpmn:tFormalExpression">=ready = true</bpmn:condition>'
        "</bpmn:conditionalEventDefinition></bpmn:intermediateCatchEvent>"
    )
    world.deploy(bpmn("conditional", line(BEGIN, event, user_task("task_a"), END)))
    instance = world.start("conditional", ready=False)

    assert zombies.scan(world.engine, by=NURSE) == 0
    assert world.incidents(instance) == []


def test_an_instance_that_has_ended_leaves_no_incident_behind(world, pool):
    world.deploy(WAITS)
    zombie = world.start("waits")
    with looking(pool) as conn:
        conn.execute("DELETE FROM timer")
    zombies.scan(world.engine, by=NURSE)

    world.engine.execute(TerminateInstance(instance_id=zombie), by=NURSE)
    world.engine.execute(SweepRegion(), by=NURSE)

    assert listed(world, open=True) == []


def test_an_answer_after_the_retries_were_spent_comes_too_late(world, pool):
    world.deploy(CALCULATE)
    instance = world.start("calculate")
    for _ in range(3):
        job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]
        with looking(pool) as conn:
            conn.execute("UPDATE job SET locked_until = clock_timestamp() - interval '1 s'")
    assert world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE) == []

    assert len(world.incidents(instance)) == 1
    with pytest.raises(Exception, match="no such job"):
        world.engine.execute(CompleteJob(job_id=job.id, lease=job.lease), by=NURSE)
