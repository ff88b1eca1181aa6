"""What happens by itself: timers in order, jobs with retries, messages with exactly one receiver."""

from datetime import timedelta

import pytest

from engine.commands.contracts import (
    ActivateInstance,
    BroadcastSignal,
    ClaimJobs,
    CompleteJob,
    FailJob,
    FireTimer,
    PublishMessage,
    RetryIncident,
    SuspendInstance,
    SweepRegion,
    ThrowJobError,
    WithdrawMessage,
)
from engine.commands.records import BusinessError, ServiceTask
from engine.errors import Conflict
from runtime.trials.databases import looking
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, message, receive, service_task, user_task, wait_for

THREE_WAITS = bpmn("waits", line(BEGIN, wait_for("w1", "P1D"), wait_for("w2", "P2D"), user_task("task_a"), END))
RESULT = bpmn("result", line(BEGIN, receive("lab"), user_task("task_a"), END), message("lab_result"))
CALCULATE = bpmn("calculate", line(BEGIN, service_task("job", "sum"), user_task("task_a"), END))


def publish(world, key="p-1", **rest):
    return world.engine.execute(PublishMessage(name="lab_result", key=key, **rest), by=NURSE)


# --- timers -----------------------------------------------------------------------------------------------------------


def test_after_downtime_each_timer_fires_in_order_and_sees_its_own_time(world):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")

    fired = world.drive(days=30)

    assert fired == 2
    days = [(h.at - world.instance(instance).started_at).days for h in world.history(instance) if h.event == "fired"]
    assert days == [1, 3]
    assert world.open(instance) == ["task_a"]


def test_timers_of_many_instances_fire_in_order_of_due_time(world):
    world.deploy(THREE_WAITS)
    instances = []
    for _ in range(5):
        instances.append(world.start("waits"))
        world.clock.advance(hours=1)

    world.drive(days=10)

    fired = [(h.at, n) for n, i in enumerate(instances) for h in world.history(i) if h.event == "fired"]
    assert [n for _, n in sorted(fired)] == [0, 1, 2, 3, 4] * 2


def test_firing_a_timer_twice_is_harmless(world):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")
    with world.engine.read() as conn:
        wait = conn.execute("SELECT wait_id FROM timer").fetchone()[0]
    command = FireTimer(instance_id=instance, wait_id=wait)

    assert world.engine.execute(command, by=NURSE) is False, "it is not due yet"
    world.clock.advance(days=1)

    assert [world.engine.execute(command, by=NURSE) for _ in range(2)] == [True, False]


def test_a_worker_round_fires_what_is_due_now(world):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")
    world.clock.advance(days=1)

    assert world.engine.run_due() == 1
    assert world.engine.run_due() == 0
    assert world.waiting(instance) == [("w2", "timer")]


def test_a_suspended_instance_fires_its_timers_when_it_is_activated(world):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)

    assert world.drive(days=5) == 0
    world.engine.execute(ActivateInstance(instance_id=instance), by=NURSE)

    assert world.drive(days=0) == 1, "late, and so what comes after it counts from now"
    assert world.drive(days=2) == 1


def spoil(pool):
    """A state that nobody can read, so that firing raises."""
    with looking(pool) as conn:
        conn.execute("CREATE TABLE kept AS SELECT id, state FROM instance")
        conn.execute("UPDATE instance SET state = 'spoilt'")


def test_a_timer_that_cannot_be_fired_becomes_an_incident_and_can_be_retried(world, pool):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")
    spoil(pool)

    assert world.drive(days=1) == 0

    incident = world.incidents(instance)[0]
    assert (incident.kind, incident.element_id) == ("timer", "w1")
    assert world.drive(days=1) == 0, "nobody tries it again by itself"
    with looking(pool) as conn:
        conn.execute("UPDATE instance i SET state = k.state FROM kept k WHERE k.id = i.id")
    world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)
    assert world.drive(days=0) == 1
    assert world.incidents(instance) == []


def test_a_timer_whose_workers_die_each_time_becomes_an_incident(world, pool):
    world.deploy(THREE_WAITS)
    instance = world.start("waits")
    with looking(pool) as conn:
        conn.execute("UPDATE timer SET attempts = 3, locked_until = '2000-01-01'")

    world.drive(days=1)

    assert [i.kind for i in world.incidents(instance)] == ["timer"]


def test_one_bad_timer_does_not_stop_the_others(world, pool):
    world.deploy(THREE_WAITS)
    world.start("waits")
    spoil(pool)
    good = world.start("waits")

    world.drive(days=10)

    assert world.open(good) == ["task_a"]


# --- messages ---------------------------------------------------------------------------------------------------------


def test_a_message_finds_the_one_who_waits_for_it(world):
    world.deploy(RESULT)
    waits, other = (world.start("result", case=case) for case in ("p-1", "p-2"))

    result = publish(world, payload={"hb": 110})

    assert (result.result, result.instance_id) == ("delivered", waits)
    assert world.open(waits) == ["task_a"]
    assert world.variables(waits)["hb"] == 110
    assert world.open(other) == []


def test_a_message_that_comes_early_waits_and_is_delivered_once(world):
    world.deploy(RESULT)
    assert publish(world, payload={"hb": 95}).result == "buffered"

    first, second = (world.start("result", case="p-1") for _ in range(2))

    assert [world.open(i) for i in (first, second)] == [["task_a"], []]
    assert world.variables(first)["hb"] == 95


def test_a_message_reaches_one_of_two_who_wait_for_it(world):
    world.deploy(RESULT)
    first, second = (world.start("result", case="p-1") for _ in range(2))

    publish(world)

    assert sorted(len(world.open(i)) for i in (first, second)) == [0, 1]


def test_a_message_expires_after_its_time_to_live(world):
    world.deploy(RESULT)
    publish(world, ttl=timedelta(days=1))
    world.clock.advance(days=2)
    world.engine.execute(SweepRegion(), by=NURSE)

    instance = world.start("result", case="p-1")

    assert world.open(instance) == []


def test_a_message_that_is_not_to_be_kept_is_gone_when_nobody_listens(world):
    world.deploy(RESULT)
    assert publish(world, ttl=timedelta(0)).result == "expired"

    assert world.open(world.start("result", case="p-1")) == []


def test_a_message_that_waits_is_taken_back_and_one_that_has_arrived_is_not(world):
    world.deploy(RESULT)
    publish(world, message_id="lab-7", payload={"hb": 95})
    publish(world, message_id="lab-8", payload={"hb": 110})

    assert withdraw(world, "lab-7") is True
    assert [withdraw(world, id_) for id_ in ("lab-7", "lab-9")] == [False, False]
    instance = world.start("result", case="p-1")

    assert world.open(instance) == ["task_a"] and world.variables(instance)["hb"] == 110
    assert withdraw(world, "lab-8") is False and publish(world, message_id="lab-7").result == "duplicate"


def withdraw(world, id_):
    return world.engine.execute(WithdrawMessage(name="lab_result", key="p-1", message_id=id_), by=NURSE)


def test_the_same_message_id_is_a_duplicate_and_names_the_first_receiver(world):
    world.deploy(RESULT)
    instance = world.start("result", case="p-1")

    results = [publish(world, message_id="lab-7", payload={"hb": n}) for n in (1, 2)]

    assert [r.result for r in results] == ["delivered", "duplicate"]
    assert results[1].instance_id == instance
    assert world.variables(instance)["hb"] == 1


def test_a_message_start_event_opens_an_instance_once_per_case(world):
    event = '<bpmn:startEvent id="start">@<bpmn:messageEventDefinition id="d1" messageRef="m1"/></bpmn:startEvent>'
    world.deploy(bpmn("opened", line(event, user_task("task_a"), END), message("lab_result")))

    first, second = publish(world, payload={"hb": 99}), publish(world)

    assert (first.result, second.result) == ("delivered", "buffered")
    assert world.variables(first.instance_id) == {"hb": 99}
    assert world.instance(first.instance_id).business_key == "p-1"


def test_a_suspended_instance_gets_its_message_when_it_is_activated(world):
    world.deploy(RESULT)
    instance = world.start("result", case="p-1")
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)
    assert publish(world).result == "buffered"

    world.engine.execute(ActivateInstance(instance_id=instance), by=NURSE)

    assert world.open(instance) == ["task_a"]


def test_a_signal_reaches_everyone_who_listens_and_is_not_kept(world):
    definition = '<bpmn:signalEventDefinition id="d1" signalRef="s1"/>'
    event = f'<bpmn:intermediateCatchEvent id="c">@{definition}</bpmn:intermediateCatchEvent>'
    world.deploy(bpmn("heard", line(BEGIN, event, user_task("task_a"), END), '<bpmn:signal id="s1" name="closed"/>'))
    signal = BroadcastSignal(name="closed")
    assert world.engine.execute(signal, by=NURSE) == 0
    instances = [world.start("heard") for _ in range(3)]

    assert world.engine.execute(signal, by=NURSE) == 3
    assert [world.open(i) for i in instances] == [["task_a"]] * 3


# --- jobs -------------------------------------------------------------------------------------------------------------


def test_a_service_task_of_this_process_has_run_when_the_command_returns(make_world):
    world = make_world(service_tasks={"sum": ServiceTask(run=lambda job: {"total": job.variables["n"] + 1})})
    world.deploy(CALCULATE)

    instance = world.start("calculate", n=41)

    assert world.open(instance) == ["task_a"]
    assert world.variables(instance)["total"] == 42


def test_a_service_task_that_fails_is_tried_again_and_then_becomes_an_incident_that_can_be_retried(make_world):
    broken = True

    def run(job):
        if broken:
            raise RuntimeError("the holiday table is missing")
        return {"total": 1}

    world = make_world(service_tasks={"sum": ServiceTask(run=run)})
    world.deploy(CALCULATE)
    instance = world.start("calculate")
    assert world.incidents(instance) == []

    world.drive(hours=1)

    incident = world.incidents(instance)[0]
    assert incident.element_id == "job"
    assert "holiday table" in incident.message.en
    broken = False
    world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)
    assert world.open(instance) == ["task_a"]
    assert world.incidents(instance) == []
    with pytest.raises(Conflict):
        world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)


def test_an_outside_worker_claims_and_answers_a_job(world):
    world.deploy(CALCULATE)
    instance = world.start("calculate", n=1)
    job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]
    assert (job.variables["n"], job.retries_left) == (1, 3)
    assert world.engine.execute(ClaimJobs(type="sum", worker="other"), by=NURSE) == []

    with pytest.raises(Conflict):
        world.engine.execute(CompleteJob(job_id=job.id, lease="an older one"), by=NURSE)
    world.engine.execute(CompleteJob(job_id=job.id, variables={"total": 2}, lease=job.lease), by=NURSE)

    assert world.open(instance) == ["task_a"]


def test_an_outside_worker_that_gives_up_opens_an_incident(world):
    world.deploy(CALCULATE)
    instance = world.start("calculate")
    job = world.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]

    world.engine.execute(FailJob(job_id=job.id, message="no", retries_left=0, lease=job.lease), by=NURSE)

    assert [i.element_id for i in world.incidents(instance)] == ["job"]


BOUNDARY = (
    '<bpmn:boundaryEvent id="missing" attachedToRef="job"><bpmn:outgoing>fx</bpmn:outgoing>'
    '<bpmn:errorEventDefinition id="d1" errorRef="e1"/></bpmn:boundaryEvent>'
    '<bpmn:endEvent id="end_missing"><bpmn:incoming>fx</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="fx" sourceRef="missing" targetRef="end_missing"/>'
)
CAUGHT = bpmn(
    "caught",
    line(BEGIN, service_task("job", "sum"), user_task("task_a"), END) + BOUNDARY,
    '<bpmn:error id="e1" name="missing" errorCode="missing"/>',
)


def test_an_error_that_the_diagram_foresees_takes_its_way(make_world):
    def run(job):
        raise BusinessError("missing")

    here, outside = make_world(service_tasks={"sum": ServiceTask(run=run)}), make_world()
    here.deploy(CAUGHT)

    inside = here.start("caught")
    waiting = outside.start("caught")
    job = outside.engine.execute(ClaimJobs(type="sum", worker="w"), by=NURSE)[0]
    outside.engine.execute(ThrowJobError(job_id=job.id, code="missing", lease=job.lease), by=NURSE)

    assert [here.instance(i).end_events for i in (inside, waiting)] == [["end_missing"]] * 2
