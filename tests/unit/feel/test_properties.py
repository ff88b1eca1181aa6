"""Laws that hold for any value."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import FeelError, FeelSyntaxError, compile_expression, compile_unary_tests, to_plain
from engine.feel.meter import Run
from engine.feel.temporal import Date, add_months, days_in_month, from_days, parse_duration, to_days
from engine.feel.text import string_of

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
TRUTHS = st.sampled_from([True, False, None])
ADD = compile_expression("a + b - b = a")
AND = compile_expression("a and b")
OR = compile_expression("a or b")


@given(NUMBERS, NUMBERS)
def test_what_is_added_can_be_taken_away(a, b):
    assert ADD.evaluate({"a": a, "b": b}) is True


@given(TRUTHS, TRUTHS)
def test_logic_is_symmetric_and_de_morgan_holds(a, b):
    context = {"a": a, "b": b}

    assert AND.evaluate(context) is AND.evaluate({"a": b, "b": a})
    mirrored = compile_expression("not(not(a) and not(b))").evaluate(context)
    assert mirrored is OR.evaluate(context)


@given(st.dates())
def test_days_count_as_python_counts_them(day):
    ours = Date(day.year, day.month, day.day)

    assert to_days(ours) == (day - datetime.date(1970, 1, 1)).days
    assert from_days(to_days(ours)) == ours


@given(st.integers(-(10**11), 10**11))
def test_a_day_number_comes_back_in_any_year(days):
    date = from_days(days)

    assert date is not None and to_days(date) == days


@given(st.dates(), st.integers(-5000, 5000))
def test_months_never_leave_the_month_that_they_reach(day, months):
    moved = add_months(Date(day.year, day.month, day.day), months)

    assert moved is not None
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == min(day.day, days_in_month(moved.year, moved.month))


@given(st.integers(-(10**15), 10**15))
def test_a_duration_reads_back_as_it_was_written(nanos):
    from engine.feel.temporal import DaysDuration

    assert parse_duration(str(DaysDuration(nanos))) == DaysDuration(nanos)


VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_string_writes_what_feel_reads(value):
    if isinstance(value, str):
        return
    written = string_of(value, Run())

    assert to_plain(compile_expression(written).evaluate({})) == to_plain(value)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "1",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ":",
                ",",
                ".",
                "..",
                "+",
                "-",
                "**",
                "=",
                "<",
                "in",
                "if",
                "then",
                "else",
                "for",
                "return",
                "some",
                "satisfies",
                "and",
                "not",
                "function",
                "instance of",
                "list<",
                ">",
                '"x"',
                '@"P1D"',
                "null",
                "?",
                "between",
            ]
        ),
        max_size=25,
    ).map(" ".join)
)
def test_any_text_is_an_expression_or_a_syntax_error(text):
    for compiled in (compile_expression, compile_unary_tests):
        try:
            made = compiled(text)
            if compiled is compile_expression:
                to_plain(made.evaluate({"a": Decimal(1)}))
            else:
                made.test(Decimal(1), {"a": Decimal(1)})
        except FeelSyntaxError as error:
            assert 0 <= error.position <= len(text)
        except FeelError as error:
            assert error.code == "budget"
