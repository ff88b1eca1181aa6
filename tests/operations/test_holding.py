"""Suspending and resuming instances and definitions, ending, variables, moving tokens: as they are stored."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.commands.contracts import (
    ActivateDefinition,
    ActivateInstance,
    CompleteUserTask,
    Instruction,
    ModifyInstance,
    Operate,
    PublishMessage,
    ReopenInstance,
    RetryIncidents,
    SetVariables,
    StartInstance,
    SuspendDefinition,
    SuspendInstance,
    SweepRegion,
    TerminateInstance,
)
from engine.errors import Conflict, NotFound
from engine.operations.reconcile import reconcile
from engine.problems import Refused
from engine.store import reads
from tests.operations.test_migrating import late, review
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, message, user_task


def moves(*texts: str) -> tuple[Instruction, ...]:
    return tuple(Instruction(action=text.split()[0], element_id=text.split()[1]) for text in texts)


def test_a_moved_token_takes_its_task_and_timer_along_and_history_says_why(world):
    world.deploy(review("task_a", "task_b", extra=late("task_a", "P3D") + late("task_b", "P1D", "soon")))
    instance = world.start("review")
    command = ModifyInstance(
        instance_id=instance,
        instructions=moves("cancel task_a", "start_before task_b"),
        variables={"x": 1},
        reason="why",
    )

    world.engine.execute(command, by=NURSE)

    assert sorted(world.waiting(instance)) == [("soon", "timer"), ("task_b", "user_task")]
    assert world.variables(instance) == {"x": 1}
    [row] = [row for row in world.history(instance) if row.event == "modified"]
    assert row.detail["reason"] == "why" and row.detail["instructions"] == ["cancel task_a", "start_before task_b"]
    assert [task.element_id for task in world.tasks(instance, state="cancelled")] == ["task_a"]
    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []


def test_a_refused_move_changes_nothing_and_a_suspended_instance_is_not_moved(world):
    world.deploy(review("task_a"))
    instance = world.start("review")
    before = world.instance(instance)
    with pytest.raises(Refused):
        world.engine.execute(ModifyInstance(instance_id=instance, instructions=moves("cancel task_a")), by=NURSE)
    assert world.instance(instance) == before

    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)
    with pytest.raises(Conflict):
        world.engine.execute(ModifyInstance(instance_id=instance, instructions=moves("start_before task_a")), by=NURSE)


def test_while_suspended_no_timer_fires_and_then_a_cycle_catches_up_by_its_misfire_policy(world):
    def reminding(policy: str) -> bytes:
        cycle = '<bpmn:timerEventDefinition id="c"><bpmn:timeCycle>R/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>'
        misfire = f'<y:misfire xmlns:y="urn:yuntu:bpmn:1" policy="{policy}"/>'
        event = '<bpmn:boundaryEvent id="remind" attachedToRef="task_a" cancelActivity="false"><bpmn:extensionElements>'
        event += f"{misfire}</bpmn:extensionElements>{cycle}</bpmn:boundaryEvent>"
        told = '<bpmn:endEvent id="told"/><bpmn:sequenceFlow id="t" sourceRef="remind" targetRef="told"/>'
        return bpmn(policy, line(BEGIN, user_task("task_a"), END) + event + told)

    fired = {}
    for policy in ("fire_once", "fire_all", "skip"):
        world.deploy(reminding(policy))
        instance = world.start(policy)
        world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)
        assert world.drive(days=5.5) == 0
        world.engine.execute(ActivateInstance(instance_id=instance), by=NURSE)
        while world.engine.run_due():
            pass
        fired[policy] = sum(row.path == "told" and row.event == "ended" for row in world.history(instance))
        at = [row.at for row in world.history(instance)]
        assert at == sorted(at), "nothing happens before the moment it is let go on"
        world.engine.execute(TerminateInstance(instance_id=instance), by=NURSE)

    assert fired == {"fire_once": 1, "fire_all": 5, "skip": 0}


def test_a_reversible_end_is_taken_back_with_its_clocks_and_what_was_written_as_it_ended(world):
    world.deploy(review("task_a", "task_b", extra=late("task_a", "P3D")))
    instance = world.start("review")
    ended = {"instance_id": instance, "variables": {"end_code": "void"}, "reversible": True}
    world.engine.execute(TerminateInstance(**ended), by=NURSE)
    assert world.variables(instance) == {"end_code": "void"} and not world.open(instance)
    assert world.drive(days=5) == 0

    world.engine.execute(ReopenInstance(instance_id=instance, variables={"end_code": None}, reason="why"), by=NURSE)

    assert world.variables(instance) == {"end_code": None} and world.open(instance) == ["task_a"]
    [row] = [row for row in world.history(instance) if row.event == "reopened"]
    assert row.detail["reason"] == "why"
    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []
    assert world.engine.run_due() == 1, "the deadline that passed meanwhile is due now"
    for element in ("task_a", "task_b"):
        world.complete(instance, element)
    assert world.instance(instance).status == "completed"


def test_an_end_that_kept_nothing_or_a_completed_instance_cannot_be_taken_back(world):
    world.deploy(review("task_a"))
    instance = world.start("review")
    with pytest.raises(Conflict):
        world.engine.execute(ReopenInstance(instance_id=instance), by=NURSE)
    world.engine.execute(TerminateInstance(instance_id=instance), by=NURSE)

    with pytest.raises(Conflict) as refused:
        world.engine.execute(ReopenInstance(instance_id=instance), by=NURSE)

    assert refused.value.code == "not-reversible" and world.instance(instance).status == "terminated"


def test_a_suspended_version_starts_nothing_and_the_version_before_takes_its_place(world):
    world.deploy(review("task_a"))
    world.deploy(review("task_b"))

    world.engine.execute(SuspendDefinition(key="review", version=2, reason="wrong order"), by=NURSE)

    assert world.open(world.start("review")) == ["task_a"]
    with pytest.raises(Conflict) as refused:
        world.engine.execute(StartInstance(definition_key="review", version=2), by=NURSE)
    assert refused.value.code == "suspended"
    world.engine.execute(ActivateDefinition(key="review"), by=NURSE)
    assert world.open(world.start("review")) == ["task_b"]


def begun_by_message(*tasks):
    start = '<bpmn:startEvent id="start">@<bpmn:messageEventDefinition id="start_d" messageRef="m1"/></bpmn:startEvent>'
    return bpmn("by_message", line(start, *map(user_task, tasks), END), message("news"))


def publish(world, key, ttl=timedelta(days=9)):
    return world.engine.execute(PublishMessage(name="news", key=key, ttl=ttl), by=NURSE)


def test_a_message_begins_the_version_that_takes_the_place_of_a_suspended_one(world):
    world.deploy(begun_by_message("task_a"))
    world.deploy(begun_by_message("task_b"))
    world.engine.execute(SuspendDefinition(key="by_message", version=2), by=NURSE)

    answer = publish(world, "case-1")

    assert (answer.result, world.open(answer.instance_id)) == ("delivered", ["task_a"])


def test_a_message_that_finds_everything_suspended_is_kept_and_begins_its_instance_afterwards(world):
    world.deploy(begun_by_message("task_a"))
    world.engine.execute(SuspendDefinition(key="by_message"), by=NURSE)
    kept, short = publish(world, "case-1"), publish(world, "case-2", ttl=timedelta(hours=1))
    assert (kept.result, short.result) == ("buffered", "buffered")

    world.drive(days=1)
    assert begun(world) == []
    world.engine.execute(ActivateDefinition(key="by_message"), by=NURSE)
    world.drive(days=0)

    assert begun(world) == ["case-1"], "what had outlived its time begins nothing"
    world.engine.execute(SweepRegion(), by=NURSE)
    world.drive(days=1)
    assert begun(world) == ["case-1"]


def begun(world):
    with world.engine.read() as conn:
        found = reads.instances(conn, world.engine.region_id, definition_key="by_message")
    return [instance.business_key for instance in found]


def test_a_process_of_which_every_version_is_suspended_starts_nothing_and_running_instances_go_on(world):
    world.deploy(review("task_a"))
    instance = world.start("review")

    assert world.engine.execute(SuspendDefinition(key="review"), by=NURSE) == [1]

    with pytest.raises(Conflict):
        world.start("review")
    world.complete(instance, "task_a")
    assert world.instance(instance).status == "completed"
    with pytest.raises(NotFound):
        world.engine.execute(SuspendDefinition(key="nothing"), by=NURSE)


def test_a_task_of_a_suspended_instance_cannot_be_finished_and_history_says_who_held_it_and_why(world):
    world.deploy(review("task_a"))
    instance = world.start("review")
    [task] = world.tasks(instance)

    world.engine.execute(SuspendInstance(instance_id=instance, reason="moved away"), by=NURSE)

    with pytest.raises(Conflict):
        world.engine.execute(CompleteUserTask(user_task_id=task.id), by=NURSE)
    row = world.history(instance)[-1]
    assert (row.event, row.by, row.detail) == ("suspended", "nurse-1", {"reason": "moved away"})


def test_variables_from_outside_leave_their_names_in_history_and_wake_conditions(world):
    event = (
        "<bpmn:conditionalEventDefinition><bpmn:condition>=x &gt; 3</bpmn:condition></bpmn:conditionalEventDefinition>"
    )
    high = f'<bpmn:boundaryEvent id="high" attachedToRef="task_a">{event}</bpmn:boundaryEvent><bpmn:endEvent id="e2"/>'
    world.deploy(review("task_a", extra=high + '<bpmn:sequenceFlow id="h" sourceRef="high" targetRef="e2"/>'))
    instance = world.start("review", x=1)

    world.engine.execute(SetVariables(instance_id=instance, variables={"x": 5}, reason="typing error"), by=NURSE)

    assert world.instance(instance).end_events == ["e2"]
    [row] = [row for row in world.history(instance) if row.event == "variables"]
    assert row.detail == {"reason": "typing error", "names": ["x"]}


def test_a_dry_run_of_ending_names_what_would_go(world):
    world.deploy(review("task_a", extra=late("task_a", "P3D")))
    instance = world.start("review")
    command = TerminateInstance(instance_id=instance, reason="duplicate")

    effect = world.engine.execute(Operate(instance_id=instance, command=command, dry_run=True), by=NURSE)

    assert sorted(w["element_id"] for w in effect["closed"]) == ["late", "task_a"]
    assert (effect["state"], world.instance(instance).status) == ("terminated", "active")


def test_all_incidents_of_an_instance_are_tried_again_at_once(world):
    gateway = '<bpmn:exclusiveGateway id="g">@</bpmn:exclusiveGateway>'
    flow = '<bpmn:sequenceFlow id="f3" sourceRef="g" targetRef="end"/>'
    when = "<bpmn:conditionExpression>=x</bpmn:conditionExpression></bpmn:sequenceFlow>"
    drawn = line(BEGIN, user_task("task_a"), gateway, END).replace(flow, flow.replace("/>", ">") + when)
    world.deploy(bpmn("stuck", drawn))
    instance = world.start("stuck")
    world.complete(instance, "task_a")
    assert len(world.incidents(instance)) == 1
    world.engine.execute(SetVariables(instance_id=instance, variables={"x": True}), by=NURSE)

    world.engine.execute(RetryIncidents(instance_id=instance), by=NURSE)

    assert world.instance(instance).status == "completed"
    with pytest.raises(Conflict):
        world.engine.execute(RetryIncidents(instance_id=instance), by=NURSE)
