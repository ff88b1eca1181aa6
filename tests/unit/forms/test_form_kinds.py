"""Every kind of item that the subset offers, also those that no shipped form uses yet."""

from datetime import date
from decimal import Decimal

import pytest

from engine.errors import Incorrect
from workflows.forms import Form
from workflows.forms.urls import CONSTRAINT, ENABLE_WHEN_EXPRESSION, ENGLISH, MAX_DECIMAL_PLACES, REGEX

TODAY = date(2026, 1, 5)
COLOURS = [{"valueCoding": {"code": code, "display": code}} for code in ("red", "blue")]


def form(*items):
    return Form.parse(
        {
            "resourceType": "Questionnaire",
            "id": "small",
            "url": "https://example.org/Questionnaire/small",
            "version": "1",
            "title": "小表",
            "item": [{"text": "一", "type": "string", **item} for item in items],
        }
    )


def accepted(of, **answers):
    return of.validate(answers, on=TODAY).values


def refused(of, **answers):
    with pytest.raises(Incorrect) as error:
        of.validate(answers, on=TODAY)
    return [fault.path for fault in error.value.faults]


def shown(of, **answers):
    return of.evaluate(answers, TODAY)["enabled"]["b"]


def when(operator, behaviour="all", **answer):
    return {
        "linkId": "b",
        "enableBehavior": behaviour,
        "enableWhen": [{"question": "a", "operator": operator, **answer}],
    }


@pytest.mark.parametrize(
    "kind, typed, value",
    [
        ("decimal", "1.50", Decimal("1.50")),
        ("integer", "７", 7),
        ("time", "0830", "08:30:00"),
        ("time", "8:30", "08:30:00"),
        ("text", "  两行\n文字 ", "两行\n文字"),
        ("boolean", "false", False),
        ("dateTime", "2026-01-05T08:30:15+09:00", "2026-01-05T07:30:15+08:00"),
    ],
)
def test_a_kind_of_item_reads_what_people_type_and_travels(kind, typed, value):
    small = form({"linkId": "a", "type": kind})

    assert accepted(small, a=typed) == {"a": value}
    assert small.answers_from_response(small.to_response({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    "kind, typed",
    [
        ("time", "25:00"),
        ("time", "noon"),
        ("decimal", "1,5"),
        ("boolean", "yes"),
        ("dateTime", "2026-01-05"),
        ("dateTime", "2026-01-05 25:00"),
        ("integer", True),
        ("string", 5),
        ("string", "a\x00b"),
    ],
)
def test_what_is_of_another_kind_is_refused(kind, typed):
    assert refused(form({"linkId": "a", "type": kind}), a=typed) == ["a"]


def test_an_open_choice_takes_a_code_or_the_persons_own_words():
    small = form({"linkId": "a", "type": "open-choice", "answerOption": COLOURS})

    for value in ("red", "淡绿"):
        assert accepted(small, a=value) == {"a": value}
        assert small.answers_from_response(small.to_response({"a": value})) == {"a": value}


def test_length_pattern_and_decimal_places_are_kept():
    small = form(
        {"linkId": "a", "maxLength": 3},
        {"linkId": "b", "extension": [{"url": REGEX, "valueString": "[A-Z]+"}]},
        {"linkId": "c", "type": "decimal", "extension": [{"url": MAX_DECIMAL_PLACES, "valueInteger": 1}]},
    )

    assert refused(small, a="一二三四", b="ab", c="1.25") == ["a", "b", "c"]
    assert accepted(small, a="一二三", b="ＡＢ", c="1.20") == {"a": "一二三", "b": "AB", "c": Decimal("1.20")}


@pytest.mark.parametrize(
    "operator, answer, given, expected",
    [
        ("=", {"answerString": "x"}, "x", True), ("=", {"answerString": "x"}, None, False),
        ("!=", {"answerString": "x"}, None, True), ("!=", {"answerString": "x"}, "x", False),
        ("exists", {"answerBoolean": True}, "y", True), ("exists", {"answerBoolean": False}, "y", False),
        ("exists", {"answerBoolean": False}, None, True),
    ],
)  # fmt: skip
def test_a_question_is_shown_by_the_answer_to_another(operator, answer, given, expected):
    assert shown(form({"linkId": "a"}, when(operator, **answer)), a=given) is expected


@pytest.mark.parametrize(
    "operator, given, expected", [(">", 4, True), (">", 3, False), (">=", 3, True), ("<", 2, True), ("<=", 4, False)]
)
def test_numbers_are_compared_as_numbers(operator, given, expected):
    small = form({"linkId": "a", "type": "integer"}, when(operator, answerInteger=3))

    assert shown(small, a=given) is expected


def test_any_of_several_conditions_or_all_of_them():
    two = [{"question": "a", "operator": "=", "answerString": one} for one in "xy"]
    asked = {"any": True, "all": False}

    for behaviour, expected in asked.items():
        small = form({"linkId": "a"}, {"linkId": "b", "enableWhen": two, "enableBehavior": behaviour})
        assert shown(small, a="x") is expected


def test_an_expression_may_decide_what_is_asked():
    rule = {"url": ENABLE_WHEN_EXPRESSION, "valueExpression": {"language": "text/fhirpath", "expression": "%a > 3"}}
    small = form({"linkId": "a", "type": "integer"}, {"linkId": "b", "extension": [rule]})

    assert [shown(small, a=given) for given in (4, 3, None)] == [True, False, False]


def test_a_rule_between_answers_may_warn_instead_of_refusing():
    parts = {"key": ("valueId", "k"), "severity": ("valueCode", "warning"), "expression": ("valueString", "%a < 9")}
    rule = [{"url": name, kind: value} for name, (kind, value) in parts.items()]
    rule += [{"url": "human", "valueString": "请核对"}, {"url": ENGLISH, "valueString": "look again"}]
    small = form({"linkId": "a", "type": "integer", "extension": [{"url": CONSTRAINT, "extension": rule}]})

    [warning] = small.validate({"a": 9}, on=TODAY).warnings

    assert (warning.path, warning.message.zh, warning.message.en) == ("a", "请核对", "look again")


def test_a_condition_with_nothing_to_compare_is_refused_when_the_form_is_read():
    with pytest.raises(Incorrect):
        form({"linkId": "a"}, {"linkId": "b", "enableWhen": [{"question": "a", "operator": "="}]})
