"""Two interpreters walk the same diagrams and stand at the same place after every move."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rehearsal import Library
from engine.twin import compare
from runtime.commands.shelf import Shelf, values_beside
from tests.twin.diagrams import END, START, process, task, timer

BPMN = Path(__file__).resolve().parent.parent.parent / "bpmn"


def compared(xml: bytes, *, paths: int = 25, twin_reads: bytes | None = None):
    library = Library()
    library.add_diagram(xml)
    return compare(library.closure("p"), "p", [twin_reads or xml], paths=paths)


@pytest.mark.parametrize("diagram", sorted(BPMN.glob("*.bpmn")), ids=lambda p: p.stem)
def test_both_interpreters_agree_on_each_diagram_of_the_pathway(diagram):
    shelf = Shelf([diagram])
    shelf.complete(diagram.stem)
    closure = shelf.library.closure(diagram.stem)
    start, known = values_beside(diagram)

    result = compare(closure, diagram.stem, shelf.diagrams(closure.programs), paths=15, variables=start, known=known)

    assert result.differences == []
    assert result.agreed == 15


def test_a_loop_a_parallel_block_and_a_late_reminder_run_alike():
    xml = process(
        START
        + task("visit")
        + timer("late", "visit", "P3D", interrupting=False)
        + task("remind")
        + '<bpmn:exclusiveGateway id="again"/><bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>'
        + task("mother")
        + task("child")
        + END,
        ("f1", "start", "visit"),
        ("f2", "visit", "again"),
        ("f3", "again", "visit", "visits < 3"),
        ("f4", "again", "fork", "visits >= 3"),
        ("f5", "fork", "mother"),
        ("f6", "fork", "child"),
        ("f7", "mother", "join"),
        ("f8", "child", "join"),
        ("f9", "join", "end"),
        ("f10", "late", "remind"),
    )

    result = compared(xml)

    assert (result.differences, result.agreed) == ([], 25)
    assert {"remind", "mother", "child", "end"} <= result.visited


def test_an_implicit_split_and_a_lone_conditional_flow_mean_the_same_to_both():
    xml = process(
        START + task("ask") + task("a") + task("b") + task("c") + END,
        ("f1", "start", "ask"),
        ("f2", "ask", "a"),
        ("f3", "ask", "b", "twins = true"),
        ("f4", "a", "c"),
        ("f5", "b", "end"),
        ("f6", "c", "end"),
    )

    assert compared(xml).differences == []


def test_an_event_sub_process_is_compared_while_it_runs():
    inner = (
        '<bpmn:subProcess id="listens" triggeredByEvent="true"><bpmn:startEvent id="told" isInterrupting="false">'
        '<bpmn:messageEventDefinition id="d" messageRef="m"/></bpmn:startEvent>'
        '<bpmn:userTask id="look_again"/><bpmn:endEvent id="looked"/>'
        '<bpmn:sequenceFlow id="i1" sourceRef="told" targetRef="look_again"/>'
        '<bpmn:sequenceFlow id="i2" sourceRef="look_again" targetRef="looked"/></bpmn:subProcess>'
    )
    message = (
        '<bpmn:message id="m" name="result"><bpmn:extensionElements><zeebe:subscription correlationKey="=case_id"/>'
        "</bpmn:extensionElements></bpmn:message>"
    )
    xml = process(START + task("wait") + END + inner, ("f1", "start", "wait"), ("f2", "wait", "end"), messages=message)

    result = compared(xml)

    assert result.differences == []
    assert "look_again" in result.visited


def test_a_different_reading_is_found_and_its_path_is_shown():
    def drawn(kind: str) -> bytes:
        return process(
            START + task("ask") + f'<bpmn:{kind} id="which"/>' + task("a") + task("b") + END,
            ("f1", "start", "ask"),
            ("f2", "ask", "which"),
            ("f3", "which", "a", "red = true"),
            ("f4", "which", "b", "red = false or red = true"),
            ("f5", "a", "end"),
            ("f6", "b", "end"),
        )

    result = compared(drawn("exclusiveGateway"), twin_reads=drawn("inclusiveGateway"))

    assert result.differences
    assert result.differences[0]["path"][0]["path"] == "ask"
    assert result.differences[0]["twin"] == ["a", "b"]


def test_a_loop_through_a_boundary_event_is_compared_up_to_its_second_round():
    """The library keeps the listener of the first round and leaves the activity of the second open."""
    loop = (
        '<bpmn:boundaryEvent id="again" attachedToRef="visit"><bpmn:messageEventDefinition id="d" messageRef="m"/>'
        "</bpmn:boundaryEvent>"
    )
    message = (
        '<bpmn:message id="m" name="changed"><bpmn:extensionElements><zeebe:subscription correlationKey="=case_id"/>'
        "</bpmn:extensionElements></bpmn:message>"
    )
    flows = [("f1", "start", "visit"), ("f2", "again", "visit"), ("f3", "visit", "end")]

    result = compared(process(START + task("visit") + loop + END, *flows, messages=message))

    assert (result.differences, result.agreed) == ([], 25)
    assert any("is not interrupted again" in reason for reason in result.stopped), result.stopped


JOB = (
    '<bpmn:serviceTask id="work"><bpmn:extensionElements><zeebe:taskDefinition type="x"/></bpmn:extensionElements>'
    "</bpmn:serviceTask>"
)
INSIDE = (
    '<bpmn:subProcess id="work"><bpmn:startEvent id="in"/><bpmn:sequenceFlow id="g1" sourceRef="in" targetRef="ask"/>'
    '<bpmn:userTask id="ask"/><bpmn:sequenceFlow id="g2" sourceRef="ask" targetRef="out"/>'
    '<bpmn:endEvent id="out">{end}</bpmn:endEvent></bpmn:subProcess>'
)
RAISING = "<bpmn:{0}EventDefinition {0}Ref='r'/>"


@pytest.mark.parametrize("kind", ["error", "escalation"])
@pytest.mark.parametrize("activity", [JOB, INSIDE.format(end=""), INSIDE.format(end=RAISING)])
def test_what_listens_for_an_error_or_an_escalation_is_no_wait_that_somebody_could_fire(activity, kind):
    caught = (
        f'<bpmn:boundaryEvent id="caught" attachedToRef="work"><bpmn:{kind}EventDefinition {kind}Ref="r"/>'
        '</bpmn:boundaryEvent><bpmn:endEvent id="end_caught"/>'
    )
    named = f'<bpmn:{kind} id="r" name="r" {kind}Code="R"/>'
    flows = [("f1", "start", "work"), ("f2", "caught", "end_caught"), ("f3", "work", "end")]

    result = compared(process(START + activity.format(kind) + caught + END, *flows, messages=named), paths=5)

    assert (result.differences, result.agreed, result.stopped) == ([], 5, {})


MESSAGE = '<bpmn:message id="m" name="asked"/>'
BY_MESSAGE = '<bpmn:startEvent id="asked"><bpmn:messageEventDefinition messageRef="m"/></bpmn:startEvent>'
DAILY = (
    '<bpmn:startEvent id="daily"><bpmn:timerEventDefinition><bpmn:timeCycle>R/P1D</bpmn:timeCycle>'
    "</bpmn:timerEventDefinition></bpmn:startEvent>"
)


@pytest.mark.parametrize("starts", [(BY_MESSAGE,), (DAILY,), (BY_MESSAGE, DAILY), (START, BY_MESSAGE, DAILY)])
def test_a_process_is_compared_by_whatever_begins_it(starts):
    names = [name for name, drawn in (("start", START), ("asked", BY_MESSAGE), ("daily", DAILY)) if drawn in starts]
    flows = [(f"b{number}", name, "visit") for number, name in enumerate(names)]
    xml = process("".join(starts) + task("visit") + END, *flows, ("f", "visit", "end"), messages=MESSAGE)

    result = compared(xml, paths=5)

    assert (result.differences, result.agreed, result.stopped) == ([], 5, {})
    assert "end" in result.visited


def test_a_second_token_of_one_flow_at_a_parallel_join_is_a_known_defect():
    gateways = "".join(f'<bpmn:parallelGateway id="{name}"/>' for name in ("fork", "join"))
    merge = '<bpmn:exclusiveGateway id="merge"/>'
    drawn = START + gateways + merge + task("a") + task("b") + task("c") + END
    flows = ["start fork", "fork a", "fork b", "fork c", "a merge", "b merge", "merge join", "c join", "join end"]

    result = compared(process(drawn, *((f"f{n}", *flow.split()) for n, flow in enumerate(flows))))

    assert result.differences == []
    assert any("two tokens of one flow" in reason for reason in result.stopped), result.stopped


def test_a_condition_in_the_words_of_another_vendor_is_compared_as_our_reader_understands_it():
    def drawn(written: str) -> bytes:
        return process(
            START + task("ask") + '<bpmn:exclusiveGateway id="g" default="f4"/>' + task("a") + END,
            ("f1", "start", "ask"),
            ("f2", "ask", "g"),
            ("f3", "g", "a", "XX"),
            ("f4", "g", "end"),
            ("f5", "a", "end"),
        ).replace(b"=XX", written.encode())

    result = compared(drawn("${red == true}"))

    assert (result.differences, result.agreed) == ([], 25)
    assert "a" in result.visited
