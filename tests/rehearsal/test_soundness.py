"""The search of what a diagram can come to."""

from __future__ import annotations

from engine.rehearsal import Library
from engine.rehearsal.soundness import search
from tests.twin.diagrams import END, START, process, task


def searched(xml: bytes, *choices):
    library = Library()
    library.add_diagram(xml)
    return search(library.closure("p"), choices or [{}])


def test_a_join_that_waits_for_a_branch_not_taken_is_found_with_its_path():
    xml = process(
        START
        + task("ask")
        + '<bpmn:exclusiveGateway id="which"/>'
        + task("a")
        + '<bpmn:parallelGateway id="join"/>'
        + END,
        ("f1", "start", "ask"),
        ("f2", "ask", "which"),
        ("f3", "which", "a", "red = true"),
        ("f4", "which", "join", "red = false"),
        ("f5", "a", "join"),
        ("f6", "join", "end"),
    )

    result = searched(xml, {"red": True}, {"red": False})

    assert result.complete
    assert ("stuck", ("join",)) in {(f.kind, f.element_ids) for f in result.findings}
    assert ("user_task ask", "user_task a") in {f.path for f in result.findings}


def test_a_loop_that_nobody_can_leave_is_found():
    xml = process(START + task("a") + task("b"), ("f1", "start", "a"), ("f2", "a", "b"), ("f3", "b", "a"))

    assert {f.kind for f in searched(xml).findings} == {"cannot-end"}


def test_a_sound_diagram_has_no_findings_and_all_its_elements_are_reached():
    xml = process(START + task("a") + END, ("f1", "start", "a"), ("f2", "a", "end"))

    result = searched(xml)

    assert (result.complete, result.findings, result.visited) == (True, [], {"start", "a", "end"})
