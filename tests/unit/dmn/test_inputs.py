"""A table whose inputs are members of one context reads them together, and finds what reading them one by one finds."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dmn import read_decisions
from engine.dmn.inputs import commonest_variable
from workflows.tables import FOLDER

TABLES = {"findings_table": "found", "grading_table": "facts", "screening_table": "facts"}
VALUES = st.one_of(
    st.booleans(),
    st.integers(0, 200),
    st.decimals(0, 200, places=1),
    st.sampled_from(["", "positive", "negative", "2+", "never", "2026-01-05"]),
    st.lists(st.sampled_from(["convulsion", "hiv", "oedema"]), max_size=2),
    st.none(),
)


@cache
def model(decision):
    definitions = (read_decisions(path.read_bytes()) for path in sorted(FOLDER.glob("*.dmn")))
    return next(each for each in definitions if decision in each.decisions)


def table_of(decision):
    return next(table for table in model(decision).tables if table.table.place == decision)


@pytest.mark.parametrize(("decision", "variable"), TABLES.items())
def test_the_long_tables_read_members_of_one_variable(decision, variable):
    assert commonest_variable(table_of(decision).nodes) == variable


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_read_together_or_one_by_one_a_table_decides_and_complains_alike(data):
    decision = data.draw(st.sampled_from(sorted(TABLES)))
    members = [node.name for node in table_of(decision).nodes if hasattr(node, "source")]
    known = data.draw(
        st.one_of(
            st.dictionaries(st.sampled_from(members), VALUES, max_size=12),
            st.none(),
            st.lists(st.just({members[0]: 1}), max_size=2),
        )
    )
    given_ = {TABLES[decision]: known}

    together, singly = (model(decision).evaluate(decision, given_, explained=explained) for explained in (False, True))

    assert together.trace == singly.trace
    assert together.errors == singly.errors
