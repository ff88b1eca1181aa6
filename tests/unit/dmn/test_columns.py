"""The index of a column answers what trying every cell would answer."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dmn.columns import compile_column
from engine.feel import compile_unary_tests
from engine.feel.meter import Run, Scope
from engine.feel.temporal import Date

NUMERIC = [
    "-",
    "< 2",
    "<= 2",
    "> 2",
    ">= 5",
    "[1..3]",
    "(1..3)",
    "]1..5]",
    "2",
    "1, 4",
    "not(2)",
    "not(< 3)",
    "!= 4",
    "null",
]
TEXTS = ["-", '"a"', '"a","b"', 'not("a")', "null", 'starts with(?, "a")', '["a", "c"]', "limit", "not(null)"]
DATES = ["-", '< date("2026-01-05")', '@"2026-01-05"', '[@"2026-01-01"..@"2026-01-31"]', 'not(@"2026-01-05")', "null"]
CELLS = st.one_of(
    *(st.lists(st.sampled_from(cells), min_size=1, max_size=6) for cells in (NUMERIC, TEXTS, DATES, NUMERIC + TEXTS))
)
SUBJECTS = st.one_of(
    st.none(),
    st.integers(0, 7),
    st.decimals(0, 7, places=1),
    st.sampled_from(["a", "b", "c", "", True, False, Date(2026, 1, 4), Date(2026, 1, 5), [1], ["a"]]),
)


@settings(max_examples=400, deadline=None)
@given(CELLS, SUBJECTS)
def test_index_and_trial_agree(texts, subject):
    cells = [compile_unary_tests(text) for text in texts]
    scope = Scope({"limit": Decimal(3)}, None, Run())

    column = compile_column(cells)
    mask = (1 << len(cells)) - 1 if column is None else column.look_up(subject, scope)

    tried = sum(1 << row for row, cell in enumerate(cells) if cell.test_in(subject, scope) is True)
    assert mask == tried
    if column is not None and column.at_null is not None:
        assert column.at_null == column.look_up(None, scope)
