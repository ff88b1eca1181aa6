"""What was typed and not sent, when a plan that changes closes the task."""

from decimal import Decimal

import pytest

from engine.commands.contracts import PublishMessage, SaveDraft, TerminateInstance
from tests.store.store_kit import NURSE, ONE_TASK, bpmn, message, user_task

TYPED = {"sbp": Decimal("120"), "note": "半张"}


def replanned(again: str) -> bytes:
    """A task that a message closes; then the task `again`, which may be the same one."""
    second = "" if again == "task_a" else user_task("task_b").replace("@", "<bpmn:incoming>f3</bpmn:incoming>")
    back = "<bpmn:incoming>f3</bpmn:incoming>" if again == "task_a" else ""
    return bpmn(
        "replanned",
        '<bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>'
        + user_task("task_a").replace("@", f"<bpmn:incoming>f1</bpmn:incoming>{back}<bpmn:outgoing>f2</bpmn:outgoing>")
        + '<bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>'
        + '<bpmn:boundaryEvent id="moved" attachedToRef="task_a"><bpmn:outgoing>f3</bpmn:outgoing>'
        + '<bpmn:messageEventDefinition id="moved_d" messageRef="m1"/></bpmn:boundaryEvent>'
        + second
        + '<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="task_a"/>'
        + '<bpmn:sequenceFlow id="f2" sourceRef="task_a" targetRef="end"/>'
        + f'<bpmn:sequenceFlow id="f3" sourceRef="moved" targetRef="{again}"/>',
        message("dates_moved"),
    )


def typed(world, instance):
    task = world.tasks(instance)[0]
    world.engine.execute(SaveDraft(user_task_id=task.id, draft=TYPED), by=NURSE)
    return task


@pytest.mark.parametrize("again, draft, left", [("task_a", TYPED, None), ("task_b", None, TYPED)])
def test_a_draft_goes_to_the_task_that_is_opened_anew_else_stays_with_the_one_that_was_closed(
    world, again, draft, left
):
    world.deploy(replanned(again))
    instance = world.start("replanned", case="c-1")
    first = typed(world, instance)

    world.engine.execute(PublishMessage(name="dates_moved", key="c-1"), by=NURSE)

    (opened,) = world.tasks(instance)
    (closed,) = world.tasks(instance, state="cancelled")
    assert (opened.element_id, opened.draft) == (again, draft)
    assert opened.id != first.id == closed.id
    assert closed.draft == left


def test_a_draft_stays_with_a_task_whose_case_is_ended(world):
    world.deploy(ONE_TASK)
    instance = world.start("one_task")
    typed(world, instance)

    world.engine.execute(TerminateInstance(instance_id=instance, reason="moved away"), by=NURSE)

    assert [task.draft for task in world.tasks(instance, state="cancelled")] == [TYPED]


CHILDREN = bpmn(
    "children",
    '<bpmn:startEvent id="start"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>'
    '<bpmn:subProcess id="each"><bpmn:incoming>f1</bpmn:incoming><bpmn:incoming>f3</bpmn:incoming>'
    "<bpmn:outgoing>f2</bpmn:outgoing>"
    + "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics"
    + ' inputCollection="=[1,2]" inputElement="child"/>'
    + "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    + '<bpmn:startEvent id="begin"><bpmn:outgoing>g1</bpmn:outgoing></bpmn:startEvent>'
    + user_task("task_child").replace("@", "<bpmn:incoming>g1</bpmn:incoming><bpmn:outgoing>g2</bpmn:outgoing>")
    + '<bpmn:endEvent id="over"><bpmn:incoming>g2</bpmn:incoming></bpmn:endEvent>'
    + '<bpmn:sequenceFlow id="g1" sourceRef="begin" targetRef="task_child"/>'
    + '<bpmn:sequenceFlow id="g2" sourceRef="task_child" targetRef="over"/></bpmn:subProcess>'
    + '<bpmn:boundaryEvent id="moved" attachedToRef="each"><bpmn:outgoing>f3</bpmn:outgoing>'
    + '<bpmn:messageEventDefinition id="moved_d" messageRef="m1"/></bpmn:boundaryEvent>'
    + '<bpmn:endEvent id="end"><bpmn:incoming>f2</bpmn:incoming></bpmn:endEvent>'
    + '<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="each"/>'
    + '<bpmn:sequenceFlow id="f2" sourceRef="each" targetRef="end"/>'
    + '<bpmn:sequenceFlow id="f3" sourceRef="moved" targetRef="each"/>',
    message("dates_moved"),
)


def test_what_was_typed_for_one_of_two_children_is_never_put_into_the_others_form(world):
    world.deploy(CHILDREN)
    instance = world.start("children", case="c-1")
    first = typed(world, instance)

    world.engine.execute(PublishMessage(name="dates_moved", key="c-1"), by=NURSE)

    assert [task.draft for task in world.tasks(instance)] == [None, None]
    assert {task.id: task.draft for task in world.tasks(instance, state="cancelled")}[first.id] == TYPED
