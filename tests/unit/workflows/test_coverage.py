"""The comparison with the source documents claims nothing that is not there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from workflows import coverage

ROOT = Path(__file__).parents[3]
SOURCE = ROOT.parent / "shared" / "domain" / "seed-coverage.md"
LINE = re.compile(r"\| ([A-Z]{2}-\d+) \|.*\| (core|supporting)(?: \(\w+\))? \|")


@cache
def named_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def capabilities():
    return {one.id: one for row in coverage.rows() for one in row.by}


def test_every_capability_has_a_place_and_tests_that_exist():
    for one in capabilities().values():
        assert (ROOT / one.place).exists(), one.place
        assert one.tests, one.id
        for test in one.tests:
            path, _, name = test.partition("::")
            assert (ROOT / path).is_file(), test
            assert not name or name in named_in(path), test


def test_every_row_is_shown_by_something_or_says_what_is_missing():
    for row in coverage.rows():
        assert row.by or row.lacks, row.id
        assert row.scope in ("core", "supporting") and row.what, row.id


def test_no_row_stands_twice_and_the_sums_are_those_of_the_rows():
    ids = [row.id for row in coverage.rows()]

    assert len(ids) == len(set(ids))
    assert sum(sum(states.values()) for states in coverage.counts().values()) == len(ids)


def test_a_scenario_that_is_named_runs_a_diagram_that_ships():
    for one in capabilities().values():
        for test in one.tests:
            if test.endswith(".yaml"):
                text = (ROOT / test).read_text(encoding="utf-8")
                assert re.search(r"^(process|diagram):", text, re.M), test


@pytest.mark.skipif(not SOURCE.is_file(), reason="the documents' rows are not beside this checkout")
def test_every_core_and_supporting_row_of_the_documents_is_there():
    wanted = {
        found[1]: found[2] for line in SOURCE.read_text(encoding="utf-8").splitlines() if (found := LINE.match(line))
    }

    assert {row.id: row.scope for row in coverage.rows()} == wanted
