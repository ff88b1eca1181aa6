"""Cases that reference engines answer differently; each row of the list in docs/bpmn-support.md, as we answer it."""

from __future__ import annotations

import pytest

from engine.interpreter.contracts import WaitKind
from tests.process.play import (
    boundary,
    call,
    catch,
    declare,
    each,
    end,
    error,
    event_start,
    event_sub,
    fork,
    inclusive,
    io,
    message,
    play,
    script,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

KEY_K = {"m": '="k"'}


def test_of_several_true_conditions_the_first_in_the_file_is_taken():
    p = play(start("s"), xor("g", default="d"), end("one"), end("two"), end("other"),
             "s -> g; g -[true]-> one; g -[true]-> two; g -[d:]-> other")  # fmt: skip

    assert p.ended_at == ["one"]


@pytest.mark.parametrize("value", [None, "yes", 61])
def test_a_condition_that_is_neither_true_nor_false_is_an_incident_and_not_the_default_flow(value):
    p = play(start("s"), xor("g", default="d"), end("one"), end("other"),
             "s -> g; g -[x]-> one; g -[d:]-> other", variables={"x": value})  # fmt: skip
    assert (p.incidents, p.ended_at) == (["g"], [])
    told = p.waits(WaitKind.INCIDENT)[0].data["message_en"]
    assert value is None or str(value) not in told, "what was measured is not for whoever repairs a diagram"

    p.set(x=True).retry("g")

    assert (p.ended_at, p.state) == (["one"], "completed")


def test_a_spare_token_at_a_parallel_join_stays_and_keeps_the_scope_alive():
    p = play(start("s"), fork("f"), user("a"), user("b"), user("c"), xor("m"), fork("j"), end("e"),
             "s -> f; f -> a -> m; f -> b -> m; f -> c -> j; m -> j -> e")  # fmt: skip

    p.complete("a").complete("b")
    assert p.ended_at == []
    p.complete("c")

    assert (p.ended_at, p.state, p.waiting) == (["e"], "active", [])


def test_a_parallel_gateway_with_two_incoming_flows_is_a_join_even_for_a_loop():
    p = play(start("s"), fork("f"), user("a"), user("b"), end("e"), "s -> f; f -> a -> f; f -> b -> e")

    assert (p.open, p.state) == ([], "active")


def test_an_inclusive_join_fires_when_a_branch_ends_early():
    p = play(
        start("s"),
        inclusive("f"),
        user("a"),
        user("b"),
        xor("g", default="on"),
        end("early"),
        inclusive("j"),
        end("e"),
        "s -> f; f -[true]-> a; f -[c2: true]-> b; a -> j; b -> g; g -[stop]-> early; g -[on:]-> j; j -> e",
    )
    p.complete("a")
    assert p.ended_at == []

    p.complete("b", stop=True)

    assert (p.ended_at, p.state) == (["early", "e"], "completed")


def test_an_inclusive_join_fires_when_a_branch_is_cancelled():
    p = play(start("s"), inclusive("f"), user("a"), user("b"), inclusive("j"), end("late"), end("e"),
             boundary("t", "b", timer("P1D")), "t -> late",
             "s -> f; f -[true]-> a; f -[c2: true]-> b; a -> j; b -> j; j -> e")  # fmt: skip

    p.complete("a").advance("P2D")

    assert (p.ended_at, p.state) == (["late", "e"], "completed")


def test_an_inclusive_join_waits_only_for_branches_that_were_taken():
    p = play(
        start("s"),
        inclusive("f", default="d"),
        user("a"),
        user("b"),
        user("c"),
        inclusive("j"),
        user("z"),
        end("e"),
        "s -> f; f -[x]-> a; f -[c2: y]-> b; f -[d:]-> c; a -> j; b -> j; c -> j; j -> z -> e",
        variables={"x": True, "y": True},
    )

    assert p.open == ["a", "b"]
    assert p.complete("b").open == ["a"]
    assert p.complete("a").open == ["z"]


def test_an_inclusive_join_does_not_wait_for_a_token_that_would_stand_behind_one_already_there():
    p = play(
        start("s"),
        inclusive("f"),
        user("a"),
        user("x"),
        xor("g", default="other"),
        xor("m"),
        inclusive("j"),
        user("z"),
        end("e"),
        "s -> f; f -[true]-> a; f -[c2: true]-> x; a -> m; x -> g; g -[straight]-> j; g -[other:]-> m; m -> j",
        "j -> z -> e",
    )

    p.complete("a")

    assert p.open == ["x", "z"]


def test_a_loop_without_a_wait_becomes_an_incident_when_the_step_budget_is_spent():
    p = play(
        start("s"),
        script("sc", "1", "x"),
        xor("g", default="on"),
        end("e"),
        "s -> sc -> g; g -[x = 2]-> e; g -[on:]-> sc",
    )

    assert (p.state, len(p.incidents), p.waits()[0].data["code"]) == ("active", 1, "step_budget")


RESCUE = event_sub("rescue", event_start("rs", error("x")), end("again", error("x")), "rs -> again")


def test_an_error_thrown_inside_an_error_event_sub_process_goes_outward():
    p = play(
        start("s"),
        sub("sp", start("is"), end("ie", error("x")), "is -> ie", RESCUE),
        user("a"),
        end("e"),
        end("e2"),
        boundary("b", "sp", error("x")),
        "s -> sp -> e; b -> a -> e2",
        declared=declare(errors="x"),
    )

    assert p.open == ["a"]


def test_an_error_thrown_inside_an_error_event_sub_process_that_nothing_outside_catches_is_an_incident():
    p = play(start("s"), end("ie", error("x")), "s -> ie", RESCUE, declared=declare(errors="x"))

    assert p.incidents == ["again"]


def test_the_event_sub_process_catches_before_the_boundary_event():
    p = play(start("s"), end("e"), end("e2"), boundary("b", "sp", error("x")), "s -> sp -> e; b -> e2",
             sub("sp", start("is"), end("ie", error("x")), "is -> ie",
                 event_sub("in", event_start("rs", error("x")), user("help"), end("re"), "rs -> help -> re")),
             declared=declare(errors="x"))  # fmt: skip

    assert p.open == ["help"]
    assert p.complete("help").ended_at == ["e"]


def test_a_non_interrupting_event_sub_process_listens_while_only_its_own_occurrence_is_left():
    p = play(
        start("s"),
        user("a"),
        end("e"),
        "s -> a -> e",
        event_sub("more", event_start("ms", message("m"), interrupting=False), user("b"), end("me"), "ms -> b -> me"),
        declared=declare(KEY_K),
    )
    p.message("m").complete("a")

    p.message("m")

    assert p.open == ["b", "b"]
    assert p.complete("b").complete("b").state == "completed"


@pytest.mark.parametrize("key", [None, True, [1]])
def test_a_correlation_key_that_is_neither_text_nor_number_is_an_incident(key):
    p = play(start("s"), catch("c", message("m")), end("e"), "s -> c -> e",
             declared=declare({"m": "=key"}), variables={"key": key})  # fmt: skip
    assert p.incidents == ["c"]

    p.set(key=7).retry("c")

    assert p.message("m", "7").state == "completed"


def test_a_boundary_event_on_a_multi_instance_activity_belongs_to_the_whole():
    p = play(start("s"), user("a", each("=[1,2,3]")), user("b"), end("e"), boundary("t", "a", timer("P1D")),
             "s -> a -> e; t -> b -> e")  # fmt: skip
    assert p.waiting == ["timer t", "user_task a", "user_task a", "user_task a"]

    p.advance("P1D")

    assert p.open == ["b"]


def test_a_true_completion_condition_cancels_the_rest_and_leaves_their_results_null():
    p = play(start("s"), user("a", each("=[1,2,3]", "x", completion="=numberOfCompletedInstances >= 2",
             outputCollection="all", outputElement="=r")), end("e"), "s -> a -> e")  # fmt: skip

    p.complete("a", nth=3, r="third").complete("a", r="first")

    assert (p.state, p.variables) == ("completed", {"all": ["first", None, "third"]})


def test_only_mapped_values_leave_where_there_are_output_mappings():
    p = play(start("s"), user("a", ext=io(outputs={"person.age": "=n", "sum": "=n + 1"})), end("e"), "s -> a -> e",
             variables={"person": {"name": "X"}})  # fmt: skip

    p.complete("a", n=30, other=1)

    assert p.variables == {"person": {"name": "X", "age": 30}, "sum": 31}


def test_without_output_mappings_values_go_to_the_scope_that_has_the_name_else_to_the_process():
    p = play(
        start("s"),
        sub(
            "sp",
            start("is"),
            user("a", ext=io(inputs={"inner": "=1"})),
            user("b"),
            end("ie"),
            "is -> a -> b -> ie",
            ext=io(inputs={"local": "=1"}),
        ),
        user("c"),
        end("e"),
        "s -> sp -> c -> e",
    )

    p.complete("a", inner=2, local=3, outer=4)
    assert p.variables == {"outer": 4}
    p.complete("b")

    assert p.variables == {"outer": 4}


def test_two_branches_writing_one_name_the_last_to_complete_wins():
    p = play(start("s"), fork("f"), user("a"), user("b"), fork("j"), end("e"), "s -> f; f -> a -> j; f -> b -> j -> e")

    p.complete("b", x="b").complete("a", x="a")

    assert p.variables == {"x": "a"}


def test_two_scripts_that_append_in_one_step_see_each_other():
    p = play(start("s"), fork("f"), script("a", "append(list, 1)", "list"), script("b", "append(list, 2)", "list"),
             fork("j"), end("e"), "s -> f; f -> a -> j; f -> b -> j -> e", variables={"list": []})  # fmt: skip

    assert p.variables["list"] == [1, 2]


def test_compensation_runs_handlers_of_completed_activities_last_first_and_no_others():
    def undoable(name: str) -> str:
        return (
            user(name)
            + boundary(f"c_{name}", name, "<compensateEventDefinition/>")
            + user(f"undo_{name}", isForCompensation="true")
            + f'<association id="as_{name}" sourceRef="c_{name}" targetRef="undo_{name}"/>'
        )

    p = play(start("s"), undoable("a"), undoable("b"), undoable("c"), fork("f"),
             throw("undo", "<compensateEventDefinition/>"), user("go"), fork("j"), end("e"),
             "s -> a -> b -> f; f -> c -> j; f -> go -> undo -> j -> e")  # fmt: skip
    p.complete("a").complete("b").complete("go")

    assert p.open == ["c", "undo_b"]
    assert p.complete("undo_b").open == ["c", "undo_a"]
    assert p.complete("undo_a").complete("c").state == "completed"


def test_a_cycle_on_a_boundary_event_counts_from_the_last_due_time_and_ends_with_the_activity():
    p = play(start("s"), user("a"), script("n", "count + 1", "count"), end("e"),
             boundary("t", "a", timer("R3/PT10H", "timeCycle"), interrupting=False), "s -> a -> e; t -> n -> e",
             variables={"count": 0})  # fmt: skip

    p.sleep("PT11H").fire("t")
    assert p.due == {"t": "2026-01-06T04:00:00+08:00"}
    p.advance("P5D")
    assert (p.variables["count"], p.due) == (3, {})

    assert p.complete("a").state == "completed"


def test_several_timers_in_a_big_jump_each_see_their_own_time():
    p = play(
        start("s"),
        user("a"),
        script("n", "append(seen, string(now()))", "seen"),
        end("e"),
        boundary("t1", "a", timer("P2D"), interrupting=False),
        boundary("t2", "a", timer("P1D"), interrupting=False),
        "s -> a -> e; t1 -> n; t2 -> n; n -> e",
        variables={"seen": []},
    )

    p.advance("P10D")

    assert [text[:10] for text in p.variables["seen"]] == ["2026-01-06", "2026-01-07"]


def test_a_called_process_that_calls_itself_without_end_becomes_an_incident():
    p = play(start("s"), call("c", "main"), end("e"), "s -> c -> e")

    assert (p.state, [w.data["code"] for w in p.waits()]) == ("active", ["call_depth"])
