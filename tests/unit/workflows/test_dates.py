"""Due dates and ages: the vectors of the specification."""

from datetime import date

import pytest

from workflows.policies.gestational_age import (
    ImplausibleDate,
    completed_years,
    due_date_280,
    due_date_by_transfer,
    due_date_by_ultrasound,
    due_date_naegele,
    gestational_age,
)
from workflows.policies.redating import proposes_redating
from workflows.policies.registration import is_early_registration, kind_of_birth, outcome_of

D = date.fromisoformat


@pytest.mark.parametrize(
    "lmp, naegele, plus_280",
    [
        ("2025-01-01", "2025-10-08", "2025-10-08"),
        ("2025-03-20", "2025-12-27", "2025-12-25"),
        ("2025-05-25", "2026-03-04", "2026-03-01"),
        ("2024-05-31", "2025-03-10", "2025-03-07"),
        ("2024-02-29", "2024-12-06", "2024-12-05"),
        ("2025-11-28", "2026-09-04", "2026-09-04"),
    ],
)
def test_the_two_rules_for_the_due_date_differ_as_the_specification_computed(lmp, naegele, plus_280):
    assert due_date_naegele(D(lmp)) == D(naegele)
    assert due_date_280(D(lmp)) == D(plus_280)


@pytest.mark.parametrize(
    "on, age",
    [
        ("2025-04-01", (12, 6)),
        ("2025-04-02", (13, 0)),
        ("2025-04-23", (16, 0)),
        ("2025-07-16", (28, 0)),
        ("2025-09-17", (37, 0)),
        ("2025-10-22", (42, 0)),
    ],
)
def test_gestational_age_counts_back_from_the_due_date(on, age):
    assert gestational_age(D("2025-10-08"), D(on)) == age


def test_a_date_before_the_pregnancy_is_refused():
    with pytest.raises(ImplausibleDate):
        gestational_age(D("2025-10-08"), D("2024-12-31"))


def test_a_scan_or_an_embryo_transfer_gives_the_due_date_where_the_lmp_is_unknown():
    assert due_date_by_ultrasound(D("2025-03-12"), 70) == D("2025-10-08")
    assert due_date_by_transfer(D("2025-01-20"), 5) == D("2025-10-08")


def test_age_is_in_completed_years():
    assert completed_years(D("1990-03-15"), D("2026-03-14")) == 35
    assert completed_years(D("1990-03-15"), D("2026-03-15")) == 36


def test_registration_at_13_weeks_is_late_and_at_12_6_is_early():
    edd = D("2025-10-08")

    assert is_early_registration(edd, D("2025-04-01"), D("2025-04-01"))
    assert not is_early_registration(edd, D("2025-04-02"), D("2025-04-02"))


def test_a_woman_registered_early_but_checked_late_does_not_count_as_early():
    assert not is_early_registration(D("2025-10-08"), D("2025-03-20"), D("2025-04-02"))
    assert not is_early_registration(D("2025-10-08"), D("2025-03-20"), None)


@pytest.mark.parametrize(
    "days_apart, age_days, moved",
    [(5, 60, False), (6, 60, True), (7, 90, False), (8, 90, True), (21, 210, False), (22, 210, True)],
)
def test_an_early_scan_moves_the_due_date_only_beyond_the_limit_of_its_band(days_apart, age_days, moved):
    scan = date(2025, 10, 8 + days_apart)

    assert proposes_redating(D("2025-10-08"), scan, age_days, confirmed_by_scan=False) is moved


def test_a_due_date_that_a_scan_has_settled_is_not_moved_by_later_scans():
    assert not proposes_redating(D("2025-10-08"), D("2025-10-30"), 200, confirmed_by_scan=True)


def test_a_birth_before_28_weeks_is_an_abortion():
    edd = D("2025-10-08")

    assert kind_of_birth(edd, D("2025-07-15")) == "abortion"
    assert kind_of_birth(edd, D("2025-07-16")) == "preterm"
    assert kind_of_birth(edd, D("2025-09-17")) == "term"
    assert kind_of_birth(edd, D("2025-10-22")) == "post_term"


def test_twins_may_end_differently():
    assert outcome_of(["live_birth", "stillbirth_iufd"]) == "mixed"
    assert outcome_of(["stillbirth_intrapartum"]) == "stillbirth"
    assert outcome_of(["live_birth", "neonatal_death"]) == "live_birth"
