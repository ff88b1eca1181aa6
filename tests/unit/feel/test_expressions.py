"""What FEEL expressions mean, rule by rule of the standard."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.feel import (
    Diagnostics,
    FeelError,
    FeelSyntaxError,
    compile_expression,
    compile_unary_tests,
    from_plain,
    to_plain,
)


def value(text, context=None, *, names=(), now=None):
    return to_plain(compile_expression(text, names=names).evaluate(context or {}, now=now))


def why_null(text, context=None):
    diagnostics = Diagnostics()
    assert compile_expression(text).evaluate(context or {}, diagnostics=diagnostics) is None
    return [note.message.en for note in diagnostics]


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_numbers_are_decimal_so_that_a_tenth_and_two_tenths_are_three_tenths():
    assert value("0.1 + 0.2 = 0.3") is True


def test_division_keeps_thirty_four_digits():
    assert value("1 / 3") == Decimal("0.3333333333333333333333333333333333")


def test_rounding_is_half_to_even():
    assert [value(f"decimal({number}, 0)") for number in ("0.5", "1.5", "2.5")] == [0, 2, 2]


def test_division_by_zero_is_null_with_a_reason():
    assert why_null("1 / 0") == ["no result for number / number"]


@pytest.mark.parametrize(
    "text, expected",
    [("-3 ** 2", 9), ("2 ** 3 ** 2", 64), ("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("10 - 4 - 3", 3), ("1.5e2", 150)],
)
def test_operators_bind_as_the_standard_says(text, expected):
    assert value(text) == expected


# --- three-valued logic ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("true and null", None),
        ("false and null", False),
        ("true or null", True),
        ("false or null", None),
        ('true and "x"', None),
        ("null = null", True),
        ("1 = null", False),
        ('1 = "1"', None),
        ('1 < "2"', None),
        ("not(null)", None),
        ("null between 1 and 2", None),
        ("if null then 1 else 2", 2),
    ],
)
def test_null_is_unknown(text, expected):
    assert value(text) is expected or value(text) == expected


def test_a_missing_variable_is_null_and_the_diagnostic_names_it():
    assert why_null("colour") == ["there is no variable named 'colour'"]


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_known_name_with_a_minus_sign_is_a_name():
    assert value("a-b", {"a-b": 7, "a": 5, "b": 3}, names=["a-b"]) == 7


def test_an_unknown_one_is_a_subtraction():
    assert value("a-b", {"a": 5, "b": 3}) == 2


def test_names_may_hold_keywords_spaces_and_signs():
    context = {"in stock": 3, "Loan 2 (net)": 1, "date of birth": "x", "Mike's age": 30, "a.b": 9}
    names = ["in stock", "Mike's age", "a.b"]

    assert value("in stock + Mike's age + a.b", context, names=names) == 42
    assert value("date of birth", context) == "x"


def test_the_longest_known_name_wins():
    assert value("risk score", {"risk": 1, "risk score": 2}, names=["risk", "risk score"]) == 2


def test_an_entry_with_a_symbol_is_found_behind_the_dot():
    assert value("{a+b: 1, c: {d e: 2}}.c.d e") == 2


def test_chinese_names_are_names():
    assert value('血压 >= 160 and 颜色 = "红色"', {"血压": 165, "颜色": "红色"}) is True


def test_a_variable_hides_a_function_of_the_same_name_but_not_its_calls():
    assert value("count + count([1, 2])", {"count": 10}) == 12


# --- lists, contexts, ranges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[1, 2, 3][item > 1]", [2, 3]),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][4]", None),
        ("5[1]", 5),
        ("[{a: 1}, {a: 2}][a > 1].a", [2]),
        ("[1..3]", "[1..3]"),
        ("1 in (0..1]", True),
        ("]1..3].start included", False),
        ("5 in ]1..5[", False),
        ("[1..5[", "[1..5)"),
        ("(< 5).end", 5),
        ("3 in (1, [2..4], > 10)", True),
        ("for x in 3..1 return x", [3, 2, 1]),
        ("for x in [1, 2], y in [x, 10] return y", [1, 10, 2, 10]),
        ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", [1, 1, 2, 6, 24]),
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [1, null] satisfies x > 0", None),
        ("{a: 1, b: a + 1}.b", 2),
        ('{"a b": 1}.a b', 1),
    ],
)
def test_collections(text, expected):
    assert value(text) == expected


# --- dates and durations ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ('date("2026-01-31") + duration("P1M")', "2026-02-28"),
        ('date("2026-03-01") - date("2026-02-01")', "P28D"),
        ('@"2026-01-05T08:00:00@Asia/Shanghai" = @"2026-01-05T00:00:00Z"', True),
        ('@"2026-01-05T08:00:00" = @"2026-01-05T08:00:00Z"', False),
        ('@"2026-01-05T08:00:00" < @"2026-01-05T09:00:00Z"', None),
        ('(@"2026-01-05" - @"2025-04-01").days', 279),
        ('years and months duration(@"2000-05-20", @"2026-01-05").years', 25),
        ('@"P1Y6M" * 2', "P3Y"),
        ('@"PT90M" / @"PT30M"', 3),
        ('date("2026-02-30")', None),
        ('@"2026-01-05".weekday', 1),
        ('week of year(date("2026-01-01"))', 1),
        ('string(date("-999999999-01-01"))', "-999999999-01-01"),
        ('@"2026-03-29T01:30:00@Europe/Paris" + @"PT1H"', "2026-03-29T03:30:00@Europe/Paris"),
        ('time("23:30:00") + duration("PT1H")', "00:30:00"),
    ],
)
def test_time(text, expected):
    assert value(text) == expected


def test_now_is_what_the_evaluation_was_given():
    now = datetime(2026, 1, 5, 3, 4, 5, tzinfo=UTC)

    assert value("now()", now=now) == "2026-01-05T03:04:05Z"
    assert value("today()", now=now) == "2026-01-05"


def test_without_a_given_time_now_is_null_rather_than_the_clock_of_the_machine():
    assert why_null("now()") == ["now: the evaluation was given no time"]


# --- functions -------------------------------------------------------------------------------------------------------


def test_functions_are_values():
    assert value("{twice: function(f, x) f(f(x)), r: twice(function(n) n * 3, 2)}.r") == 18


def test_arguments_may_be_named_in_any_order():
    assert value('substring(length: 2, string: "abcd", start position: 2)') == "bc"


def test_an_argument_of_the_wrong_type_makes_the_call_null_and_the_diagnostic_tells_what_is_taken():
    assert why_null("upper case(1)") == ["upper case takes (string: string), not (number)"]


def test_an_external_function_is_null():
    assert "null is not a function" in why_null('{f: function(a) external {java: {class: "X"}}, r: f(1)}.r')[-1]


def test_characters_beyond_the_basic_plane_count_as_one():
    assert value('string length("\\U01F40E\\ud83d\\ude00")') == 2


# --- plain data, safety, syntax --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["__class__", "real", "keys", "append", "year", "items"])
def test_no_attribute_of_a_python_object_is_reachable(name):
    assert value(f"x.{name}", {"x": {"a": 1}}) is None
    assert value(f'"text".{name}') is None
    assert value(f"(1).{name}") is None


def test_results_become_plain_data():
    plain = value('{d: @"2026-01-05", n: 2.0, half: 0.5, f: function(a) a, r: [1..2], l: [null, true]}')

    assert plain == {"d": "2026-01-05", "n": 2, "half": Decimal("0.5"), "f": None, "r": "[1..2]", "l": [None, True]}


def test_python_dates_come_in_as_feel_dates():
    assert value("d.year", {"d": from_plain(datetime(2026, 1, 5, tzinfo=UTC))}) == 2026


@pytest.mark.parametrize(
    "text, position",
    [("1 +", 3), ("if a then b", 11), ("(1", 2), ("a b +* c", 5), ('"abc', 0), ("[1, 2", 5), ("x in", 4), ("", 0)],
)
def test_a_syntax_error_names_its_position_and_what_was_expected_in_both_languages(text, position):
    with pytest.raises(FeelSyntaxError) as error:
        compile_expression(text)

    assert error.value.position == position
    assert error.value.message.zh and error.value.message.en


def test_every_free_name_is_known_and_bound_ones_are_not():
    expression = compile_expression("for x in xs return x * factor + count(xs[item > low])")

    assert expression.names == {"xs", "factor", "low"}


def test_a_variable_that_bears_the_name_of_a_function_is_among_the_names_read():
    assert compile_expression("count > 3").names == {"count"}
    assert compile_expression("count(xs) > 3").names == {"xs"}


def test_partial_results_are_those_before_this_round():
    assert value("for i in 1..3 return count(partial)") == [0, 1, 2]
    assert value("for i in 1..3 return partial") == [[], [[]], [[], [[]]]]


def test_a_costly_expression_is_stopped():
    with pytest.raises(FeelError) as error:
        compile_expression("for i in 1..9999, j in 1..9999 return i * j").evaluate({})

    assert error.value.code == "budget"


# --- unary tests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell, subject, expected",
    [
        ("-", 5, True),
        ("< 10", 5, True),
        ("[5..7)", 7, False),
        ("1, 2, 3", 2, True),
        ('"a","b"', "b", True),
        ('not("low")', "high", True),
        ("not(1, 2)", 2, False),
        ("not(< 3)", 5, True),
        ("null", None, True),
        ("> 5", None, None),
        (">= missing", 5, None),
        ("< missing", None, None),
        ("not(< missing)", 5, None),
        ("< missing, > limit", 5, True),
        ('contains(?, "pre")', "preeclampsia", True),
        ("? * 2 > 9", 5, True),
        ("false", False, True),
        ("true", False, False),
        ("limit", 3, True),
        ("> limit, < 0", 4, True),
        ("[1, 2, 3]", 2, True),
        ("0.3", Decimal("0.1") + Decimal("0.2"), True),
        ('date("2026-01-05")', "2026-01-05", None),
    ],
)
def test_a_cell_lets_through_what_it_says(cell, subject, expected):
    assert compile_unary_tests(cell).test(subject, {"limit": 3}) is expected
