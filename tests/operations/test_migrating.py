"""Migration as it is stored: rows, drafts, timers, subscriptions, the way back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from engine.commands.contracts import (
    ActivateInstance,
    CalledPlan,
    ClaimUserTask,
    MigrateInstance,
    Operate,
    PublishMessage,
    RevertMigration,
    SaveDraft,
    SuspendInstance,
)
from engine.errors import Conflict, NotFound
from engine.operations.reconcile import reconcile
from engine.problems import Refused
from engine.store import reads
from tests.store.store_kit import BEGIN, END, NURSE, START, bpmn, line, message, receive, user_task

LATE = '<bpmn:timerEventDefinition id="{id}_d"><bpmn:timeDuration>{due}</bpmn:timeDuration></bpmn:timerEventDefinition>'


def late(host: str, due: str, id: str = "late") -> str:
    event = f'<bpmn:boundaryEvent id="{id}" attachedToRef="{host}" cancelActivity="false">{LATE}</bpmn:boundaryEvent>'
    told = f'<bpmn:endEvent id="{id}_told"/><bpmn:sequenceFlow id="{id}_f" sourceRef="{id}" targetRef="{id}_told"/>'
    return event.format(id=id, due=due) + told


def review(*tasks: str, extra: str = "", outside: str = "") -> bytes:
    return bpmn("review", line(BEGIN, *map(user_task, tasks), END) + extra, outside)


def calling(inner: str) -> tuple[bytes, bytes]:
    call = '<bpmn:callActivity id="call"><bpmn:extensionElements><zeebe:calledElement processId="inside"/>'
    outer = bpmn("outer", line(BEGIN, call + "</bpmn:extensionElements>@</bpmn:callActivity>", END))
    return outer, bpmn("inside", line(BEGIN, user_task(inner), END))


@pytest.fixture
def operator(world):
    """Migrates, and checks each time that the rows are what the state says."""

    def migrate(instance, **asked):
        answer = world.engine.execute(MigrateInstance(instance_id=instance, **asked), by=NURSE)
        with world.engine.read() as conn:
            assert reconcile(conn, world.engine.region_id)[1] == []
        return answer

    return migrate


def timers(world, instance):
    with world.engine.read() as conn:
        return {w.element_id: w.due_at for w in reads.waiting(conn, world.engine.region_id, instance) if w.due_at}


def test_s3_and_s4_timer_draft_and_holder_are_kept_and_the_task_keeps_its_id(world, operator):
    world.deploy(review("task_a", extra=late("task_a", "P12W")))
    instance = world.start("review")
    world.clock.advance(weeks=11)
    [task] = world.tasks(instance)
    world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-1"), by=NURSE)
    world.engine.execute(SaveDraft(user_task_id=task.id, draft={"weight": 64}), by=NURSE)
    world.deploy(review("task_b", "task_c", extra=late("task_b", "P12W")))

    operator(instance, mapping={"task_a": "task_b"})

    [kept] = world.tasks(instance)
    assert (kept.id, kept.element_id, kept.path, kept.definition_version) == (task.id, "task_b", "task_b", 2)
    assert (kept.draft, kept.assignee, kept.state) == ({"weight": 64}, "nurse-1", "claimed")
    assert kept.revision > task.revision, "a page that was opened before is told so"
    assert timers(world, instance) == {"late": START + timedelta(weeks=12)}
    assert world.drive(days=6) == 0
    assert world.drive(days=1) == 1
    world.complete(instance, "task_b")
    assert world.open(instance) == ["task_c"]


def test_a_timer_can_be_recomputed_from_when_its_task_was_opened(world, operator):
    world.deploy(review("task_a", extra=late("task_a", "P12W")))
    instance = world.start("review")
    world.clock.advance(weeks=2)
    world.deploy(review("task_a", extra=late("task_a", "P10W")))

    operator(instance, timers={"late": "recompute"})

    assert timers(world, instance) == {"late": START + timedelta(weeks=10)}


def test_history_says_from_where_to_where_by_whom_and_why(world, operator):
    world.deploy(review("task_a"))
    instance = world.start("review")
    world.deploy(review("task_a", "task_b"))

    operator(instance, reason="new guideline")

    row = world.history(instance)[-1]
    assert (row.event, row.by, row.at) == ("migrated", "nurse-1", world.clock.now)
    assert row.detail == {"reason": "new guideline", "from": 1, "to": 2}
    assert world.instance(instance).definition_version == 2


def test_a_refused_migration_changes_nothing(world, operator):
    world.deploy(review("task_a"))
    instance = world.start("review")
    before = world.instance(instance)
    world.deploy(review("task_b"))

    with pytest.raises(Refused) as refused:
        operator(instance)

    assert [(p.element_id, p.code) for p in refused.value.problems] == [("task_a", "element-removed")]
    assert world.instance(instance) == before


def test_a_dry_run_says_what_would_change_and_stores_nothing(world):
    world.deploy(review("task_a", extra=late("task_a", "P3D")))
    instance = world.start("review")
    before = world.instance(instance)
    world.deploy(review("task_b", extra=late("task_b", "P1D", "soon")))
    command = MigrateInstance(instance_id=instance, mapping={"task_a": "task_b"})

    effect = world.engine.execute(Operate(instance_id=instance, command=command, dry_run=True), by=NURSE)

    assert [w["element_id"] for w in effect["opened"]] == ["soon"]
    assert [w["element_id"] for w in effect["closed"]] == ["late"]
    assert [(w["element_id"], w["was"]["element_id"]) for w in effect["changed"]] == [("task_b", "task_a")]
    assert [note["code"] for note in effect["notes"]] == ["listener-removed", "listener-added"]
    assert world.instance(instance) == before
    assert world.history(instance)[-1].event != "migrated"


def test_a_called_process_goes_along_or_stays_at_the_version_that_is_named(world, operator):
    world.deploy(*calling("task_x"))
    instance = world.start("outer")
    world.deploy(*calling("task_y"))

    operator(instance, version=1, called={"inside": CalledPlan(mapping={"task_x": "task_y"})})

    assert world.open(instance) == ["call/task_y"]
    assert world.instance(instance).pins["process"] == {"outer": 1, "inside": 2}
    operator(instance, version=1, called={"inside": CalledPlan(version=1, mapping={"task_y": "task_x"})})
    assert world.open(instance) == ["call/task_x"]


def test_a_message_is_found_by_the_subscription_of_the_new_version(world, operator):
    world.deploy(bpmn("mail", line(BEGIN, receive("catch"), END), message("old")))
    instance = world.start("mail", case="k")
    world.deploy(bpmn("mail", line(BEGIN, receive("caught"), END), message("new")))

    operator(instance, mapping={"catch": "caught"})

    told = [PublishMessage(name=name, key="k") for name in ("old", "new")]
    assert [world.engine.execute(m, by=NURSE).result for m in told] == ["buffered", "delivered"]
    assert world.instance(instance).status == "completed"


def test_a_migration_is_taken_back_as_long_as_nothing_has_happened(world, operator):
    world.deploy(review("task_a", extra=late("task_a", "P12W")))
    instance = world.start("review")
    before = world.waiting(instance), timers(world, instance)
    world.deploy(review("task_b", extra=late("task_b", "P1D", "soon")))
    operator(instance, mapping={"task_a": "task_b"})

    world.engine.execute(RevertMigration(instance_id=instance), by=NURSE)

    assert (world.waiting(instance), timers(world, instance)) == before
    assert world.instance(instance).definition_version == 1
    assert world.tasks(instance)[0].definition_version == 1
    with world.engine.read() as conn:
        assert reconcile(conn, world.engine.region_id)[1] == []
    world.complete(instance, "task_a")
    assert world.instance(instance).status == "completed"


def test_a_migration_is_not_taken_back_twice_nor_after_somebody_has_worked(world, operator):
    world.deploy(review("task_a", "task_c"))
    instance, other = world.start("review"), world.start("review")
    world.deploy(review("task_a", "task_c", "task_d"))
    operator(instance)
    operator(other)
    world.complete(other, "task_a")
    world.engine.execute(RevertMigration(instance_id=instance), by=NURSE)

    for one in (instance, other):
        with pytest.raises(Conflict) as refused:
            world.engine.execute(RevertMigration(instance_id=one), by=NURSE)
        assert refused.value.code == "not-revertible"


def test_a_suspended_instance_is_migrated_without_moving_and_goes_on_in_the_new_version(world, operator):
    def high(value: int) -> str:
        condition = f"<bpmn:condition>=x &gt; {value}</bpmn:condition>"
        event = f"<bpmn:conditionalEventDefinition>{condition}</bpmn:conditionalEventDefinition>"
        boundary = f'<bpmn:boundaryEvent id="high" attachedToRef="task_a">{event}</bpmn:boundaryEvent>'
        return boundary + '<bpmn:endEvent id="e2"/><bpmn:sequenceFlow id="h" sourceRef="high" targetRef="e2"/>'

    world.deploy(review("task_a"))
    instance = world.start("review", x=5)
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)
    world.deploy(review("task_a", extra=high(3)))

    operator(instance)

    assert (world.instance(instance).status, world.open(instance)) == ("suspended", ["task_a"])
    world.engine.execute(ActivateInstance(instance_id=instance), by=NURSE)
    assert (world.instance(instance).status, world.instance(instance).end_events) == ("completed", ["e2"])


def test_an_ended_instance_and_one_that_is_there_already_are_conflicts(world, operator):
    world.deploy(review("task_a"))
    instance = world.start("review")
    with pytest.raises(Conflict) as there:
        operator(instance)
    world.complete(instance, "task_a")
    world.deploy(review("task_b"))

    with pytest.raises(Conflict) as ended:
        operator(instance)

    assert (there.value.code, ended.value.code) == ("version-unchanged", "instance-ended")


def test_what_does_not_exist_is_not_found(world, operator):
    world.deploy(review("task_a"))
    with pytest.raises(NotFound):
        operator(uuid4())
    with pytest.raises(NotFound):
        operator(world.start("review"), version=9)
