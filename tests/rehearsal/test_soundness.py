"""What a diagram can come to: every planted fault is found and can be watched, sound diagrams have none."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

import engine.rehearsal.soundness as soundness
from engine.rehearsal import Library
from engine.rehearsal.drawing import (
    call,
    diagram,
    end,
    event_start,
    event_sub,
    flows,
    fork,
    process,
    script,
    start,
    timer,
    xor,
)
from engine.rehearsal.scenario import play
from engine.rehearsal.soundness import KINDS, examine
from engine.twin.rewrite import rewrite
from engine.twin.walk import guesses_for
from runtime.benchmarks.planted_diagrams import SOUND, UNSOUND, planted, task, tasks
from runtime.benchmarks.soundness import LONGEST_S, is_found, look_at, product_diagrams
from runtime.cli import main


def searched(xml: bytes, **budget):
    library = Library()
    library.add_diagram(xml)
    closure = library.closure("main")
    return closure, examine(closure, guesses_for([rewrite(xml)]), **budget)


@pytest.mark.parametrize("case", planted(UNSOUND), ids=lambda case: case.name)
def test_every_planted_fault_is_found(case):
    found = look_at(case)

    assert is_found(case, found), [(f.kind, f.element_ids) for f in found.findings]


@pytest.mark.parametrize("case", planted(SOUND), ids=lambda case: case.name)
def test_a_sound_diagram_gives_no_alarm_and_is_searched_to_its_end(case):
    found = look_at(case)

    assert (found.findings, found.complete) == ([], True)


def test_the_faults_are_of_every_kind():
    assert {kind for case in planted(UNSOUND) for kind in case.kinds} == set(KINDS)


@pytest.mark.parametrize("case", planted(UNSOUND), ids=lambda case: case.name)
def test_a_finding_can_be_watched_as_a_scenario(case):
    closure, found = searched(case.xml)

    for finding in found.findings:
        if finding.scenario is not None:
            assert finding.confirmed, finding
            report = play(closure, finding.scenario)
            assert report.passed, (finding, report.expected, report.actual)


def test_the_way_to_a_finding_is_the_shortest():
    parts = [start("s"), task("ask"), xor("x"), tasks("a", "b"), fork("j"), end("e")]
    way = "s -> ask -> x; x -[red = true]-> a -> j; x -[red = false]-> b -> j; j -> e"

    _, found = searched(diagram(process("main", *parts, way)))

    stuck = next(f for f in found.findings if f.kind == "dead-join")
    assert stuck.element_ids == ("j",)
    assert stuck.path == ("user_task ask", "user_task a")
    assert stuck.scenario is not None
    assert stuck.scenario["steps"][-1] == {"expect": {"state": "active", "open": []}}


def test_choices_that_cannot_come_together_give_no_alarm():
    """The join has two tokens exactly when there were two branches: both gateways read the same value."""
    parts = [start("s"), tasks("ask", "c"), xor("x", "d"), fork("f"), fork("j"), xor("y", "d2"), end("e"), end("e2")]
    way = """s -> ask -> f; f -> x; f -> y; x -[both = true]-> j; x -[d:]-> e2
             y -[both = true]-> j; y -[d2:]-> e2; j -> c -> e"""

    _, found = searched(diagram(process("main", *parts, way)))

    assert found.findings == []


def test_a_value_that_the_diagram_works_out_itself_does_not_fall_either_way():
    parts = [start("s"), task("ask"), script("sc", "1", "one"), xor("x", "d"), fork("j"), end("e")]
    way = "s -> ask -> sc -> x; x -[one = 2]-> j; x -[d:]-> e; j -> e; sc2 -> j"

    _, found = searched(diagram(process("main", *parts, script("sc2", "1", "two"), way)))

    assert [f.kind for f in found.findings] == ["unreachable"]


def test_a_search_that_ends_early_says_how_far_it_went():
    several = [tasks(f"a{i}") + f" {flows(f'f -> a{i}; a{i} -> j')}" for i in range(8)]
    xml = diagram(process("main", start("s"), fork("f"), *several, fork("j"), end("e"), "s -> f; j -> e"))

    _, found = searched(xml, limit=100)
    assert (found.complete, found.why) == (False, "limit")
    assert 100 <= found.states < 110


def test_what_a_called_process_does_is_searched_with_its_caller():
    child = process("child", start("cs"), tasks("a", "b"), xor("x"), fork("j"), end("ce"),
                    "cs -> x; x -[v = 1]-> a -> j; x -[v != 1]-> b -> j; j -> ce")  # fmt: skip
    xml = diagram(process("main", start("s"), call("c", "child"), end("e"), "s -> c -> e"), child)

    _, found = searched(xml)

    assert ("dead-join", ("c/j",)) in {(f.kind, f.element_ids) for f in found.findings}


@pytest.fixture
def in_parts(monkeypatch):
    """Nothing is little enough to be searched at once."""
    monkeypatch.setattr(soundness, "WHOLE", 0)


def told(found):
    return {(f.kind, f.element_ids) for f in found.findings}


def below(case):
    """The planted process, called by another."""
    library = Library()
    library.add_diagram(case.xml)
    library.add_diagram(diagram(process("outer", start("s"), call("c", "main"), end("e"), "s -> c -> e")))
    return library.closure("outer"), guesses_for([rewrite(case.xml)])


@pytest.mark.parametrize("case", planted(UNSOUND), ids=lambda case: case.name)
def test_what_is_planted_in_a_called_process_is_found_when_that_is_searched_apart(case, in_parts):
    closure, picks = below(case)
    parts = soundness.parts_of(closure)
    alone = {one for one in told(look_at(case)) if KINDS[one[0]][0] == "error"}

    apart = told(examine(closure, picks))

    if parts:  # else its error reaches the caller, and both are searched together
        seen = {(kind, tuple(f"c/{one}" for one in where)) for kind, where in alone if kind not in SEEN_AT_ROOT}
        assert seen <= apart


SEEN_AT_ROOT = {"unreachable", "unbounded"}  # of the drawing of the root alone, whoever calls it


@pytest.mark.parametrize("case", planted(SOUND), ids=lambda case: case.name)
def test_a_sound_process_is_sound_in_parts(case, in_parts):
    closure, picks = below(case)

    found = examine(closure, picks)

    assert (found.findings, found.complete) == ([], True)


LOOKS = event_sub("es", event_start("x", timer("P1D"), interrupting=False), task("t"), end("ye"), "x -> t -> ye")
STUCK = event_sub("es2", event_start("z", timer("P2D"), interrupting=False), task("u"), xor("g"), tasks("u1", "u2"),
                  fork("uj"), end("ze"),
                  "z -> u -> g; g -[v = 1]-> u1 -> uj; g -[v != 1]-> u2 -> uj; uj -> ze")  # fmt: skip


def test_event_sub_processes_that_touch_nothing_are_searched_apart_and_their_faults_found(in_parts):
    xml = diagram(process("main", start("s"), task("a"), end("e"), LOOKS, STUCK, "s -> a -> e"))

    _, found = searched(xml)

    assert found.complete and told(found) == {("dead-join", ("uj",)), ("unreachable", ("ze",))}
    finding = next(one for one in found.findings if one.kind == "dead-join")
    assert finding.path == ("timer z", "user_task u", "user_task u1")


def test_a_fault_beside_event_sub_processes_is_found_without_them(in_parts):
    quiet = event_sub("es3", event_start("q", timer("P3D"), interrupting=False), task("qt"), end("qe"), "q -> qt -> qe")
    way = "s -> a -> h; h -[v = 1]-> a1 -> aj; h -[v != 1]-> a2 -> aj; aj -> e"
    parts = [start("s"), task("a"), xor("h"), tasks("a1", "a2"), fork("aj"), end("e")]

    _, found = searched(diagram(process("main", *parts, LOOKS, quiet, way)))

    assert found.complete and told(found) == {("dead-join", ("aj",)), ("unreachable", ("e",))}


def test_an_end_that_takes_away_the_work_of_a_part_beside_it_is_told(in_parts):
    quiet = event_sub("es3", event_start("q", timer("P3D"), interrupting=False), end("qe"), "q -> qe")
    ends = end("e", "<terminateEventDefinition/>")

    _, found = searched(diagram(process("main", start("s"), task("a"), ends, LOOKS, quiet, "s -> a -> e")))

    assert found.complete and told(found) == {("ends-with-work-open", ("e", "t"))}


def test_parts_of_many_are_far_fewer_than_their_product():
    many = [
        event_sub(
            f"es{n}",
            event_start(f"x{n}", timer(f"P{n + 1}D"), interrupting=False),
            tasks(f"t{n}", f"u{n}"),
            end(f"y{n}"),
            f"x{n} -> t{n} -> u{n} -> y{n}",
        )
        for n in range(9)
    ]

    _, found = searched(diagram(process("main", start("s"), task("a"), end("e"), *many, "s -> a -> e")))

    assert (found.complete, found.findings) == (True, []) and found.states < 100


def test_the_diagrams_of_the_product_have_no_error_and_are_searched_to_their_end():
    for name, (seconds, found) in product_diagrams():
        assert [f for f in found.findings if f.severity == "error"] == [], name
        assert found.complete and seconds < LONGEST_S, (name, found.why, seconds)


def test_bpmn_check_tells_the_findings_with_their_scenario(tmp_path):
    case = planted(UNSOUND)[0]
    (tmp_path / "p.bpmn").write_bytes(case.xml)

    answer = CliRunner().invoke(main, ["bpmn", "check", str(tmp_path), "--json"])

    assert answer.exit_code == 1 and '"executable": true' in answer.output
    assert '"dead-join"' in answer.output
    assert '"scenario": {' in answer.output


def test_bpmn_check_tells_people_each_finding_in_two_languages_and_the_way_there(tmp_path):
    (tmp_path / "p.bpmn").write_bytes(planted(UNSOUND)[0].xml)

    answer = CliRunner().invoke(main, ["bpmn", "check", str(tmp_path)])

    assert answer.exit_code == 1
    assert "dead-join: 汇合" in answer.output and "can never fire" in answer.output
    assert "user_task " in answer.output


def test_bpmn_check_of_a_sound_diagram_ends_well(tmp_path):
    (tmp_path / "p.bpmn").write_bytes(diagram(process("main", start("s"), task("a"), end("e"), "s -> a -> e")))

    assert CliRunner().invoke(main, ["bpmn", "check", str(tmp_path)]).exit_code == 0
