"""A bar that never failed on a planted bug does not count: each of them is seen, by the bar that it names."""

import pytest

from runtime.trials import mutants, planted, suite


@pytest.mark.parametrize("name", planted.names())
def test_a_planted_bug_is_seen_by_its_bar(name, database):
    assert mutants.seen(name, database) != []


def test_there_are_fifteen_planted_bugs_at_least_and_each_names_a_bar():
    assert len(planted.names()) >= 15
    assert {mutants.bar_of(name) for name in planted.names()} <= suite.BARS.keys()
