"""The identity number and the working days of China."""

from datetime import date

import pytest

from engine.timers.workdays import add_workdays
from workflows.policies import identity_card
from workflows.policies.visit_plan import slot_of, windows
from workflows.regions import load_pack

PACKAGE = load_pack("cn-baseline").value("visits.package")
EDD = date(2025, 10, 8)


@pytest.mark.parametrize("number", ["11010519491231002X", "11010519491231002x", "440524188001010014"])
def test_a_number_with_the_right_check_character_is_valid(number):
    assert identity_card.is_valid(number)


@pytest.mark.parametrize(
    "number",
    ["110105194912310021", "11010519490231002X", "1101051949123100", "", "11010519491231002Ⅹ", "１１010519491231002X"],
)
def test_a_slip_of_the_pen_is_found(number):
    assert not identity_card.is_valid(number)


def test_every_single_wrong_digit_is_found():
    right = "440524188001010014"

    for place in range(17):
        for digit in set("0123456789") - {right[place]}:
            assert not identity_card.is_valid(right[:place] + digit + right[place + 1 :])


def test_birth_date_and_sex_stand_in_the_number():
    assert identity_card.birth_date("11010519491231002X") == date(1949, 12, 31)
    assert identity_card.is_female("11010519491231002X")


def test_a_limit_in_working_days_passes_over_the_national_holiday_and_uses_the_days_worked_in_exchange():
    assert add_workdays("cn-workdays", date(2024, 9, 30), 1) == date(2024, 10, 8)
    assert add_workdays("cn-workdays", date(2024, 9, 27), 1) == date(2024, 9, 29)


def test_a_year_without_a_holiday_notice_counts_monday_to_friday():
    assert add_workdays("cn-workdays", date(2090, 9, 1), 1) == date(2090, 9, 4)


def test_the_five_windows_of_the_package_as_dates():
    plan = windows(EDD, PACKAGE, visited_on=[date(2025, 3, 1)])

    assert [(w.slot, w.opens_on.isoformat(), w.closes_on.isoformat()) for w in plan] == [
        (1, "2025-01-01", "2025-04-01"),
        (2, "2025-04-23", "2025-05-27"),
        (3, "2025-05-28", "2025-06-24"),
        (4, "2025-07-16", "2025-09-16"),
        (5, "2025-09-17", "2025-10-14"),
    ]
    assert [w.visited for w in plan] == [True, False, False, False, False]


def test_a_visit_in_the_gap_between_windows_fills_none():
    assert slot_of(EDD, date(2025, 4, 2), PACKAGE) is None
    assert slot_of(EDD, date(2025, 5, 27), PACKAGE) == 2
    assert slot_of(EDD, date(2025, 5, 28), PACKAGE) == 3
