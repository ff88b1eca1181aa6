"""One command, one transaction: what a step leaves behind, and what it refuses."""

from decimal import Decimal
from uuid import uuid4

import pytest

from engine.commands.contracts import (
    ActivateInstance,
    ClaimUserTask,
    CompleteUserTask,
    PublishMessage,
    ReleaseUserTask,
    SaveDraft,
    SetVariables,
    StartInstance,
    SuspendInstance,
    TerminateInstance,
)
from engine.errors import Conflict, NotFound, Stale
from engine.rehearsal.drawing import diagram, end, process, script, start, user
from engine.store import reads
from engine.store.wire import Wire
from tests.store.store_kit import NURSE, ONE_TASK, TWO_TASKS


def test_a_step_closes_its_task_opens_the_next_and_writes_who_did_what(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks", weight=Decimal("64.50"))

    done = world.complete(instance, "task_a", colour="green")

    assert world.open(instance) == ["task_b"]
    assert world.variables(instance) == {"weight": Decimal("64.50"), "colour": "green"}
    assert done.opened_user_task_ids == (world.tasks(instance)[0].id,)
    closed = world.tasks(instance, state="completed")[0]
    assert (closed.element_id, closed.completed_by, closed.completed_at) == ("task_a", "nurse-1", world.clock.now)
    assert ("task_a", "completed", "nurse-1") in [(h.path, h.event, h.by) for h in world.history(instance)]


def test_a_step_asks_the_server_twice_and_no_more(world, monkeypatch):
    """What is read, then what is saved and committed: each further question would cost as much as the interpreter."""
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    task = world.tasks(instance)[0]
    asked = []

    def noted(name):
        own = getattr(Wire, name)

        def waits(wire, *more):
            asked.append(name)
            return own(wire, *more)

        return waits

    for name in ("read_until", "commit", "leave"):
        monkeypatch.setattr(Wire, name, noted(name))

    world.engine.execute(CompleteUserTask(user_task_id=task.id, variables={"a": 1}), by=NURSE)

    assert asked == ["read_until", "commit"]


def test_an_instance_ends_when_its_last_wait_is_served(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task")

    world.complete(instance, "task_a")

    ended = world.instance(instance)
    assert (ended.status, ended.ended_at, ended.end_events) == ("completed", world.clock.now, ["end"])


def test_completing_a_task_twice_is_a_conflict_and_changes_nothing(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")
    done = world.complete(instance, "task_a")
    before = world.instance(instance)

    with pytest.raises(Conflict) as refused:
        world.engine.execute(CompleteUserTask(user_task_id=done.user_task_id), by=NURSE)

    assert refused.value.code == "task-not-open"
    assert world.instance(instance) == before


def test_a_task_that_does_not_exist_is_not_found(world):
    with pytest.raises(NotFound):
        world.engine.execute(CompleteUserTask(user_task_id=uuid4()), by=NURSE)


def test_a_stale_revision_is_refused(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    task = world.tasks(instance)[0]
    world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-1"), by=NURSE)

    with pytest.raises(Stale):
        world.engine.execute(CompleteUserTask(user_task_id=task.id, expected_revision=task.revision), by=NURSE)

    assert world.open(instance) == ["task_a"]


def test_a_claimed_task_is_somebody_elses_until_it_is_released_or_taken_over(world):
    world.deploy(ONE_TASK)
    task = world.tasks(world.start("one_task"))[0]
    world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-1"), by=NURSE)

    with pytest.raises(Conflict):
        world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-2"), by=NURSE)

    taken = world.engine.execute(ClaimUserTask(user_task_id=task.id, assignee="nurse-2", take_over=True), by=NURSE)
    released = world.engine.execute(ReleaseUserTask(user_task_id=task.id), by=NURSE)
    assert (taken.assignee, taken.revision) == ("nurse-2", 3)
    assert (released.state, released.assignee, released.revision) == ("created", None, 4)


def test_a_draft_is_kept_and_does_not_make_the_page_stale(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    task = world.tasks(instance)[0]

    world.engine.execute(SaveDraft(user_task_id=task.id, draft={"hb": Decimal("110.0")}), by=NURSE)

    assert world.tasks(instance)[0].draft == {"hb": Decimal("110.0")}
    world.engine.execute(CompleteUserTask(user_task_id=task.id, expected_revision=task.revision), by=NURSE)
    assert world.tasks(instance, state="completed")[0].draft is None


def test_a_suspended_instance_refuses_every_step_until_it_is_activated(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    world.engine.execute(SuspendInstance(instance_id=instance), by=NURSE)

    with pytest.raises(Conflict) as refused:
        world.complete(instance, "task_a")
    assert refused.value.code == "suspended"

    world.engine.execute(ActivateInstance(instance_id=instance), by=NURSE)
    world.complete(instance, "task_a")
    assert world.instance(instance).status == "completed"


def test_terminating_an_instance_cancels_what_waits_in_it(world):
    world.deploy(TWO_TASKS)
    instance = world.start("two_tasks")

    world.engine.execute(TerminateInstance(instance_id=instance, reason="moved away"), by=NURSE)

    assert world.instance(instance).status == "terminated"
    assert [t.state for t in world.tasks(instance, state=None)] == ["cancelled"]
    with pytest.raises(Conflict):
        world.engine.execute(TerminateInstance(instance_id=instance), by=NURSE)


def test_a_number_of_thousands_of_digits_stops_nobody(world):
    xml = diagram(
        process("main", start("s"), script("grown", "10 ** 5000", "grown"), user("a"), user("b"), end("e"),
                "s -> grown -> a -> b -> e")
    )  # fmt: skip
    world.deploy(xml)
    instance = world.start("main", given=Decimal("1E+6000"), tiny=Decimal("1E-6100"))

    world.complete(instance, "a")

    assert world.open(instance) == ["b"]
    assert world.variables(instance) == {
        "given": Decimal("1E+6000"),
        "grown": Decimal("1E+5000"),
        "tiny": Decimal("1E-6100"),
    }


def test_variables_can_be_set_from_outside(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task", stage="registered")

    world.engine.execute(SetVariables(instance_id=instance, variables={"stage": "graded"}), by=NURSE)

    assert world.variables(instance) == {"stage": "graded"}


def test_one_case_has_one_open_instance_of_a_process(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task", business_key="p-1")

    with pytest.raises(Conflict) as refused:
        world.start("one_task", business_key="p-1")
    assert refused.value.code == "business-key-taken"

    world.complete(instance, "task_a")
    assert world.start("one_task", business_key="p-1") != instance


def test_a_running_instance_stays_on_its_version(world):
    world.deploy(ONE_TASK)
    old = world.start("one_task")
    world.deploy(ONE_TASK.replace(b'name="task_a"', b'name="renamed"'))

    new = world.start("one_task")

    assert [world.instance(i).definition_version for i in (old, new)] == [1, 2]
    assert [world.tasks(i)[0].name for i in (old, new)] == ["task_a", "renamed"]


def test_starting_what_is_not_deployed_is_not_found(world):
    with pytest.raises(NotFound):
        world.engine.execute(StartInstance(definition_key="nothing"), by=NURSE)


def test_regions_do_not_see_each_other(make_world):
    north, south = make_world(region_id="north"), make_world(region_id="south")
    north.deploy(ONE_TASK)
    instance = north.start("one_task", case="p-1")
    task = north.tasks(instance)[0]

    assert south.instance(instance) is None
    with pytest.raises(NotFound):
        south.engine.execute(CompleteUserTask(user_task_id=task.id), by=NURSE)
    assert south.engine.execute(PublishMessage(name="anything", key="p-1"), by=NURSE).result == "buffered"


def test_the_work_list_is_filtered_and_paged(world):
    world.deploy(ONE_TASK)
    for number in range(5):
        world.start("one_task", business_key=f"p-{number}", colour="red" if number == 3 else "green")

    with world.engine.read() as conn:
        first = reads.user_tasks(conn, "test-region", limit=2)
        second = reads.user_tasks(conn, "test-region", limit=2, after=first.next)
        last = reads.user_tasks(conn, "test-region", limit=2, after=second.next)
        red = reads.user_tasks(conn, "test-region", variables={"colour": "red"})
        anybodys = reads.user_tasks(conn, "test-region", organisations=["org-x"])

    assert [len(page.items) for page in (first, second, last)] == [2, 2, 1]
    assert len({task.id for page in (first, second, last) for task in page.items}) == 5
    assert (first.total, last.next) == (5, None)
    assert [task.business_key for task in red.items] == ["p-3"]
    assert len(anybodys.items) == 5  # no organisation is named: found by their role
