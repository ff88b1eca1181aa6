"""Every message M-01…M-20 and every clock T-01…T-22 has a row, and every row a test that exists and is about it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml
from lxml import etree

from workflows import catalogue

ROOT = Path(__file__).parents[3]
ROWS = [*catalogue.messages(), *catalogue.clocks()]
SUFFIXES = {6: ("o", "r", "i"), 13: ("e", "p"), 14: ("", "h"), 15: ("a", "b"), 16: ("a", "b", "c"), 19: ("a", "b", "c")}


def test_every_message_and_clock_of_the_specification_has_a_row():
    assert [row.id for row in catalogue.messages()] == [f"M-{n:02}" for n in range(1, 21)]
    clocks = [f"T-{n:02}{more}" for n in range(1, 23) for more in SUFFIXES.get(n, ("",))]
    assert [row.id for row in catalogue.clocks()] == clocks


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_each_row_is_shown_by_a_test_that_exists(row):
    assert row.tests and all(row.says), row.id
    for test in row.tests:
        path, _, name = test.partition("::")
        assert (ROOT / path).exists(), test
        if name:
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, test


@pytest.mark.parametrize("row", catalogue.clocks(), ids=[row.id for row in catalogue.clocks()])
def test_the_scenario_of_a_clock_runs_a_diagram_or_a_rule_in_which_that_clock_stands(row):
    """`T-06o` stands as `T-06` where one task has both."""
    scenarios = [path for path in row.tests if path.startswith(catalogue.SCENARIOS)]

    word = row.stands or row.id.rstrip("abcehiopr")
    assert all(word in texts(ROOT / path) for path in scenarios), row.id


ROLE_OF = {
    "专职孕管员": "R-PM-F",
    "县孕管员": "R-PM-F",
    "兼职孕管员": "R-PM-P",
    "孕管员": "R-PM-F",
    "医务科": "R-MED",
    "分管院领导": "R-DIR",
    "妇幼股": "R-HCADM",
    "母婴安全管理办公室": "R-MSO",
    "产科医师": "R-OB",
    "妇幼专干": "R-MCHW",
    "助产士": "R-MIDW",
    "村医": "R-VDOC",
}
NS = {"bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL", "yuntu": "urn:yuntu:bpmn:1"}
# What the ladder alone brings to the next (T-03), what a called process does (T-08, T-21), and whole units.
ELSEWHERE = ("T-02", "T-03", "T-08", "T-18", "T-20", "T-21", "T-22")
OWNED = [row for row in catalogue.clocks() if row.id not in ELSEWHERE]


def roles_said(says):
    """The roles that a row names, the longer name before a shorter one that it holds."""
    found = set()
    for word in sorted(ROLE_OF, key=len, reverse=True):
        if word in says:
            found.add(ROLE_OF[word])
            says = says.replace(word, "")
    return found


def owners(clock):
    """Whom the tasks are for in which a clock stands, by its id or by its number."""
    found, word = set(), re.compile(rf"{clock}(?!\d)|{clock.rstrip('abcehiopr')}(?![\da-z])")
    for path in sorted((ROOT / "bpmn").glob("*.bpmn")):
        tree = etree.parse(path)
        lanes = {
            node.text: lane.find(".//yuntu:lane", NS).get("role")
            for lane in tree.iterfind(".//bpmn:lane", NS)
            for node in lane.iterfind("bpmn:flowNodeRef", NS)
        }
        for task in tree.iterfind(".//bpmn:userTask", NS):
            text = etree.tostring(task, encoding="unicode")
            if word.search(text):
                named = re.search(r"candidateGroups=(\"[^\"]*\"|'[^']*')", text)
                found |= set(re.findall(r"R-[A-Z]+(?:-[A-Z]+)?", named[1] if named else lanes[task.get("id")]))
    return found


@pytest.mark.parametrize("row", OWNED, ids=[row.id for row in OWNED])
def test_whom_a_clock_is_said_to_call_is_whom_the_diagrams_call(row):
    assert roles_said(row.says[-1]) <= owners(row.stands or row.id), owners(row.id)


DUTIES = {
    "T-06": {"R-MED"},
    "T-09": {"R-OB", "R-MED"},
    "T-12": {"R-MED", "R-PM-F"},
    "T-13e": {"R-MSO"},
    "T-16c": {"R-MIDW", "R-PM-P"},
    "T-19a": {"R-MED", "R-DIR"},
    "T-19b": {"R-MED"},
    "T-19c": {"R-MED", "R-DIR", "R-HCADM"},
}


@pytest.mark.parametrize(("clock", "roles"), DUTIES.items())
def test_whom_the_specification_gives_a_duty_has_a_task(clock, roles):
    """§4.2: who gets the task at expiry."""
    assert roles <= owners(clock)


def texts(scenario: Path) -> str:
    """The diagrams that a scenario file names, and those that they call."""
    said = yaml.safe_load(scenario.read_text(encoding="utf-8"))["diagram"]
    open_, seen = [scenario.parent / one for one in ([said] if isinstance(said, str) else said)], {}
    while open_:
        path = open_.pop().resolve()
        if path in seen or not path.exists():
            continue
        seen[path] = path.read_text(encoding="utf-8")
        called = seen[path].split('calledElement processId="')[1:]
        open_ += [path.parent / f"{one.partition(chr(34))[0]}.bpmn" for one in called]
    return "".join(seen.values())
