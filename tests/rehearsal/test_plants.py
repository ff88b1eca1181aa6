"""C47 of docs/engine-audit.md, done less well than it has to be."""

import pytest

from engine.rehearsal import scenario
from tests.planting import turns_red
from tests.rehearsal import test_scenario


def what_is_not_named_may_be_there(mp):
    def inside(what, want, actual):
        if not set(want) <= set(actual):
            raise scenario.Mismatch({what: want}, {what: actual})

    mp.setattr(scenario, "same_bag", inside)


def an_hour_more_or_less_is_the_same(mp):
    mp.setattr(scenario, "TOLERANCE", scenario.timedelta(hours=1))


def a_word_that_nobody_knows_is_passed_over(mp):
    mp.setattr(scenario, "known", lambda names, given: None)


@pytest.mark.parametrize(
    ("plant", "step", "wrong"),
    [
        (what_is_not_named_may_be_there, "- expect: {open: []}", "open"),
        (what_is_not_named_may_be_there, "- expect: {open: [visit, visit]}", "open"),
        (an_hour_more_or_less_is_the_same, "- expect: {timers: {late: 2026-01-08T08:00:05+08:00}}", "timers"),
        (a_word_that_nobody_knows_is_passed_over, "- expect: {opened: [visit]}", "unknown"),
    ],
)
def test_c47_a_scenario_that_holds_too_easily_is_seen(request, plant, step, wrong):
    turns_red(request, test_scenario.test_what_does_not_hold_is_named_with_its_step, plant, step=step, wrong=wrong)
