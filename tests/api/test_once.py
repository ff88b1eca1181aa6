"""A request that no single transaction holds: whose it is, for how long, and what becomes of it when that one dies."""

from __future__ import annotations

import pytest

from engine.commands.contracts import IdempotencyKey
from engine.errors import Conflict, Incorrect
from runtime.trials.databases import looking
from workflows.people.once import LEASE

KEY, OTHER = (IdempotencyKey(client="person:1", key="k-1", request_hash=seal) for seal in "ab")

LEASE_S = LEASE.total_seconds() + 1  # renewed at most a beat ago


@pytest.fixture
def once(county):
    return lambda plan, key=KEY: county.services.people.answer_once(key, {"to": plan})


def time_passes(county, seconds):
    """For whoever holds a request."""
    with looking(county.services.pool) as conn:
        conn.execute("UPDATE http_answer SET held_until = held_until - make_interval(secs => %s)", [seconds])


def test_while_it_runs_nobody_else_has_it_and_then_its_answer_counts(once):
    with once("monday") as first:
        with pytest.raises(Conflict) as refused, once("monday"):
            pass
        first.keep({"now": "monday"})

    with once("tuesday") as again:
        assert again.stored == {"now": "monday"}
    assert refused.value.code == "still-running"


def test_a_key_of_another_request_is_refused(once):
    with once("monday"), pytest.raises(Incorrect), once("monday", OTHER):
        pass


def test_an_error_frees_the_key(once):
    with pytest.raises(ZeroDivisionError), once("monday"):
        raise ZeroDivisionError

    with once("tuesday") as again:
        assert (again.stored, again.plan, again.goes_on) == (None, {"to": "tuesday"}, False)


def test_what_the_dead_had_set_out_to_do_is_gone_on_with_and_the_dead_keep_nothing(county, once):
    with once("monday") as slow:
        time_passes(county, LEASE_S)
        with once("tuesday") as other:
            assert (other.stored, other.plan, other.goes_on) == (None, {"to": "monday"}, True)
            with pytest.raises(Conflict) as refused:
                slow.keep({"now": "too late"})
            other.keep({"now": "monday"})

    assert refused.value.code == "taken-over"
    with once("monday") as again:
        assert again.stored == {"now": "monday"}


def test_whoever_was_taken_over_and_fails_does_not_free_the_key(county, once):
    with pytest.raises(ZeroDivisionError), once("monday"):
        time_passes(county, LEASE_S)
        with once("monday") as other:
            other.keep({"now": "monday"})
        raise ZeroDivisionError

    with once("monday") as again:
        assert again.stored == {"now": "monday"}


def test_a_request_of_an_older_release_stays_as_it_is(county, once):
    """It says nothing of how long it is held, and nothing of what it set out to do."""
    with once("monday"):
        with looking(county.services.pool) as conn:
            conn.execute("UPDATE http_answer SET held_until = NULL")
        with pytest.raises(Conflict), once("monday"):
            pass


def test_without_a_key_everything_is_new(once):
    for _ in range(2):
        with once("monday", None) as each:
            assert each.stored is None
            each.keep({"now": "monday"})
