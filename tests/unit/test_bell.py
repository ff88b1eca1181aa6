"""Whoever waits for work is woken at once, looks by himself all the same, and is not kept running by a false alarm."""

import threading

import pytest

from engine.bell import Bell

NEVER = 3600.0  # seconds: a test that rests so long has failed


def attended(bell):
    bell.is_attended = True
    return bell


def test_who_is_rung_for_rests_no_longer():
    bell = attended(Bell(NEVER, safety_s=NEVER))
    bell.ring()

    assert bell.rest() is False


def test_who_is_rung_for_while_nobody_listens_is_rung_for_all_the_same():
    """Between the round that found nothing and the rest."""
    bell = attended(Bell(0.0, safety_s=NEVER))
    bell.ring()
    bell.rest()
    bell.rest()
    bell.ring()

    assert bell.rest() is False


def test_who_is_never_rung_for_looks_by_himself():
    assert attended(Bell(NEVER, safety_s=0.0)).rest() is False


def test_without_anybody_at_the_bell_one_polls():
    assert Bell(0.0, safety_s=NEVER).rest() is False


def test_after_a_false_alarm_one_rests_as_long_as_between_two_polls():
    bell = attended(Bell(0.02, safety_s=NEVER))
    bell.ring()
    bell.rest()
    bell.ring()  # it goes on ringing: others hold the work
    ended = threading.Event()
    threading.Thread(target=lambda: (bell.rest(), ended.set())).start()

    assert not ended.is_set()
    assert ended.wait(NEVER)


@pytest.mark.parametrize("is_attended", [True, False])
def test_to_be_stopped_ends_the_rest(is_attended):
    bell = Bell(NEVER, safety_s=NEVER)
    bell.is_attended = is_attended
    answers = []
    resting = threading.Thread(target=lambda: answers.append(bell.rest()))
    resting.start()
    bell.stop()
    resting.join()

    assert answers == [True]
    assert bell.rest() is True


def test_a_short_rest_is_not_made_longer():
    """A batch goes no faster than its rate, and no slower."""
    assert attended(Bell(NEVER, safety_s=NEVER)).rest(at_most=0.0) is False


@pytest.mark.parametrize(
    ("is_attended", "is_rung", "after"), [(True, False, 5.0), (True, True, 1.0), (False, False, 1.0)]
)
def test_one_who_does_not_wait_here_is_told_when_to_look(is_attended, is_rung, after):
    bell = Bell(1.0, safety_s=5.0)
    bell.is_attended = is_attended
    if is_rung:
        bell.ring()

    assert [bell.is_due(rested) for rested in (after - 0.1, after)] == [False, True]
    assert not bell.is_due(1.0) or not is_attended, "it has been answered"
