"""A01-A05 where they touch a diagram: forty hostile files, each refused with its place, at once, in little memory."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.interpreter.contracts import WaitKind
from engine.model import read_bpmn
from engine.problems import Problem, Refused
from tests.cost import processor_seconds
from tests.process.play import (
    Play,
    boundary,
    catch,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    event_start,
    event_sub,
    inclusive,
    io,
    message,
    play,
    process,
    script,
    start,
    sub,
    timer,
    user,
    xor,
)

LONGEST_S = 1.0
MOST_MB = 50
REPOSITORY = Path(__file__).resolve().parents[2]


def entities(levels: int) -> bytes:
    """Billion laughs: each entity ten times the one before."""
    lines = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, levels))
    return f'<!DOCTYPE d [<!ENTITY l0 "lol">{lines}]><d>&l{levels - 1};</d>'.encode()


def quadratic() -> bytes:
    """One entity of 200 KB, 2,000 times."""
    return f'<!DOCTYPE d [<!ENTITY a "{"a" * 200_000}">]><d>{"&a;" * 2_000}</d>'.encode()


def main(*parts: str) -> bytes:
    declared = declare({"m": '="k"', "bad": "=__import__('os')"}, signals="sig")
    return diagram(declared, process("main", start("s"), end("e"), *parts))


def with_task(inside: str = "", ext: str = "", **attributes: str) -> bytes:
    return main(user("a", inside, ext, **attributes), "s -> a -> e")


def timed(text: str, sort: str = "timeDuration") -> bytes:
    return main(catch("t", timer(text, sort)), "s -> t -> e")


def cycled(text: str) -> bytes:
    guard = boundary("t", "a", timer(text, "timeCycle"), interrupting=False)
    return main(user("a"), guard, "s -> a -> e; t -> e")


def many(make: Callable[[int], str], count: int) -> bytes:
    chain = " -> ".join(["s", *(f"a{i}" for i in range(count)), "e"])
    return main(*(make(i) for i in range(count)), chain)


XI = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
STYLE = b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>'
PYTHON = "__import__('os').system('touch /tmp/owned')"
CALENDAR = '<yuntu:calendar id="nowhere"/>'

# name -> (file, element that must be named or None for the file itself, codes of which one must be given)
HOSTILE: dict[str, tuple[Callable[[], bytes], str | None, set[str]]] = {
    # A01: XML
    "an entity from a file": (lambda: b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>', None,
                              {"doctype", "not_xml"}),
    "an entity from the network": (lambda: b'<!DOCTYPE d [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><d>&x;</d>', None,
                                   {"doctype", "not_xml"}),
    "a parameter entity": (lambda: b'<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/e.dtd"> %p;]><d/>', None,
                           {"doctype", "not_xml"}),
    "a DTD from the network": (lambda: b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd"><d/>', None, {"doctype"}),
    "a harmless DOCTYPE": (lambda: b"<!DOCTYPE definitions><definitions/>", None, {"doctype"}),
    "a billion laughs": (lambda: entities(10), None, {"doctype", "not_xml"}),
    "a quadratic blow-up": (quadratic, None, {"doctype", "not_xml"}),
    "an XInclude in a task": (lambda: main(XI, "s -> e").replace(b"</definitions>", b"<x/></definitions><y>"), None,
                              {"not_xml"}),
    "three hundred levels": (lambda: b"<a>" * 300 + b"</a>" * 300, None, {"too_deep", "not_xml"}),
    "a hundred thousand open elements": (lambda: b"<a>" * 100_000, None, {"not_xml"}),
    "twenty megabytes": (lambda: b"<a>" + b"x" * 20_000_000 + b"</a>", None, {"too_large"}),
    "one attribute of four megabytes": (lambda: b'<a b="' + b"x" * 4_000_000 + b'"/>', None, {"not_bpmn", "not_xml"}),
    "a hundred thousand attributes": (lambda: b"<a " + b" ".join(b'a%d=""' % i for i in range(100_000)) + b"/>", None,
                                      {"not_bpmn", "not_xml"}),
    "UTF-7 said to be XML": (lambda: b'<?xml version="1.0" encoding="UTF-7"?>+ADw-a/+AD4-', None, {"not_xml"}),
    "UTF-16 with a DOCTYPE in it": (lambda: '<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>'.encode("utf-16"), None,
                                    {"doctype", "not_xml"}),
    "a lie about its encoding": (lambda: b'<?xml version="1.0" encoding="utf-16"?><a/>', None, {"not_xml"}),
    "no namespace": (lambda: b"<definitions><process/></definitions>", None, {"not_bpmn"}),
    "a zero byte": (lambda: b"<a>\x00</a>", None, {"not_xml"}),
    # A02: program code in every place
    "Python in a script task": (lambda: main(el("scriptTask", "a", f"<script>{PYTHON}</script>",
                                scriptFormat="python"), "s -> a -> e"), "a", {"script_language"}),
    "Python said to be FEEL": (lambda: main(el("scriptTask", "a", f"<script>{PYTHON}</script>"), "s -> a -> e"), "a",
                               {"feel_invalid"}),
    "Python in a condition": (lambda: main(xor("g", "d"), f"s -> g; g -[f: {PYTHON}]-> e; g -[d:]-> e"), "f",
                              {"feel_invalid"}),
    "a condition in another language": (lambda: main(xor("g", "d"), "s -> g; g -[d:]-> e",
        '<sequenceFlow id="f" sourceRef="g" targetRef="e"><conditionExpression language="python">True'
        "</conditionExpression></sequenceFlow>"), "f", {"script_language"}),
    "Python in a timer": (lambda: timed(f"={PYTHON}"), "t", {"feel_invalid"}),
    "Python in a cardinality": (lambda: with_task("<multiInstanceLoopCharacteristics><loopCardinality>"
        f"{PYTHON}</loopCardinality></multiInstanceLoopCharacteristics>"), "a", {"feel_invalid"}),
    "Python in a completion condition": (lambda: with_task(each("=[1]", completion=PYTHON)), "a", {"feel_invalid"}),
    "Python in a correlation key": (lambda: main(catch("c", message("bad")), "s -> c -> e"), "c", {"feel_invalid"}),
    "Python in a mapping": (lambda: with_task(ext=io({"x": f"={PYTHON}"})), "a", {"feel_invalid"}),
    "Python in a conditional event": (lambda: main(catch("c", condition(PYTHON)), "s -> c -> e"), "c",
                                      {"feel_invalid"}),
    "Python in a data association": (lambda: with_task("<dataInputAssociation id='d'><assignment><from>"
        f"{PYTHON}</from></assignment></dataInputAssociation>"), "a", {"data_assignment"}),
    "a Java class": (lambda: main('<serviceTask id="a" camunda:class="java.lang.Runtime"/>', "s -> a -> e"), "a",
                     {"foreign_behaviour"}),
    "a listener with a script": (lambda: with_task(ext="<camunda:executionListener event='start'/>"), "a",
                                 {"listener"}),
    # A03 to A05: bombs
    "a million parentheses": (lambda: main(xor("g", "d"), f"s -> g; g -[f: {'(' * 1_000_000}]-> e; g -[d:]-> e"), "f",
                              {"feel_invalid"}),
    "a thousandth of a second, for ever": (lambda: cycled("R/PT0.001S"), "t", {"timer_invalid"}),
    "no time at all, for ever": (lambda: cycled("R/PT0S"), "t", {"timer_invalid"}),
    "every second by cron": (lambda: cycled("* * * * * *"), "t", {"timer_invalid"}),
    "ten million years": (lambda: timed("P9999999Y"), "t", {"timer_invalid"}),
    "a billion days": (lambda: timed("P999999999D"), "t", {"timer_invalid"}),
    "a negative cycle": (lambda: cycled("R/-P1D"), "t", {"timer_invalid"}),
    "a million repetitions": (lambda: cycled("R1000000/PT1M"), "t", {"timer_invalid"}),
    "a date that is none": (lambda: timed("2026-02-30T08:00:00", "timeDate"), "t", {"timer_invalid"}),
    "a calendar that is none": (lambda: main(catch("t", timer("P1D"), CALENDAR), "s -> t -> e"), "t",
                                {"calendar_unknown"}),
    "ten thousand tasks": (lambda: many(lambda i: user(f"a{i}"), 10_000), "main", {"too_many_elements"}),
    "a thousand inclusive joins": (lambda: many(lambda i: inclusive(f"a{i}"), 1_000), "main", {"too_many_inclusive"}),
    "a thousand processes": (lambda: diagram(*(process(f"p{i}", start(f"s{i}"), end(f"e{i}"), f"s{i} -> e{i}")
                             for i in range(1_000))), None, {"too_many_processes"}),
    "a script as an id of nobody": (lambda: main(el("userTask", "a", "", "", default="${7*7}"), "s -> a -> e"), "a",
                                    {"default_unknown"}),
}  # fmt: skip


def refused(xml: bytes) -> list[Problem]:
    with pytest.raises(Refused) as found:
        read_bpmn(xml)
    return list(found.value.problems)


@pytest.fixture
def no_network(monkeypatch):
    def connect(*_):
        raise AssertionError("somebody reached for the network")

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.parametrize("name", HOSTILE)
def test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place(name, no_network):
    make, place, codes = HOSTILE[name]
    xml = make()

    problems = refused(xml)

    assert {p.code for p in problems if p.element_id == place} & codes, [(p.element_id, p.code) for p in problems]
    assert all(p.message.zh and p.message.en and len(p.message.zh) < 1_000 for p in problems)
    assert processor_seconds(lambda: refused(xml), LONGEST_S) <= LONGEST_S


def test_there_are_forty_hostile_files_at_least():
    assert len(HOSTILE) >= 40


MEASURE = """
import resource, sys
from engine.model import read_bpmn
from engine.problems import Refused
from tests.process.test_hostile_files import HOSTILE
files = [make() for make, _, _ in HOSTILE.values()]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for xml in files:
    try:
        read_bpmn(xml)
        sys.exit(1)
    except Refused:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_all_of_them_together_cost_little_memory():
    """In a process of its own: the peak beyond what making the files took."""
    answer = subprocess.run([sys.executable, "-c", MEASURE], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert int(answer.stdout) <= MOST_MB


@pytest.mark.parametrize("text", [PYTHON, "${7*7}", "{{secrets.KEY}}", "=1+1", "#{T(java.lang.Runtime)}"])
def test_a02_program_code_in_values_is_kept_as_it_is_and_never_evaluated(text):
    p = play(start("s"), user("a", ext=io({"here": "=given"}, {"there": "=here"})), end("e"), "s -> a -> e",
             variables={"given": text})  # fmt: skip

    p.complete("a", answer=text)

    assert p.variables["there"] == text


@pytest.mark.parametrize("name", ["${7*7}", "<img src=x onerror=alert(1)>", "{{secrets.KEY}}"])
def test_a02_program_code_in_a_name_is_a_name(name):
    p = play(start("s"), user("a", name=name), end("e"), "s -> a -> e")

    assert p.waits(WaitKind.USER_TASK)[0].data["name"] == name


@pytest.mark.parametrize(
    "bomb",
    [
        "count(for a in 1..9999, b in 1..9999, c in 1..9999 return a)",
        "count(for a in 1..100000000 return a)",
        'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "(a+)+$")',
        'string length(string join(for i in 1..9999 return "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"))',
    ],
)
def test_a03_an_expression_without_end_is_an_incident_in_a_moment(bomb):
    def meet() -> Play:
        return play(start("s"), user("a", ext=io({"x": f"={bomb}"})), end("e"), "s -> a -> e")

    p = meet()

    assert p.incidents == ["a"] or p.open == ["a"]
    assert processor_seconds(meet, LONGEST_S) <= LONGEST_S


@pytest.mark.parametrize("cycle", ["R/PT0.001S", "R/PT0S", "R/PT1S", "R1000000/PT1M", "* * * * * *", "R/-P1D"])
def test_a04_a_cycle_without_rest_that_only_its_value_tells_is_an_incident(cycle):
    guard = boundary("t", "a", timer("=beat", "timeCycle"), interrupting=False)

    p = play(start("s"), user("a"), guard, end("e"), "s -> a -> e; t -> e", variables={"beat": cycle})

    assert p.incidents, "nothing fires, and somebody is told"
    assert p.due == {}


def test_a04_a_date_long_past_is_due_at_once_and_once():
    p = play(start("s"), catch("t", timer("1999-12-31T23:59:59", "timeDate")), user("a"), end("e"), "s -> t -> a -> e")

    p.fire("t")

    assert (p.open, p.due) == (["a"], {})


def test_a05_ten_million_runs_are_an_incident():
    p = play(start("s"), user("a", each("=items")), end("e"), "s -> a -> e", variables={"items": list(range(10_001))})

    assert p.incidents == ["a"]


def test_a05_a_loop_of_conditional_events_that_feed_each_other_ends_as_an_incident():
    """Each event sub-process sets what the other waits for."""
    feeding = [
        event_sub(
            f"es{i}",
            event_start(f"x{i}", condition(f"v = {i}"), interrupting=False),
            script(f"sc{i}", f"{1 - i}", "v"),
            end(f"xe{i}"),
            f"x{i} -> sc{i} -> xe{i}",
        )
        for i in (0, 1)
    ]

    p = play(start("s"), sub("sp", start("is"), user("a"), end("ie"), "is -> a -> ie", *feeding), end("e"),
             "s -> sp -> e", variables={"v": 0})  # fmt: skip

    assert "step_budget" in {wait.data["code"] for wait in p.waits(WaitKind.INCIDENT)}
