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
OF_INPUT = ["-", "? = true", "true", "null", "false", "? = false", "not(true)"]
LISTS = [
    "-",
    'list contains(?, "a")',
    'list contains(?, "a") or list contains(?, "b")',
    'list contains(?, "c") and list contains(?, "a")',
    "list contains(?, limit)",
    "list contains(?, null)",
    '"a"',
]
ORDERED_OR_NULL = ["-", "null, < 2", "null, [1..3], 5", "< limit", ">= (if limit = null then 2 else limit)", "? > 2"]
DATES = ["-", '< date("2026-01-05")', '@"2026-01-05"', '[@"2026-01-01"..@"2026-01-31"]', 'not(@"2026-01-05")', "null"]
COLUMNS = (NUMERIC, TEXTS, DATES, NUMERIC + TEXTS, OF_INPUT, LISTS, ORDERED_OR_NULL + NUMERIC)
CELLS = st.one_of(*(st.lists(st.sampled_from(cells), min_size=1, max_size=6) for cells in COLUMNS))
SUBJECTS = st.one_of(
    st.none(),
    st.integers(0, 7),
    st.decimals(0, 7, places=1),
    st.sampled_from(
        ["a", "b", "c", "", True, False, Date(2026, 1, 4), Date(2026, 1, 5), [1], ["a"], ["c", "a", 1], []]
    ),
)


@settings(max_examples=400, deadline=None)
@given(CELLS, SUBJECTS, st.data())
def test_index_and_trial_agree(texts, subject, data):
    cells = [compile_unary_tests(text) for text in texts]
    scope = Scope({"limit": Decimal(3)}, None, Run())

    column = compile_column(cells)
    mask = (1 << len(cells)) - 1 if column is None else column.look_up(subject, scope)

    tried = sum(1 << row for row, cell in enumerate(cells) if cell.test_in(subject, scope) is True)
    assert mask == tried
    if column is not None:
        some = data.draw(st.integers(0, (1 << len(cells)) - 1))
        assert column.among(subject, scope, some) & some == tried & some
    if column is not None and column.at_null is not None:
        assert column.at_null == column.look_up(None, scope)
