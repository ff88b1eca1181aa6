"""What follows from what was recorded."""

from datetime import date
from decimal import Decimal

from workflows.facts import body_mass_index, derived, is_plausible

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


def test_what_is_recorded_is_never_overwritten_by_what_follows():
    assert derived({"birth_date": "1989-06-01", "age": 30}, ON)["age"] == 30


def test_a_normal_liver_needs_both_enzymes():
    assert derived({"alt": 20, "ast": 20}, ON)["liver"] == "normal"
    assert derived({"alt": 20, "ast": 90}, ON)["liver"] == "abnormal"
    assert "liver" not in derived({"alt": 20}, ON)


def test_a_figure_that_cannot_be_is_a_slip_of_the_pen():
    assert not is_plausible("hb", 1150)
    assert is_plausible("hb", 115)
    assert is_plausible("name", "王某")
