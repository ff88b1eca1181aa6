"""Moving tokens by hand: where they may go, what goes with them, what is refused. Pure."""

from __future__ import annotations

import pytest

from engine.commands.contracts import Instruction
from engine.interpreter import decode, encode
from engine.operations.modification import modify
from tests.process.invariants import check
from tests.process.play import (
    Play,
    boundary,
    call,
    closure_of,
    content,
    declare,
    diagram,
    each,
    el,
    end,
    event_start,
    event_sub,
    fork,
    message,
    process,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)
from tests.process.test_compensation import CANCEL, UNDO, undoable

LINE = start("s"), user("a"), user("b"), user("c"), end("e"), "s -> a -> b -> c -> e"
MESSAGES = declare({"m": '="k"'})


def begun(*parts: str, others: str = "", **variables) -> Play:
    return Play(closure_of(diagram(MESSAGES, process("main", *parts), others)), variables)


def moved(p: Play, *moves: str, **variables):
    """`cancel x`, `before x`, `after x`."""
    actions = {"cancel": "cancel", "before": "start_before", "after": "start_after"}
    instructions = [Instruction(action=actions[m.split()[0]], element_id=m.split()[1]) for m in moves]
    given = encode(p.now_state)
    outcome = modify(p.closure, p.now_state, instructions, p.now, variables=variables)
    assert encode(p.now_state) == given, "the state given must not change"
    if outcome.problems:
        assert all(problem.message.zh and problem.message.en for problem in outcome.problems)
        return [(problem.element_id, problem.code) for problem in outcome.problems]
    state = decode(encode(outcome.step.state), outcome.step.state.variables)
    check(p.closure, state)
    p._state, p.last = state, outcome.step
    p.history += outcome.step.happened
    return p


def test_a_token_goes_from_one_task_to_another_with_new_values():
    p = moved(begun(*LINE, x=1), "cancel a", "before c", x=2)

    assert (p.open, p.variables) == (["c"], {"x": 2})
    assert p.complete("c").state == "completed"


def test_after_a_task_its_own_way_out_is_taken():
    assert moved(begun(*LINE), "cancel a", "after b").open == ["c"]


def test_a_second_token_is_a_second_token():
    p = moved(begun(*LINE), "before c")

    assert p.open == ["a", "c"]
    assert p.complete("c").state == "active"
    assert p.complete("a").complete("b").complete("c").state == "completed"


def test_a_token_moved_back_meets_the_task_anew():
    p = begun(*LINE).complete("a").complete("b")

    assert moved(p, "cancel c", "before a").complete("a").open == ["b"]


def test_its_deadline_goes_with_a_cancelled_task_and_comes_with_a_started_one():
    p = begun(*LINE, boundary("late", "a", timer("P3D")), boundary("soon", "c", timer("P1D")), end("x"), end("y"),
              "late -> x; soon -> y")  # fmt: skip

    assert moved(p, "cancel a", "before c").waiting == ["timer soon", "user_task c"]


def test_cancelling_everything_is_refused():
    assert moved(begun(*LINE), "cancel a") == [("main", "nothing-left")]


@pytest.mark.parametrize(("move", "code"), [
    ("cancel b", "not-active"), ("before z", "element-unknown"), ("after e", "cannot-start"),
    ("before late", "cannot-start"), ("before c/x", "scope-not-open"),
])  # fmt: skip
def test_what_cannot_be_is_refused_with_its_element(move, code):
    p = begun(*LINE, boundary("late", "a", timer("P3D")), end("x"), "late -> x")

    assert [found for _, found in moved(p, move)] == [code]


def test_a_sub_process_that_is_not_open_is_opened_around_the_task():
    inside = sub("box", start("t"), user("u"), user("v"), end("w"), "t -> u -> v -> w")
    guard = boundary("told", "box", message("m"))
    p = begun(start("s"), user("a"), inside, guard, end("e"), end("f"), "s -> a -> box -> e; told -> f")

    moved(p, "cancel a", "before v")

    assert p.waiting == ["message told", "user_task v"]
    assert p.complete("v").ended_at == ["e"]


def test_a_sub_process_that_loses_its_last_token_is_gone():
    inside = sub("box", start("t"), user("u"), end("w"), "t -> u -> w")
    p = begun(start("s"), inside, user("a"), end("e"), "s -> box -> a -> e")

    assert moved(p, "cancel u", "before a").complete("a").state == "completed"


def test_within_an_open_sub_process_a_token_moves_without_leaving_it():
    inside = sub("box", start("t"), user("u"), user("v"), end("w"), "t -> u -> v -> w")
    p = begun(start("s"), inside, end("e"), "s -> box -> e", x=1)

    assert moved(p, "cancel u", "before v").complete("v").ended_at == ["e"]


def test_a_whole_sub_process_is_cancelled_with_everything_inside():
    box = sub("box", start("t"), user("u"), end("w"), "t -> u -> w")
    p = begun(start("s"), box, user("a"), end("e"), "s -> box -> a -> e")

    assert moved(p, "cancel box", "before a").open == ["a"]


def test_inside_a_called_process_places_have_the_call_before_them():
    other = process("other", start("t"), user("u"), user("v"), end("w"), "t -> u -> v -> w")
    p = begun(start("s"), call("c", "other"), user("a"), end("e"), "s -> c -> a -> e", others=other)

    assert moved(p, "cancel c/u", "before c/v").open == ["c/v"]
    assert moved(p, "cancel c/v", "before a").complete("a").state == "completed"


def test_a_join_that_would_wait_for_ever_is_refused_and_a_token_sent_there_helps():
    parts = start("s"), fork("f"), user("a"), user("b"), fork("j"), end("e"), "s -> f -> a -> j -> e; f -> b -> j"

    assert moved(begun(*parts), "cancel a") == [("j", "join-starved")]
    assert moved(begun(*parts), "cancel a", "after a").complete("b").state == "completed"
    assert moved(begun(*parts).complete("b"), "cancel a") == [("j", "join-starved")]


def test_a_token_that_waits_at_a_join_can_be_taken_away():
    parts = start("s"), fork("f"), user("a"), user("b"), fork("j"), user("z"), end("e")
    p = begun(*parts, "s -> f -> a -> j -> z -> e; f -> b -> j").complete("a")

    assert moved(p, "cancel j", "cancel b", "before z").complete("z").state == "completed"


def test_one_of_several_runs_is_not_emptied_but_all_of_them_may_go():
    flows = "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in ("tu", "uw"))
    box = el("subProcess", "box", each("=[1,2]") + start("t") + user("u") + end("w") + flows)
    parts = start("s"), box, user("a"), end("e"), "s -> box -> a -> e"

    assert moved(begun(*parts), "cancel u", "before a") == [("box", "inside-multi-instance")]
    assert moved(begun(*parts), "cancel box", "before a").open == ["a"]


def test_an_exclusive_gateway_chooses_as_always():
    p = begun(start("s"), user("a"), xor("g", "d"), user("b"), user("c"), end("e"), end("f"),
              "s -> a -> g -[x > 1]-> b -> e; g -[d:]-> c -> f", x=5)  # fmt: skip

    assert moved(p, "cancel a", "after g").open == ["b"]


def test_the_event_sub_processes_of_an_opened_scope_listen():
    watch = event_sub("watch", event_start("ws", message("m")), end("we"), "ws -> we")
    box = sub("box", start("t"), user("u"), end("w"), watch, "t -> u -> w")
    p = begun(start("s"), user("a"), box, end("e"), "s -> a -> box -> e")

    assert moved(p, "cancel a", "before u").waiting == ["message ws", "user_task u"]


def undone(loop: str = "") -> Play:
    """A cancelled transaction whose two handlers are to run, the last first."""
    inside = [start("is"), undoable("a"), undoable("b"), end("ic", CANCEL), "is -> a -> b -> ic"]
    tx = el("transaction", "tx", loop + content(*inside))
    parts = [start("s"), tx, boundary("cancelled", "tx", CANCEL), user("told"), end("e"),
             "s -> tx -> e; cancelled -> told -> e"]  # fmt: skip
    return begun(*parts).complete("a").complete("b")


def test_a_cancelled_compensation_handler_is_passed_over_and_the_next_one_runs():
    p = moved(undone(), "cancel undo_b")

    assert p.open == ["undo_a"]
    assert p.complete("undo_a").open == ["told"]


def test_after_the_last_handler_was_cancelled_compensation_is_through():
    p = moved(undone().complete("undo_b"), "cancel undo_a")

    assert p.open == ["told"]
    assert p.complete("told").state == "completed"


@pytest.mark.parametrize("loop", ["", each("=[1]", "i")], ids=["once", "several runs"])
def test_compensation_as_a_whole_is_cancelled_with_its_transaction(loop):
    p = moved(undone(loop), "cancel ic", "before told")

    assert p.open == ["told"]
    assert p.complete("told").state == "completed"


def test_compensation_that_was_thrown_in_passing_is_cancelled_at_its_thrower():
    p = begun(start("s"), undoable("a"), throw("back", UNDO), user("b"), end("e"), "s -> a -> back -> b -> e")

    p = moved(p.complete("a"), "cancel back", "before b")

    assert p.open == ["b"]
    assert p.complete("b").state == "completed"
