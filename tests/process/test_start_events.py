"""What begins a process from outside: messages, timers, signals, conditions, several of them in one process."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import Incorrect
from engine.interpreter import start_conditions_met, start_timer_due, start_timer_next
from engine.timers import instant, jitter
from tests.process.play import (
    NOW,
    Play,
    closure_of,
    condition,
    declare,
    diagram,
    end,
    io,
    message,
    process,
    signal,
    start,
    timer,
    user,
)

WEEKLY = "R/2026-01-05T08:00:00+08:00/P1W"


def several():
    starts = {"s0": "", "s1": message("m"), "s2": signal("sig"), "s3": timer("P2D"), "s4": condition("hb < 70")}
    parts = [part for i in starts for part in (start(i, starts[i]), user(f"task_{i}"), f"{i} -> task_{i} -> e")]
    return closure_of(diagram(declare({"m": ""}, signals="sig"), process("main", *parts, end("e"))))


def timed(text: str, sort: str, ext: str = ""):
    parts = [start("s", timer(text, sort), ext), user("a"), end("e"), "s -> a -> e"]
    return closure_of(diagram(process("main", *parts))).root


@pytest.mark.parametrize("identity", ["s0", "s1", "s2", "s3", "s4"])
def test_each_start_event_begins_its_own_path(identity):
    p = Play(several(), {"hb": 65}, start_element=identity)

    assert p.open == [f"task_{identity}"]
    assert p.complete(f"task_{identity}").state == "completed"


def test_a_program_says_what_may_begin_it():
    program = several().root

    assert dict(program.start_messages) == {"m": "s1"}
    assert dict(program.start_signals) == {"sig": "s2"}
    assert list(program.start_timers) == ["s3"]
    assert [c.text for c in program.start_conditions.values()] == ["hb < 70"]


def test_only_a_start_event_of_the_process_itself_begins_it():
    with pytest.raises(Incorrect):
        Play(several(), {}, start_element="task_s1")


def test_a_process_without_a_none_start_is_begun_by_its_events_only():
    closure = closure_of(diagram(process("main", start("s", timer("P1D")), end("e"), "s -> e")))

    with pytest.raises(Incorrect):
        Play(closure, {})
    assert Play(closure, {}, start_element="s").state == "completed"


def test_a_signal_hands_its_payload_through_the_mappings():
    mapped = start("s", signal("sig"), io(outputs={"region": "=code"}))
    closure = closure_of(diagram(declare(signals="sig"), process("main", mapped, user("a"), end("e"), "s -> a -> e")))

    assert Play(closure, {"code": "330106", "noise": 1}, start_element="s").variables == {"region": "330106"}


def test_a_condition_begins_a_process_only_when_it_is_true():
    program = several().root

    assert start_conditions_met(program, {"hb": 65}, NOW) == ("s4",)
    assert start_conditions_met(program, {"hb": 75}, NOW) == ()
    assert start_conditions_met(program, {}, NOW) == ()


@pytest.mark.parametrize(
    ("text", "sort", "due"),
    [
        ("P2D", "timeDuration", "2026-01-07T08:00:00+08:00"),
        ("2026-03-01T08:00:00+08:00", "timeDate", "2026-03-01T08:00:00+08:00"),
        ("0 7 * * *", "timeCycle", "2026-01-06T07:00:00+08:00"),
        ("R3/P1W", "timeCycle", "2026-01-12T08:00:00+08:00"),
        ('=duration("P" + string(1 + 1) + "D")', "timeDuration", "2026-01-07T08:00:00+08:00"),
    ],
)
def test_a_timer_start_is_first_due(text, sort, due):
    assert start_timer_due(timed(text, sort), "s", NOW).due == instant(due)


def test_a_timer_start_that_gives_no_moment_is_refused_in_words():
    with pytest.raises(Incorrect):
        start_timer_due(timed("=nobody knows", "timeDuration"), "s", NOW)


def test_a_cycle_begins_an_instance_each_time_and_ends_after_its_repetitions():
    program = timed("R2/P1W", "timeCycle")
    first = start_timer_due(program, "s", NOW)

    runs, second = start_timer_next(program, "s", first, first.due)
    assert second is not None
    assert (runs, second.due - first.due) == (True, timedelta(weeks=1))
    assert start_timer_next(program, "s", second, second.due) == (True, None)


@pytest.mark.parametrize(
    ("policy", "runs", "due"),
    [
        ("fire_once", True, "2026-02-02T08:00:00+08:00"),
        ("fire_all", True, "2026-01-12T08:00:00+08:00"),
        ("skip", False, "2026-02-02T08:00:00+08:00"),
    ],
)
def test_after_three_weeks_down_the_policy_of_the_start_decides(policy, runs, due):
    program = timed(WEEKLY, "timeCycle", f'<yuntu:misfire policy="{policy}"/>')
    first = start_timer_due(program, "s", NOW)

    ran, following = start_timer_next(program, "s", first, first.due + timedelta(weeks=3, hours=1))

    assert following is not None
    assert (ran, following.due) == (runs, instant(due))


def test_jitter_spreads_timers_of_one_moment_and_always_alike():
    spread = timedelta(minutes=10)

    moments = [jitter(NOW, f"timer/{number}", spread) for number in range(1000)]

    assert all(NOW <= moment < NOW + spread for moment in moments)
    assert moments == [jitter(NOW, f"timer/{number}", spread) for number in range(1000)]
    per_minute = [sum((m - NOW) // timedelta(minutes=1) == i for m in moments) for i in range(10)]
    assert min(per_minute) > 60
