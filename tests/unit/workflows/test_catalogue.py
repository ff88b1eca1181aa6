"""Every message M-01…M-20 and every clock T-01…T-22 has a row, and every row a test that exists and is about it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

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
