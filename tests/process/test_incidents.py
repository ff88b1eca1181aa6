"""What goes wrong stands still at its element, leaves nothing half done, and goes on when it is tried again."""

from __future__ import annotations

import pytest

from engine.interpreter import Unexpected
from engine.interpreter.contracts import Terminated, TimerFired, UserTaskDone, VariablesChanged, WaitKind
from tests.process.play import (
    boundary,
    catch,
    declare,
    each,
    end,
    event_gateway,
    event_start,
    event_sub,
    flows,
    io,
    message,
    play,
    script,
    start,
    sub,
    timer,
    user,
)

KEY = declare({"m": "=key"})


def test_an_event_gateway_of_which_one_event_cannot_be_waited_for_waits_for_none():
    p = play(start("s"), event_gateway("g"), catch("t", timer("P1D")), catch("c", message("m")), end("e"),
             "s -> g; g -> t -> e; g -> c -> e", declared=KEY)  # fmt: skip
    assert p.waiting == ["incident g"]

    p.set(key="k").retry("g")

    assert p.waiting == ["message c", "timer t"]


def test_a_boundary_event_that_cannot_listen_keeps_its_activity_from_beginning():
    p = play(start("s"), user("a"), boundary("b", "a", message("m")), end("e"), "s -> a -> e; b -> e", declared=KEY)
    assert p.waiting == ["incident a"]

    p.set(key="k").retry("a")

    assert p.waiting == ["message b", "user_task a"]


def test_a_run_of_several_that_cannot_begin_is_tried_again_from_its_beginning():
    listener = event_sub("es", event_start("ms", message("m"), interrupting=False), end("me"), "ms -> me")
    other = event_sub("et", event_start("ts", timer("P1D")), end("te"), "ts -> te")
    inside = start("is") + user("a") + end("ie") + flows("is -> a -> ie")
    p = play(start("s"), sub("sp", inside, other, listener, loop=each("=[1]")), end("e"), "s -> sp -> e", declared=KEY)
    assert p.waiting == ["incident sp"]

    p.set(key="k").retry("sp")

    assert p.waiting == ["message ms", "timer ts", "user_task a"]


def test_an_event_sub_process_of_the_process_that_cannot_listen_keeps_the_instance_from_beginning():
    listener = event_sub("es", event_start("ms", message("m"), interrupting=False), end("me"), "ms -> me")
    p = play(start("s"), user("a"), end("e"), listener, "s -> a -> e", declared=KEY)
    assert p.waiting == ["incident s"]

    p.set(key="k").retry("s")

    assert p.waiting == ["message ms", "user_task a"]


def test_what_was_entered_survives_when_its_flow_cannot_be_chosen():
    p = play(start("s"), user("a"), user("b"), end("e"), "s -> a; a -[next > 1]-> b; b -> e")

    p.complete("a", hb=110)
    assert (p.incidents, p.variables) == (["a"], {"hb": 110})
    p.set(next=2).retry("a")

    assert p.open == ["b"]


def test_what_was_entered_survives_when_a_later_loop_is_no_list():
    p = play(
        start("s"), user("a", ext=io(outputs={"kept": "=x"})), user("b", each("=kept")), end("e"), "s -> a -> b -> e"
    )

    p.complete("a", x=5)
    assert (p.incidents, p.variables) == (["b"], {"kept": 5})

    assert p.set(kept=[1]).retry("b").open == ["b"]


def test_an_incident_inside_a_sub_process_goes_when_the_sub_process_is_cancelled():
    p = play(
        start("s"),
        sub("sp", start("is"), user("x", each("=nothing")), end("ie"), "is -> x -> ie"),
        end("e"),
        boundary("t", "sp", timer("P1D")),
        "s -> sp -> e; t -> e",
    )
    assert p.incidents == ["x"]

    p.advance("P1D")

    assert (p.state, p.waiting) == ("completed", [])


def test_an_incident_keeps_the_instance_alive():
    p = play(start("s"), script("a", "x", "y", each("=nothing")), end("e"), "s -> a -> e")

    assert (p.state, p.ended_at) == ("active", [])


def test_a_wait_is_told_only_what_it_waits_for():
    p = play(start("s"), user("a"), end("e"), "s -> a -> e")
    wait = p.wait(WaitKind.USER_TASK, "a")

    with pytest.raises(Unexpected):
        p.tell(TimerFired(wait.id))


@pytest.mark.parametrize("event", [UserTaskDone(1), VariablesChanged({"x": 1}), Terminated()])
def test_an_ended_instance_takes_nothing_more(event):
    p = play(start("s"), end("e"), "s -> e")

    with pytest.raises(Unexpected):
        p.tell(event)
