"""`docs/pathway/acceptance.md`: every acceptance scenario, clause by clause, with a test that is there and can fail."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/pathway/acceptance.md"
ROW = re.compile(r"^\| (AC-\d\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")
SCENARIOS = {f"AC-{number:02}" for number in range(1, 35)}
CLAIMS = ("assert", "raises", "expect(", "finished(", "assert_sound(")


def rows():
    return [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


@cache
def functions(path):
    """Name of a test -> its source."""
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    found = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_source_segment(text, node) or "" for node in found}


def test_every_acceptance_scenario_has_its_row():
    assert {scenario for scenario, _, _ in rows()} == SCENARIOS


@pytest.mark.parametrize(("scenario", "clause", "tests"), rows(), ids=lambda cell: cell[:24])
def test_the_named_tests_exist_and_claim_something(scenario, clause, tests):
    named = NAMED.findall(tests)
    assert named, f"{scenario} {clause}: no test"
    for name in named:
        if name.endswith(".yaml"):
            assert "expect:" in (ROOT / "tests/bpmn/scenarios" / name).read_text(encoding="utf-8"), name
            continue
        path, _, function = name.partition("::")
        assert function in functions(path), name
        assert any(claim in functions(path)[function] for claim in CLAIMS), f"{name} cannot fail"


def test_a_test_that_bears_the_name_of_a_scenario_stands_on_the_page():
    """The other way round: whoever adds one says which clause it holds."""
    page = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"::(test_ac_?\d\d\w+)", page))
    unnamed = [
        name
        for path in sorted((ROOT / "tests/journey").glob("test_*.py"))
        for name in functions(path.relative_to(ROOT / "tests"))
        if re.match(r"test_ac_?\d\d", name) and name not in named
    ]
    assert unnamed == []
