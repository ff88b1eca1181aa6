"""Undoing: what completed is undone by its handlers, in sub-processes, in several runs, in cancelled transactions."""

from __future__ import annotations

from tests.process.play import (
    Play,
    boundary,
    call,
    closure_of,
    content,
    diagram,
    each,
    el,
    end,
    event_start,
    event_sub,
    fork,
    io,
    play,
    process,
    script,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

UNDO = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"


def undo_of(activity: str) -> str:
    return f'<compensateEventDefinition activityRef="{activity}"/>'


def undoable(name: str, loop: str = "", ext: str = "") -> str:
    """A task and what undoes it; a note hangs on the boundary event as well."""
    return (
        user(name, loop, ext)
        + boundary(f"c_{name}", name, UNDO)
        + user(f"undo_{name}", isForCompensation="true")
        + f'<association id="as_{name}" sourceRef="c_{name}" targetRef="undo_{name}"/>'
        + f'<association id="note_{name}" sourceRef="c_{name}" targetRef="text_{name}"/>'
        + f'<textAnnotation id="text_{name}"/>'
    )


def seen(p: Play, handler: str, name: str):
    """What a handler that is open sees under a name."""
    wait = next(w for w in p.waits() if w.element_id == handler)
    return p.now_state.visible(wait.scope).get(name)


def test_only_the_activity_that_is_named_is_undone():
    p = play(start("s"), undoable("a"), undoable("b"), throw("t", undo_of("a")), end("e"), "s -> a -> b -> t -> e")

    p.complete("a").complete("b")

    assert p.open == ["undo_a"]
    assert p.complete("undo_a").state == "completed"


def test_what_ran_inside_a_sub_process_is_undone_with_it_the_last_first():
    inside = [start("is"), undoable("a"), undoable("b"), end("ie"), "is -> a -> b -> ie"]
    p = play(start("s"), sub("sp", *inside), undoable("c"), end("e", UNDO), "s -> sp -> c -> e")

    p.complete("a").complete("b").complete("c")

    assert p.open == ["undo_c"]
    assert p.complete("undo_c").open == ["undo_b"]
    assert p.complete("undo_b").open == ["undo_a"]
    assert p.complete("undo_a").ended_at == ["e"]


def test_a_sub_process_that_is_not_through_is_not_undone_from_outside():
    inside = [start("is"), undoable("a"), user("b"), end("ie"), "is -> a -> b -> ie"]
    p = play(start("s"), fork("f"), sub("sp", *inside), user("go"), throw("t", UNDO), end("e"), end("e2"),
             "s -> f; f -> sp -> e; f -> go -> t -> e2")  # fmt: skip

    p.complete("a").complete("go")

    assert p.open == ["b"]


def test_the_handler_of_an_activity_that_ran_several_times_runs_once():
    p = play(start("s"), undoable("a", each("=[1,2,3]", "item")), throw("t", UNDO), end("e"), "s -> a -> t -> e")

    p.complete("a").complete("a").complete("a")

    assert p.open == ["undo_a"]
    assert p.complete("undo_a").state == "completed"


def test_the_handlers_inside_several_runs_each_see_their_own_item_last_first():
    inside = [start("is"), undoable("a"), end("ie"), "is -> a -> ie"]
    several = sub("sp", *inside, loop=each('=["x","y"]', "item", sequential=True))
    p = play(start("s"), several, throw("t", UNDO), end("e"), "s -> sp -> t -> e")

    p.complete("a").complete("a")

    assert seen(p, "undo_a", "item") == "y"
    p.complete("undo_a")
    assert seen(p, "undo_a", "item") == "x"
    assert p.complete("undo_a").state == "completed"


def test_an_activity_that_a_loop_completed_twice_is_undone_twice():
    p = play(start("s"), xor("m"), undoable("a"), xor("g", "out"), throw("t", UNDO), end("e"),
             "s -> m -> a -> g; g -[again]-> m; g -[out:]-> t -> e")  # fmt: skip

    p.complete("a", again=True).complete("a", again=False)

    assert p.complete("undo_a").open == ["undo_a"]
    assert p.complete("undo_a").state == "completed"


def test_a_handler_sees_the_values_that_its_activity_had():
    kept = io({"dose": "=dose_now"}, {"done": "=true"})
    p = play(start("s"), undoable("a", ext=kept), script("later", "99", "dose_now"), throw("t", UNDO), end("e"),
             "s -> a -> later -> t -> e", variables={"dose_now": 1})  # fmt: skip

    p.complete("a")

    assert seen(p, "undo_a", "dose") == 1


def test_an_event_sub_process_undoes_what_completed_around_it():
    undoing = event_sub("es", event_start("x", timer("P1D")), throw("t", UNDO), end("xe"), "x -> t -> xe")
    p = play(start("s"), undoable("a"), user("b"), undoing, end("e"), "s -> a -> b -> e")

    p.complete("a").advance("P1D")

    assert p.open == ["undo_a"]
    assert p.complete("undo_a").state == "completed"


def test_what_a_called_process_did_is_undone_by_a_handler_of_the_call_only():
    calls = (
        call("c", "child")
        + boundary("cc", "c", UNDO)
        + user("undo_call", isForCompensation="true")
        + '<association id="as" sourceRef="cc" targetRef="undo_call"/>'
    )
    child = process("child", start("cs"), undoable("a"), end("ce"), "cs -> a -> ce")
    p = play(start("s"), calls, throw("t", UNDO), end("e"), "s -> c -> t -> e", others=child)

    p.complete("c/a")

    assert p.open == ["undo_call"]


def test_compensation_with_nothing_to_undo_goes_on():
    p = play(start("s"), undoable("a"), xor("g", "d"), throw("t", UNDO), end("e"),
             "s -> g; g -[x = 1]-> a -> e; g -[d:]-> t -> e", variables={"x": 2})  # fmt: skip

    assert p.state == "completed"


def transaction(*parts: str, loop: str = "") -> Play:
    tx = el("transaction", "tx", loop + content(*parts))
    return play(start("s"), tx, boundary("cancelled", "tx", CANCEL), user("told"), end("e"),
                "s -> tx -> e; cancelled -> told -> e")  # fmt: skip


def test_a_cancelled_transaction_stops_what_is_open_before_it_undoes():
    p = transaction(start("is"), fork("f"), undoable("a"), user("b"), user("no"), end("ie"), end("ic", CANCEL),
                    "is -> f; f -> a -> b -> ie; f -> no -> ic")  # fmt: skip
    p.complete("a").complete("no")

    assert p.open == ["undo_a"]
    assert p.complete("undo_a").open == ["told"]
    assert p.complete("told").state == "completed"


def test_cancelling_one_of_several_transactions_stops_and_undoes_them_all():
    parts = [start("is"), undoable("a"), xor("g", "ok"), end("ie"), end("ic", CANCEL),
             "is -> a -> g; g -[no]-> ic; g -[ok:]-> ie"]  # fmt: skip
    p = transaction(*parts, loop=each('=["x","y","z"]', "item"))

    p.complete("a", no=False).complete("a", no=True)

    assert p.open == ["undo_a"]
    assert seen(p, "undo_a", "item") == "y"
    p.complete("undo_a")
    assert (p.open, seen(p, "undo_a", "item")) == (["undo_a"], "x")
    assert p.complete("undo_a").open == ["told"]
    assert p.complete("told").state == "completed"


def test_a_transaction_that_is_not_cancelled_leaves_as_a_sub_process_does():
    p = transaction(start("is"), undoable("a"), xor("g", "ok"), end("ie"), end("ic", CANCEL),
                    "is -> a -> g; g -[no]-> ic; g -[ok:]-> ie")  # fmt: skip

    assert p.complete("a", no=False).state == "completed"


def test_what_undoes_keeps_its_place_through_a_terminated_instance():
    inside = [start("is"), undoable("a"), end("ie"), "is -> a -> ie"]
    p = Play(closure_of(diagram(process("main", start("s"), sub("sp", *inside), throw("t", UNDO), end("e"),
                                        "s -> sp -> t -> e"))), {})  # fmt: skip
    p.complete("a").terminate()

    assert (p.state, p.waiting) == ("terminated", [])
