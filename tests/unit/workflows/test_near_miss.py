"""D13: what her results show by themselves is a near miss whether somebody ticks it or not."""

from datetime import date
from decimal import Decimal

import pytest

from workflows import prefill, routing_review
from workflows.forms import example_answers
from workflows.forms.catalogue import forms_on_disk

ON = date(2026, 1, 8)


@pytest.mark.parametrize(
    "facts, organs",
    [
        ({"plt": 49}, ["coagulation"]),
        ({"plt": 50}, []),
        ({"plt": 180, "plt_lowest": 31}, ["coagulation"]),  # it has recovered: it was one all the same
        ({"creatinine": 300}, ["renal"]),
        ({"creatinine": 80, "creatinine_highest": 299}, []),
        ({"bilirubin_total": 101}, ["hepatic"]),
        ({"plt": "not-performed", "creatinine": 310}, ["renal"]),
        ({"red_cells_u_total": 5}, ["coagulation"]),
        ({"red_cells_u_total": Decimal("4.5"), "red_cells_u": 5}, []),  # the sum decides, not what one record says
        ({}, []),
    ],
)
def test_a_result_beyond_its_limit_is_ticked_and_counts_unticked(facts, organs):
    assert prefill.BY_FORM["discharge"](facts, {}, ON)["near_miss_criteria"] == (organs or None)

    said = routing_review.near_miss({"near_miss_criteria": ["none"]}, facts, ON)

    assert said == {"near_miss": bool(organs), "near_miss_criteria": organs}


def test_what_is_ticked_stands_beside_what_the_results_show():
    said = routing_review.near_miss({"near_miss_criteria": ["uterine", "coagulation"]}, {"plt": 40}, ON)

    assert said == {"near_miss": True, "near_miss_criteria": ["uterine", "coagulation"]}


@pytest.mark.parametrize(("given", "so_far", "total", "organs"), [
    (None, 4, 4, []), (1, 4, 5, ["coagulation"]), (5, None, 5, ["coagulation"]),
    (Decimal("0.5"), 4, Decimal("4.5"), []),
    (None, None, None, []),
])  # fmt: skip
def test_the_red_cells_of_the_discharge_form_are_added_to_those_on_record_and_the_sum_is_shown(
    given, so_far, total, organs
):
    answers = {**example_answers("discharge"), "near_miss_criteria": ["none"]} | (
        {"red_cells_u": given} if given else {}
    )
    context = {"red_cells_u_total": so_far} if so_far else {}

    checked = forms_on_disk()["discharge"].validate(answers, on=ON, context=context)

    assert checked.calculated.get("red_cells_total") == total
    said = routing_review.near_miss({**checked.values, **checked.calculated}, context, ON)
    assert said["near_miss_criteria"] == organs
