"""T-09: what is abnormal and begins no grading is seen within 24 hours, then the medical office is called."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.interpreter.contracts import WaitKind
from tests.bpmn.conftest import begin
from tests.bpmn.test_risk import OBSERVED, graded, positive

SEE, CHASE = "task_see_result", "task_chase_result"


@pytest.mark.parametrize("facts, to_see", [({"urine_protein": "1+"}, True), ({"hb": 105}, True), ({"hb": 120}, False)])
def test_t09_an_abnormal_result_that_asks_for_no_grading_is_for_a_doctor_to_see(facts, to_see):
    woman = graded("Y-2.6.2")

    woman.message(OBSERVED, {"facts": facts})

    assert (SEE in woman.open()) is to_see and "task_grade" not in woman.open()


def test_t09_information_is_no_abnormal_result():
    """A-8: a fasting glucose of 5.3 in the first weeks names nothing that is wrong."""
    woman = graded("Y-2.6.2")

    woman.message(OBSERVED, {"facts": {"glucose": Decimal("5.3")}})

    assert SEE not in woman.open()


def test_t09_what_is_graded_within_a_day_needs_no_second_look():
    woman = graded("Y-2.6.2")

    woman.message(OBSERVED, {"facts": {"hb": 55}})
    woman.message(OBSERVED, {"facts": {"sbp": 150, "dbp": 95}})

    assert woman.open().count("task_grade") == 1 and SEE not in woman.open()
    woman.message(OBSERVED, {"facts": {"urine_protein": "1+"}})
    assert SEE in woman.open(), "what does not raise is not on the form of the grading"


def test_t09_while_the_first_grading_is_two_weeks_away_an_urgent_result_is_seen_by_a_doctor():
    woman = positive("S-1.1")

    woman.message(OBSERVED, {"facts": {"hb": 55}})

    assert "task_grade" not in woman.open() and SEE in woman.open()


def seen(at, **more):
    """It was measured then, and it is 9 o'clock of 5 January 2026."""
    return begin("abnormal_result", {"result_seen_from": at, "seen_within": "PT24H", "own_results": [], **more})


@pytest.mark.parametrize(
    "measured, due, chased",
    [
        ("2026-01-05T08:00:00+08:00", "2026-01-06T08:00", "2026-01-06T08:00"),
        ("2025-12-20T08:00:00+08:00", "2025-12-21T08:00", "2026-01-06T09:00"),
    ],
)
def test_t09_a_doctor_sees_it_within_24_hours_of_the_result_then_the_medical_office_is_called(measured, due, chased):
    """What comes to us late is overdue as of the result; the office has a day from its coming."""
    case = seen(measured)
    assert case.due(SEE).isoformat()[:16] == due and case.task(SEE).data["candidate_roles"] == ["R-OB"]
    assert case.timers()["timer_result_unseen"].isoformat()[:16] == chased

    case.advance(timedelta(hours=24))

    assert case.open() == sorted([SEE, CHASE]), "each step keeps the earlier one open"
    assert case.task(CHASE).data["candidate_roles"] == ["R-MED"]
    assert case.task(CHASE).data["organisation"] == "org-hospital"


def test_t09_seen_in_time_nobody_is_called():
    case = seen("2026-01-05T08:00:00+08:00")

    case.complete(SEE, result_regrade=False)
    case.advance(timedelta(days=3))

    assert case.status == "completed" and CHASE not in case.visited


def test_t09_a_case_whose_rules_name_no_time_has_24_hours():
    woman = graded("Y-2.6.2")
    woman.variables["policy"].pop("result_seen_within")

    woman.message(OBSERVED, {"facts": {"urine_protein": "1+"}, "observed_at": "2026-01-05T07:00:00+08:00"})

    assert woman.due(SEE).isoformat()[:16] == "2026-01-06T07:00"


def test_t09_each_result_is_seen_for_itself_and_what_is_seen_no_longer_waits():
    woman = graded("Y-2.6.2")
    woman.message(OBSERVED, {"facts": {"urine_protein": "1+"}})
    first = woman.task(SEE)
    woman.advance(timedelta(hours=2))
    woman.message(OBSERVED, {"facts": {"hb": 105}})
    assert woman.open().count(SEE) == 2
    assert [one["code"] for one in woman.variables["results_to_see"]] == ["A-3", "A-4"]

    woman.complete(SEE, result_regrade=False)

    (left,) = [wait for wait in woman.waits(WaitKind.USER_TASK) if wait.element_id == SEE]
    assert left.id != first.id and [one["code"] for one in woman.variables["results_to_see"]] == ["A-4"]
    woman.complete(SEE, result_regrade=False)
    assert woman.variables["results_to_see"] == []


def test_t09_the_doctor_may_ask_for_a_grading():
    woman = graded("Y-2.6.2")
    woman.message(OBSERVED, {"facts": {"urine_protein": "1+"}})

    woman.complete(SEE, result_regrade=True)

    assert "task_grade" in woman.open() and [one["code"] for one in woman.variables["raised_by"]] == ["A-3"]
