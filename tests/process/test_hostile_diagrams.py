"""F1-F13 where they touch a diagram: big, deep, endless or malicious input is refused or becomes an incident."""

from __future__ import annotations

import pytest

from engine.dmn import read_decisions
from engine.errors import Malformed
from engine.interpreter import decode, encode
from engine.interpreter.contracts import WaitKind
from engine.model import read_bpmn
from engine.problems import Refused
from engine.store import plain
from engine.timers import instant
from tests.cost import processor_seconds
from tests.process.play import (
    Play,
    boundary,
    call,
    catch,
    closure_of,
    diagram,
    each,
    el,
    end,
    fork,
    play,
    process,
    script,
    start,
    sub,
    timer,
    user,
    xor,
)


def _codes(xml: bytes) -> set[str]:
    with pytest.raises(Refused) as refused:
        read_bpmn(xml)
    return {problem.code for problem in refused.value.problems}


def test_f1_and_f2_a_long_loop_neither_ends_in_silence_nor_grows():
    p = play(
        start("s"),
        user("a"),
        script("n", "n + 1", "n"),
        xor("g", default="on"),
        end("e"),
        "s -> a -> n -> g; g -[n >= 1100]-> e; g -[on:]-> a",
        variables={"n": 0},
    )
    sizes = set()

    for _ in range(1_100):
        sizes.add(len(encode(p.now_state)))
        p.complete("a")

    assert p.state == "completed"
    assert max(sizes) < 200


def test_f3_five_hundred_elements_in_a_row_are_read_and_run():
    names = [f"n{i}" for i in range(500)]
    parts = [script(name, "1", "x") for name in names]

    p = play(start("s"), *parts, end("e"), " -> ".join(["s", *names, "e"]))

    assert p.state == "completed"


@pytest.mark.parametrize("cycle", ["R/PT0.001S", "R/PT0S", "R1000/PT0.001S", "R/PT1S"])
def test_f4_a_cycle_faster_than_a_minute_is_refused(cycle):
    parts = [
        start("s"),
        user("a"),
        end("e"),
        boundary("t", "a", timer(cycle, "timeCycle"), interrupting=False),
        "s -> a -> e; t -> e",
    ]

    assert _codes(diagram(process("main", *parts))) == {"timer_invalid"}


@pytest.mark.parametrize("duration", ["P9999999Y", "P999999999D"])
def test_f5_a_duration_beyond_ten_years_is_refused_at_once(duration):
    xml = diagram(process("main", start("s"), catch("t", timer(duration)), end("e"), "s -> t -> e"))

    assert _codes(xml) == {"timer_invalid"}
    assert processor_seconds(lambda: _codes(xml), 1) < 1


def test_f5_a_computed_duration_beyond_ten_years_is_an_incident():
    p = play(start("s"), catch("t", timer("=d")), end("e"), "s -> t -> e", variables={"d": "P9999999Y"})

    assert p.incidents == ["t"]
    assert p.set(d="P1D").retry("t").due == {"t": "2026-01-06T08:00:00+08:00"}


def test_f6_a_date_without_a_zone_is_due_by_the_clock_on_the_wall_in_china():
    p = play(start("s"), catch("t", timer("2026-01-08T08:00:00", "timeDate")), end("e"), "s -> t -> e")

    assert p.due == {"t": "2026-01-08T08:00:00+08:00"}


def test_f7_a_month_after_the_31st_of_january_is_the_last_of_february():
    p = play(start("s"), catch("t", timer('=duration("P1M")')), end("e"), "s -> t -> e", now=instant("2026-01-31"))

    assert p.due == {"t": "2026-02-28T00:00:00+08:00"}


@pytest.mark.parametrize(
    "policy, runs, due", [("fire_once", 1, "2026-01-09"), ("fire_all", 3, "2026-01-09"), ("skip", 0, "2026-01-09")]
)
def test_f8_after_three_days_down_the_misfire_policy_decides(policy, runs, due):
    ext = f'<yuntu:misfire policy="{policy}"/>'
    p = play(
        start("s"),
        user("a"),
        script("n", "n + 1", "n"),
        end("e"),
        "s -> a -> e; t -> n -> e",
        boundary("t", "a", timer("R5/P1D", "timeCycle"), interrupting=False, ext=ext),
        variables={"n": 0},
    )
    p.sleep("PT84H")

    while p.due["t"] <= p.now.isoformat():
        p.fire("t")

    assert (p.variables["n"], p.due["t"][:10]) == (runs, due)


def test_f9_an_endless_loop_costs_one_step_budget():
    def turn() -> Play:
        parts = "s -> m; m -[n >= 0]-> a; a -> m; m -[n < 0]-> e"
        return play(start("s"), script("a", "n + 1", "n"), xor("m"), end("e"), parts, variables={"n": 0})

    assert [wait.data["code"] for wait in turn().waits(WaitKind.INCIDENT)] == ["step_budget"]
    assert processor_seconds(turn, 2) < 2


def test_f9_a_process_that_calls_itself_twice_stays_small():
    p = play(
        start("s"), fork("f"), call("c1", "main"), call("c2", "main"), end("e"), "s -> f; f -> c1 -> e; f -> c2 -> e"
    )

    assert {wait.data["code"] for wait in p.waits(WaitKind.INCIDENT)} <= {"step_budget", "call_depth"}
    assert len(p.now_state.scopes) < 2_000


def test_f9_runs_within_runs_are_bounded():
    p = play(
        start("s"),
        sub(
            "sp",
            start("is"),
            user("a", each("=for i in 1..1000 return i")),
            end("ie"),
            "is -> a -> ie",
            loop=each("=for i in 1..30 return i"),
        ),
        end("e"),
        "s -> sp -> e",
    )

    assert len(p.now_state.scopes) < 13_000
    assert "too_large" in {wait.data["code"] for wait in p.waits(WaitKind.INCIDENT)}


BOMB = b"""<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><d>&b;</d>"""
OUTSIDE = b"""<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>"""


@pytest.mark.parametrize(
    "xml, codes",
    [
        (BOMB, {"doctype", "not_xml"}),
        (OUTSIDE, {"doctype", "not_xml"}),
        (b"", {"not_xml"}),
        (b"not xml", {"not_xml"}),
        (b"<a><b></a>", {"not_xml"}),
        (b"<a>" * 10_000, {"not_xml"}),
        (b"<a>" * 220 + b"</a>" * 220, {"too_deep"}),
        (b"<a>" + b" " * (5 * 1024 * 1024) + b"</a>", {"too_large"}),
        (b"<html/>", {"not_bpmn"}),
        (b"<a>\x00</a>", {"not_xml"}),
        (b"<a>\xff\xfe</a>", {"not_xml"}),
    ],
)
def test_f10_hostile_xml_is_refused(xml, codes):
    assert _codes(xml) <= codes


def test_a_diagram_without_an_executable_process_is_refused():
    assert _codes(diagram(process("main", start("s"), end("e"), "s -> e", executable=False))) == {"no_process"}


def test_f11_a_stored_state_is_data_of_a_known_version_and_nothing_in_it_is_run():
    p = play(start("s"), user("a"), end("e"), "s -> a -> e", variables={"x": "__import__('os')", "typename": "x"})
    stored = encode(p.now_state)

    assert decode(stored, p.variables) == p.now_state
    for damaged in (b"", b"\x00" + stored[1:], b"\xff" + stored[1:]):
        with pytest.raises(ValueError, match="codec version"):
            decode(damaged, {})


def test_f12_two_rows_that_match_under_unique_are_an_incident_that_names_them():
    table = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
      <decision id="risk" name="risk"><decisionTable id="t" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="ie" typeRef="number"><text>hb</text></inputExpression></input>
      <output id="o" name="level" typeRef="string"/>
      <rule id="r1"><inputEntry id="e1"><text>&lt; 110</text></inputEntry><outputEntry id="o1"><text>"low"</text>
      </outputEntry></rule>
      <rule id="r2"><inputEntry id="e2"><text>&lt; 70</text></inputEntry><outputEntry id="o2"><text>"severe"</text>
      </outputEntry></rule></decisionTable></decision></definitions>"""
    called = '<zeebe:calledDecision decisionId="risk" resultVariable="level"/>'
    xml = diagram(process("main", start("s"), el("businessRuleTask", "r", "", called), end("e"), "s -> r -> e"))
    decisions = {"risk": read_decisions(table.encode())}

    assert Play(closure_of(xml, decisions=decisions), {"hb": 100}).variables["level"] == "low"
    assert Play(closure_of(xml, decisions=decisions), {"hb": 60}).incidents == ["r"]


@pytest.mark.parametrize(
    "text",
    [
        *('{"a": NaN}', '{"a": Infinity}', '{"a": 1, "a": 2}', '"\\ud800"', '"\\u0000"', "[" * 70 + "]" * 70),
        *("1" * 5_000, "1e6145", "1e-6145", "1e99999999999999999999"),
    ],
)
def test_f13_json_that_another_reader_would_understand_differently_is_refused(text):
    with pytest.raises(Malformed):
        plain.loads(text)
