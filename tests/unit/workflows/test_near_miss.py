"""D13: what her results show by themselves is a near miss whether somebody ticks it or not."""

from datetime import date

import pytest

from workflows import prefill, routing_review

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
