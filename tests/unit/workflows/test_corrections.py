"""A wrong last period: the effect is known before it is done; what happened stays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.errors import Conflict, Incorrect
from workflows.corrections import effect_of_lmp, reason_of
from workflows.regions import load_pack

TODAY = date(2026, 3, 2)
KNOWN = {
    "edd": "2026-10-08",  # last period 2026-01-01: 8+4 today
    "visits": ["2026-02-20"],
    "early_registration": True,
    "policy": load_pack("cn-baseline").policy(),
}


def effect(lmp="2025-12-11", ended=False, **more):
    return effect_of_lmp({**KNOWN, **more}, lmp, TODAY, ended=ended)


def test_the_due_date_the_week_and_every_window_move_by_the_same_days():
    found = effect()

    assert (found.old_edd, found.new_edd, found.days) == (date(2026, 10, 8), date(2026, 9, 17), -21)
    assert (found.old_age, found.new_age) == ("8+4", "11+4")
    assert [one.slot for one in found.moved] == [1, 2, 3, 4, 5]
    assert all(one.opens_on - one.opened_on == timedelta(days=-21) for one in found.moved)
    assert all(one.closes_on - one.closed_on == timedelta(days=-21) for one in found.moved)


def test_visits_made_stay_and_fill_the_window_in_which_they_now_lie():
    found = effect()

    assert (found.kept, [one.visited for one in found.moved]) == (1, [True, False, False, False, False])


@pytest.mark.parametrize(("lmp", "early"), [("2025-11-22", True), ("2025-11-21", False)])
def test_whether_she_registered_early_is_said_anew(lmp, early):
    assert (effect(lmp).was_early, effect(lmp).is_early) == (True, early)  # 12+6 and 13+0 on the day of the first visit


@pytest.mark.parametrize("lmp", ["", "yesterday", "2026-03-03", "2025-04-01", "2026-01-01"])
def test_a_date_that_cannot_be_or_changes_nothing_is_refused_at_its_field(lmp):
    with pytest.raises(Incorrect) as refused:
        effect(lmp)

    assert [fault.path for fault in refused.value.faults] == ["lmp"]
    assert refused.value.message.zh and refused.value.message.en


@pytest.mark.parametrize("more", [{"ended": True}, {"delivered_on": "2026-03-01"}, {"end_code": "lost"}, {"edd": None}])
def test_a_pregnancy_that_is_over_or_not_dated_is_not_moved(more):
    with pytest.raises(Conflict):
        effect(**more)


@pytest.mark.parametrize("text", ["", "  ", "x" * 501])
def test_nothing_is_corrected_without_a_reason(text):
    with pytest.raises(Incorrect):
        reason_of(text)
