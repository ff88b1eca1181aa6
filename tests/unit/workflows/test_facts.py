"""What follows from what was recorded."""

from datetime import date
from decimal import Decimal

import pytest

from engine.errors import Incorrect
from workflows import tables
from workflows.corrections.results import MEASURED, figure_of
from workflows.facts import body_mass_index, derived
from workflows.forms import forms_on_disk
from workflows.regions import load_pack

ON = date(2026, 1, 5)


def test_age_body_mass_and_gestational_age_follow_from_what_was_recorded():
    known = derived({"birth_date": "1989-06-01", "height": Decimal(160), "weight": Decimal(55)}, ON, date(2026, 8, 10))

    assert (known["age"], known["bmi"], known["ga_days"]) == (36, Decimal("21.5"), 63)


def test_the_weight_before_pregnancy_counts_where_it_is_known():
    known = derived({"height": 160, "weight": 70, "prepregnancy_weight": 60}, ON)

    assert known["bmi"] == Decimal("23.4")


def test_body_mass_is_to_one_decimal_halves_up():
    assert body_mass_index(64, 160) == Decimal("25.0")
    assert body_mass_index(Decimal("64.13"), 160) == Decimal("25.1")
    assert body_mass_index(60, None) is None


def test_the_birth_interval_runs_from_the_last_birth_and_not_from_an_abortion():
    born = {"last_pregnancy_end_date": "2019-10-01", "last_pregnancy_end_mode": "vaginal", "lmp": "2025-11-03"}

    assert derived(born, ON)["birth_interval_months"] == 73
    assert "birth_interval_months" not in derived({**born, "last_pregnancy_end_mode": "abortion"}, ON)


@pytest.mark.parametrize(
    ("lmp", "positive"),
    [
        ("2025-01-09", False),  # 59 full months, the 60th begun
        ("2025-01-10", False),  # five years to the day
        ("2025-01-11", True),
        ("2025-02-10", True),
        ("2021-07-09", True),  # a day short of 18 months
        ("2021-07-10", False),
    ],
)
def test_more_than_five_years_begins_the_day_after_the_fifth_is_full(lmp, positive):
    born = {"last_pregnancy_end_date": "2020-01-10", "last_pregnancy_end_mode": "vaginal", "lmp": lmp}

    assert ("S-2.1" in tables.screening_items(derived(born, ON), ON)) is positive


@pytest.mark.parametrize(
    ("past", "spo2", "red"), [(["heart"], 89, True), (["heart"], 90, False), (["none"], 89, False)]
)
def test_a_woman_with_heart_disease_and_low_oxygen_is_proposed_for_red(past, spo2, red):
    policy = load_pack("cn-baseline").policy()

    found = tables.grading_criteria(derived({"past_history": past, "spo2": spo2}, ON), policy, ON)

    assert ("R-1.1.2" in found) is red


def test_what_is_recorded_is_never_overwritten_by_what_follows():
    assert derived({"birth_date": "1989-06-01", "age": 30}, ON)["age"] == 30


def test_a_normal_liver_needs_both_enzymes():
    assert derived({"alt": 20, "ast": 20}, ON)["liver"] == "normal"
    assert derived({"alt": 20, "ast": 90}, ON)["liver"] == "abnormal"
    assert "liver" not in derived({"alt": 20}, ON)


@pytest.mark.parametrize(("name", "most"), [("ogtt_1h", 50), ("pasp", 200), ("hb", 220), ("bile_acid", 500)])
def test_a_late_result_has_the_limits_of_the_forms(name, most):
    assert figure_of(name, str(most)) == most
    with pytest.raises(Incorrect):
        figure_of(name, str(most + 1))


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_every_form_has_the_same_limits_for_the_same_figure(name):
    items = [i for form in forms_on_disk().values() for top in form.items for i in top.walk() if i.link_id == name]

    assert items and len({(i.limits.low, i.limits.high, i.unit.code) for i in items}) == 1
