"""Overlaps and gaps are found exactly: compared with trying every value that could make a difference."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dmn import read_decisions
from engine.dmn.coverage import Coverage
from tests.unit.dmn.tables import table

NUMERIC = ["-", "< 2", "<= 2", "> 1", ">= 3", "[1..3]", "(1..2)", "]1..3[", "2", "1, 3", "not(2)", "not([1..2])"]
COLOURS = ["-", '"red"', '"green"', '"red","green"', 'not("red")', 'not("red","green")']
TRUTHS = ["-", "true", "false"]
NUMBERS = [Decimal(half) / 2 for half in range(-1, 10)]
ROW = st.tuples(st.sampled_from(NUMERIC), st.sampled_from(COLOURS), st.sampled_from(TRUTHS))


def trying_everything(rows):
    """Rules that match together, and whether some input is matched by none."""
    definitions = read_decisions(table(["n", "c", "t"], ["y"], [(*row, "1") for row in rows], "COLLECT"))
    compiled = definitions.tables[0]
    together, gap = set(), False
    for n, c, t in itertools.product(NUMBERS, ["red", "green", "blue"], [True, False]):
        evaluation = definitions.evaluate("d", {"n": n, "c": c, "t": t})
        rules = evaluation.trace["rules"]
        together.update(itertools.combinations(rules, 2))
        gap = gap or not rules
    return compiled, together, gap


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_what_is_found_is_what_trying_every_value_finds(rows):
    compiled, together, gap = trying_everything(rows)

    coverage = Coverage(compiled)

    assert {finding.rules for finding in coverage.overlaps()} == together
    assert bool(coverage.gaps()) is gap


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_an_example_falls_into_the_gap_that_it_shows(rows):
    definitions = read_decisions(table(["n", "c", "t"], ["y"], [(*row, "1") for row in rows], "COLLECT"))
    anything = {"n": Decimal(0), "c": "blue", "t": True}

    for finding in Coverage(definitions.tables[0]).gaps():
        shown = {name: value for name, value in finding.example.items() if value is not None and value != "…"}

        assert definitions.evaluate("d", {**anything, **shown}).trace["rules"] == []
