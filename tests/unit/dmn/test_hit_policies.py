"""What a table answers when one, several or no rules match."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.dmn import DecisionError, read_decisions
from engine.feel import to_plain
from tests.unit.dmn.tables import table

OVERLAPPING = [("> 1", '"low"', "1"), ("> 2", '"middle"', "2"), ("> 3", '"high"', "3")]


def decide(xml, **context):
    return to_plain(read_decisions(xml).evaluate("d", context).value)


def labels(policy, **more):
    return table(["x"], ["label"], [(cell, label) for cell, label, _ in OVERLAPPING], policy, **more)


def amounts(aggregation):
    rules = [(cell, amount) for cell, _, amount in OVERLAPPING]
    return table(["x"], ["amount"], rules, "COLLECT", aggregation=aggregation)


def test_unique_with_two_matches_is_an_error_that_names_the_rules():
    definitions = read_decisions(labels("UNIQUE"))

    with pytest.raises(DecisionError, match="rules 1, 2 do"):
        definitions.evaluate("d", {"x": 3})


def test_unique_with_one_match_answers_it():
    assert decide(labels("UNIQUE"), x=2) == "low"


def test_any_with_equal_outputs_answers_it():
    assert decide(table(["x"], ["y"], [("> 1", '"a"'), ("> 2", '"a"')], "ANY"), x=3) == "a"


def test_any_with_differing_outputs_is_an_error_that_names_the_rules():
    with pytest.raises(DecisionError, match="rules 1, 2, 3"):
        read_decisions(labels("ANY")).evaluate("d", {"x": 4})


def test_first_answers_the_first():
    assert decide(labels("FIRST"), x=4) == "low"


def test_priority_answers_the_output_that_is_listed_first():
    assert decide(labels("PRIORITY", values={"label": '"high", "middle", "low"'}), x=3) == "middle"


def test_output_order_lists_the_outputs_as_they_are_listed():
    assert decide(labels("OUTPUT ORDER", values={"label": '"high", "low", "middle"'}), x=4) == ["high", "low", "middle"]


@pytest.mark.parametrize("policy", ["RULE ORDER", "COLLECT"])
def test_rule_order_and_collect_list_the_outputs_by_row(policy):
    assert decide(labels(policy), x=3) == ["low", "middle"]


@pytest.mark.parametrize("aggregation, expected", [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)])
def test_collect_aggregates_to_a_number(aggregation, expected):
    assert decide(amounts(aggregation), x=4) == expected


def test_no_match_is_null_and_with_a_default_the_default():
    assert decide(labels("UNIQUE"), x=0) is None
    assert decide(labels("UNIQUE", default={"label": '"none"'}), x=0) == "none"


def test_several_outputs_make_a_context():
    xml = table(["x"], ["colour", "refer"], [("> 1", '"red"', "true"), ("<= 1", '"green"', "false")])

    assert decide(xml, x=2) == {"colour": "red", "refer": True}


def test_cells_with_lists_negations_and_decimals_match_as_feel_says():
    xml = table(
        ["a", "b"],
        ["y"],
        [('"a","b"', "0.3", '"list"'), ('not("a","b")', "-", '"other"'), ('"a","b"', "not(0.3)", '"list, not 0.3"')],
    )

    assert decide(xml, a="b", b=Decimal("0.1") + Decimal("0.2")) == "list"
    assert decide(xml, a="c", b=1) == "other"
    assert decide(xml, a="a", b=4) == "list, not 0.3"


def test_a_missing_input_matches_only_cells_that_ask_nothing_or_for_null():
    xml = table(["x"], ["y"], [("> 1", '"known"'), ("null", '"unknown"'), ("<= 1", '"small"')])

    assert decide(xml) == "unknown"
