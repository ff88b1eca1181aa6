"""Dates of a pregnancy as the registration form computes them (pregnancy-journey §3)."""

from datetime import date, timedelta

import pytest

from engine.errors import Incorrect
from workflows.forms import example_answers, forms_on_disk

REGISTRATION, VISIT = forms_on_disk()["registration"], forms_on_disk()["anc-visit"]
VECTORS = [
    ("2025-01-01", "2025-10-08", "2025-10-08"),
    ("2025-03-20", "2025-12-27", "2025-12-25"),
    ("2025-05-25", "2026-03-04", "2026-03-01"),
    ("2024-05-31", "2025-03-10", "2025-03-07"),
    ("2024-02-29", "2024-12-06", "2024-12-05"),
    ("2025-11-28", "2026-09-04", "2026-09-04"),
]
GESTATIONAL_AGES = [
    ("2025-04-01", "12+6"),
    ("2025-04-02", "13+0"),
    ("2025-04-23", "16+0"),
    ("2025-07-16", "28+0"),
    ("2025-09-17", "37+0"),
    ("2025-10-22", "42+0"),
]


def registered(on, **changes):
    answers = {**example_answers("registration"), **changes}
    return REGISTRATION.validate({k: v for k, v in answers.items() if v is not None}, on=on)


@pytest.mark.parametrize("lmp, naegele, edd", VECTORS)
def test_both_rules_for_the_expected_date_are_kept_and_280_days_is_used(lmp, naegele, edd):
    found = registered(date.fromisoformat(lmp) + timedelta(days=63), lmp=lmp).calculated

    assert (found["edd_form_naegele"], found["edd_lmp_280"], found["edd_final"]) == (naegele, edd, edd)
    assert found["gestational_age"] == "9+0"


@pytest.mark.parametrize("day, age", GESTATIONAL_AGES)
def test_gestational_age_is_counted_back_from_the_one_expected_date(day, age):
    state = VISIT.evaluate({"visit_date": day}, date.fromisoformat(day), {"edd": "2025-10-08"})

    assert state["calculated"]["gestational_age"] == age


def test_without_an_expected_date_there_is_no_gestational_age():
    assert VISIT.evaluate({"visit_date": "2026-01-05"}, date(2026, 1, 5))["calculated"]["gestational_age"] is None


def test_an_unknown_last_period_is_replaced_by_an_early_ultrasound():
    found = registered(
        date(2026, 1, 12),
        lmp_unknown=True,
        lmp=None,
        edd_basis="us",
        us_date="2026-01-12",
        us_ga_weeks=10,
        us_ga_days=0,
        us_crl=33,
    )

    assert found.values["edd_final"] == "2026-08-10"
    assert found.values["edd_basis"] == "us"
    assert found.calculated["gestational_age"] == "10+0"
    assert "lmp" not in found.values


def test_an_embryo_transfer_dates_by_266_days_less_the_age_of_the_embryo():
    found = registered(date(2026, 1, 5), edd_basis="ivf", ivf_transfer_date="2025-11-22", ivf_embryo_days=5)

    assert found.values["edd_final"] == "2026-08-10"


def test_an_unknown_last_period_cannot_be_the_basis():
    with pytest.raises(Incorrect) as refused:
        registered(date(2026, 1, 5), lmp_unknown=True, lmp=None)

    assert "edd_basis" in {fault.path for fault in refused.value.faults}


def test_a_basis_needs_its_dates():
    with pytest.raises(Incorrect) as refused:
        registered(date(2026, 1, 5), edd_basis="us")

    assert {fault.path for fault in refused.value.faults} == {"us_date", "us_ga_weeks", "us_ga_days"}


def test_ac13_a_lunar_date_is_kept_as_told_beside_the_gregorian_one_that_counts():
    told = registered(date(2026, 1, 5), lmp_calendar="lunar", lmp_lunar_told="九月十四")
    assert (told.values["lmp_lunar_told"], told.values["lmp"]) == ("九月十四", "2025-11-03")

    with pytest.raises(Incorrect) as refused:
        registered(date(2026, 1, 5), lmp_calendar="lunar", lmp_lunar_told="九月十四", lmp=None)
    assert "lmp" in {fault.path for fault in refused.value.faults}


@pytest.mark.parametrize("lmp", ["2026-01-06", "2025-03-10"])
def test_a_last_period_lies_neither_ahead_nor_300_days_back(lmp):
    with pytest.raises(Incorrect) as refused:
        registered(date(2026, 1, 5), lmp=lmp)

    assert "lmp" in {fault.path for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("told", "on", "lmp"),
    [
        ("四月初三", date(2026, 6, 1), "2026-05-19"),
        ("闰六月初一", date(2025, 9, 1), "2025-07-25"),
        ("六月初一", date(2025, 9, 1), "2025-06-25"),
    ],
)
def test_ac13_a_lunar_date_is_converted_first_and_both_are_shown(told, on, lmp):
    shown = REGISTRATION.evaluate({"lmp_calendar": "lunar", "lmp_lunar_told": told}, on)
    assert shown["calculated"]["lmp_from_lunar"] == lmp

    taken = registered(on, lmp_calendar="lunar", lmp_lunar_told=told, lmp=lmp)
    assert (taken.values["lmp_lunar_told"], taken.values["lmp"]) == (told, lmp)
    assert taken.calculated["lmp_from_lunar"] == lmp
    assert taken.calculated["edd_lmp_280"] == (date.fromisoformat(lmp) + timedelta(days=280)).isoformat()
    with pytest.raises(Incorrect) as refused:
        registered(on, lmp_calendar="lunar", lmp_lunar_told=told, lmp=str(date.fromisoformat(lmp) + timedelta(days=1)))
    assert {fault.path for fault in refused.value.faults} == {"lmp"}


def test_ac13_a_leap_month_that_was_not_is_asked_again_and_vague_words_are_kept():
    with pytest.raises(Incorrect) as refused:
        registered(date(2026, 6, 1), lmp_calendar="lunar", lmp_lunar_told="闰四月初三", lmp="2026-05-19")
    assert {fault.path for fault in refused.value.faults} == {"lmp_lunar_told"}

    vague = registered(date(2026, 6, 1), lmp_calendar="lunar", lmp_lunar_told="清明前后", lmp="2026-04-05")
    assert "lmp_from_lunar" not in vague.calculated or vague.calculated["lmp_from_lunar"] is None


@pytest.mark.parametrize(
    ("form", "field", "more"),
    [
        ("pregnancy-lead", "lead_lmp", {}),
        ("anc-first", "lmp", {}),
        ("edd-confirmation", "lmp_corrected", {"decision": "accept"}),
    ],
)
def test_g2_wherever_the_last_period_is_told_it_may_be_told_in_the_lunar_calendar(form, field, more):
    read, on = forms_on_disk()[form], date(2026, 1, 5)

    typed = read.evaluate({**more, field: "九月十四"}, on)
    ((one,),) = [typed["taken"]]
    assert (one["path"], one["day"], one["answers"]) == (
        field, "2025-11-03", {f"{field}_told": "九月十四", field: "2025-11-03"}
    )  # fmt: skip

    kept = {**example_answers(form), **more, field: "九月十四"}
    context = {"edd": "2026-08-10", "registered_on": "2026-01-05"}
    taken = read.validate(kept, on=on, context=context)
    assert (taken.values[field], taken.values[f"{field}_told"]) == ("2025-11-03", "九月十四")

    for wrong in ({field: "闰四月初三"}, {field: "2025-11-04", f"{field}_told": "九月十四"}):
        with pytest.raises(Incorrect) as refused:
            read.validate({**kept, **wrong}, on=on, context=context)
        assert field in {fault.path for fault in refused.value.faults}
