"""Cases that reference engines answer differently; each row of the list in docs/bpmn-support.md, as we answer it."""

from __future__ import annotations

import pytest

from engine.model import read_bpmn
from engine.problems import Refused
from tests.process.play import (
    TERMINATE,
    boundary,
    call,
    catch,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    error,
    event_gateway,
    event_start,
    event_sub,
    flows,
    fork,
    inclusive,
    io,
    link,
    message,
    play,
    process,
    script,
    signal,
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


@pytest.mark.parametrize("value", [None, "yes", 1])
def test_a_condition_that_is_neither_true_nor_false_is_an_incident_and_not_the_default_flow(value):
    p = play(start("s"), xor("g", default="d"), end("one"), end("other"),
             "s -> g; g -[x]-> one; g -[d:]-> other", variables={"x": value})  # fmt: skip
    assert (p.incidents, p.ended_at) == (["g"], [])

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


# --- refusals ---------------------------------------------------------------------------------------------------------

ONE = [start("s"), end("e")]
REFUSALS = {
    "flow into a sub-process": (
        [
            "s -> inner; sp -> e",
            start("s"),
            end("e"),
            sub("sp", start("is"), user("inner"), end("ie"), "is -> inner -> ie"),
        ],
        "s_inner",
        "flow_crosses",
    ),
    "event sub-process with flows": (
        ["s -> es -> e", *ONE, event_sub("es", event_start("x", timer("P1D")), end("xe"), "x -> xe")],
        "es",
        "event_sub_process_flow",
    ),
    "link catch without throw": (["s -> e; l -> e", *ONE, catch("l", link("L"))], "l", "link_without_throw"),
    "link throw without catch": (["s -> l", start("s"), throw("l", link("L"))], "l", "link_without_catch"),
    "boundary attached to nothing": (
        ["s -> e; b -> e", *ONE, boundary("b", "nobody", timer("P1D"))],
        "b",
        "boundary_unattached",
    ),
    "event gateway before a task": (
        ["s -> g; g -> a -> e; g -> t -> e", *ONE, event_gateway("g"), user("a"), catch("t", timer("P1D"))],
        "a",
        "event_gateway_target",
    ),
    "exclusive split without condition": (
        ["s -> g; g -> e; g -[x]-> e2", *ONE, end("e2"), xor("g")],
        "g",
        "condition_missing",
    ),
    "default flow with a condition": (
        ["s -> g; g -[d: x]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g", default="d")],
        "g",
        "default_with_condition",
    ),
    "default flow of another element": (
        ["s -> g; g -[x]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g", default="zzz")],
        "g",
        "default_unknown",
    ),
    "start event with an incoming flow": (["s -> a -> s; a -> e", *ONE, user("a")], "s", "start_with_incoming"),
    "message without a key": (["s -> c -> e", *ONE, catch("c", message("nokey"))], "c", "message_without_key"),
    "message that does not exist": (["s -> c -> e", *ONE, catch("c", message("none"))], "c", "message_missing"),
    "FEEL that cannot be parsed": (
        ["s -> g; g -[bad: x >]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g")],
        "bad",
        "feel_invalid",
    ),
    "a timer that cannot be parsed": (["s -> t -> e", *ONE, catch("t", timer("3 days"))], "t", "timer_invalid"),
    "duplicate ids": (["s -> e; e2 -> e", *ONE, user("e2"), user("e2")], "e2", "duplicate_id"),
    "a script that is not FEEL": (
        ["s -> sc -> e", *ONE, el("scriptTask", "sc", "<script>import os</script>", scriptFormat="python")],
        "sc",
        "script_language",
    ),
    "a service task without a type": (["s -> t -> e", *ONE, el("serviceTask", "t")], "t", "job_type_missing"),
    "a call activity without a process": (["s -> t -> e", *ONE, el("callActivity", "t")], "t", "called_missing"),
    "a decision without a result": (
        ["s -> t -> e", *ONE, el("businessRuleTask", "t", "", '<zeebe:calledDecision decisionId="d"/>')],
        "t",
        "decision_missing",
    ),
    "an ad-hoc sub-process": (["s -> t -> e", *ONE, el("adHocSubProcess", "t")], "t", "unsupported_element"),
    "a flow to an annotation": (
        ["s -> e; s -> note", *ONE, '<textAnnotation id="note"/>'],
        "s_note",
        "flow_crosses",
    ),
    "a listener": (["s -> t -> e", *ONE, user("t", ext="<zeebe:executionListeners/>")], "t", "listener"),
    "program code of another engine": (
        ["s -> t -> e", *ONE, '<serviceTask id="t" camunda:class="a.B"/>'],
        "t",
        "foreign_behaviour",
    ),
    "a process that starts by an error": (["s -> e", start("s", error("err")), end("e")], "s", "start_not_supported"),
    "two starts by one signal": (
        ["s -> e; s2 -> e", start("s", signal("sig")), start("s2", signal("sig")), end("e")],
        "s2",
        "start_twice",
    ),
    "a sub-process without a start": (["s -> sp -> e", *ONE, sub("sp", user("a"))], "sp", "sub_process_start"),
    "two event definitions": (["s -> t -> e", *ONE, catch("t", timer("P1D") + message("m"))], "t", "multiple_events"),
    "an error without a code thrown": (["s -> e", start("s"), end("e", error())], "e", "error_missing"),
    "terminate in the way": (["s -> t -> e", *ONE, throw("t", TERMINATE)], "t", "unsupported_event"),
    "conditional flow out of an event": (["s -[f: x]-> e", *ONE], "f", "condition_not_allowed"),
    "an empty conditional event": (["s -> c -> e", *ONE, catch("c", condition(""))], "c", "condition_event_missing"),
    "multi-instance without a collection": (
        ["s -> a -> e", *ONE, user("a", "<multiInstanceLoopCharacteristics/>")],
        "a",
        "loop_collection_missing",
    ),
    "a gateway that loops": (
        ["s -> g -> e", *ONE, el("exclusiveGateway", "g", "<standardLoopCharacteristics loopMaximum='2'/>")],
        "g",
        "loop_not_allowed",
    ),
    "an event sub-process that runs several times": (
        [
            "s -> e",
            *ONE,
            sub("es", start("x", timer("P1D")), end("xe"), "x -> xe", loop=each("=[1]"), triggeredByEvent="true"),
        ],
        "es",
        "loop_not_allowed",
    ),
    "a loop and several runs at once": (
        ["s -> a -> e", *ONE, user("a", each("=[1]") + "<standardLoopCharacteristics loopMaximum='2'/>")],
        "a",
        "loop_twice",
    ),
    "assignments in a data association": (
        [
            "s -> a -> e",
            *ONE,
            user("a", "<dataInputAssociation id='d'><assignment><from>1</from></assignment></dataInputAssociation>"),
        ],
        "a",
        "data_assignment",
    ),
    "input mappings of a boundary event": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"), ext=io({"x": "=1"}))],
        "b",
        "mapping_input_not_allowed",
    ),
    "input mappings of a start event": (
        ["s -> e", start("s", "", io({"x": "=1"})), end("e")],
        "s",
        "mapping_input_not_allowed",
    ),
    "input mappings behind an event gateway": (
        [
            "s -> g; g -> c -> e; g -> t -> e",
            *ONE,
            event_gateway("g"),
            catch("c", message("m"), io({"x": "=1"})),
            catch("t", timer("P1D")),
        ],
        "c",
        "mapping_input_not_allowed",
    ),
    "compensation that is not waited for": (
        ["s -> t -> e", *ONE, throw("t", '<compensateEventDefinition waitForCompletion="false"/>')],
        "t",
        "attribute",
    ),
    "compensation that starts an event sub-process": (
        ["s -> e", *ONE, event_sub("es", event_start("x", "<compensateEventDefinition/>"), end("xe"), "x -> xe")],
        "x",
        "unsupported_event",
    ),
    "a transaction that is stored": (
        ["s -> t -> e", *ONE, el("transaction", "t", start("x") + end("y") + flows("x -> y"), method="##Store")],
        "t",
        "attribute",
    ),
    "a cancel event that does not interrupt": (
        [
            "s -> t -> e; b -> e",
            *ONE,
            el("transaction", "t", start("x") + end("y", "<cancelEventDefinition/>") + flows("x -> y")),
            boundary("b", "t", "<cancelEventDefinition/>", interrupting=False),
        ],
        "b",
        "must_interrupt",
    ),
    "a complex gateway": (["s -> t -> e", *ONE, el("complexGateway", "t")], "t", "unsupported_element"),
    "a call choreography": (["s -> t -> e", *ONE, el("callChoreography", "t")], "t", "unsupported_element"),
    "a receive task that starts a process": (
        ["s -> a -> e", *ONE, el("receiveTask", "a", messageRef="m", instantiate="true")],
        "a",
        "attribute",
    ),
    "parallel multiple events": (
        ["s -> c -> e", *ONE, el("intermediateCatchEvent", "c", message("m"), parallelMultiple="true")],
        "c",
        "attribute",
    ),
    "a number of tokens at once": (["s -> a -> e", *ONE, user("a", startQuantity="2")], "a", "attribute"),
    "a condition that looks at some changes only": (
        ["s -> c -> e", *ONE, catch("c", condition("x"), "<zeebe:conditionalFilter variableNames='x'/>")],
        "c",
        "foreign_difference",
    ),
    "a called process by its version number": (
        ["s -> t -> e", *ONE, '<callActivity id="t" calledElement="p" camunda:calledElementVersion="3"/>'],
        "t",
        "foreign_difference",
    ),
    "an error code kept in a variable": (
        [
            "s -> a -> e; b -> e",
            *ONE,
            user("a"),
            boundary("b", "a", '<errorEventDefinition errorRef="err" camunda:errorCodeVariable="code"/>'),
        ],
        "b",
        "foreign_difference",
    ),
    "a mapping to no name": (["s -> a -> e", *ONE, user("a", ext=io({"1x": "=1"}))], "a", "mapping_target"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_is_refused_at_its_element(case):
    parts, element, code = REFUSALS[case]
    declared = declare({"m": '="k"', "nokey": ""}, signals="sig", errors="err")

    with pytest.raises(Refused) as refused:
        read_bpmn(diagram(declared, process("main", *parts)))

    assert (element, code) in {(problem.element_id, problem.code) for problem in refused.value.problems}
    for found in refused.value.problems:
        assert found.message.zh and found.message.en


def test_every_problem_is_named_at_once():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process(
                    "main", start("s"), el("serviceTask", "t"), catch("c", timer("soon")), end("e"), "s -> t -> c -> e"
                )
            )
        )

    assert [problem.element_id for problem in refused.value.problems] == ["t", "c"]


def test_a_flow_across_pools_is_refused():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process("one", start("s"), end("e"), "s -> e; s -> other"),
                process("two", start("s2"), user("other"), end("e2"), "s2 -> other -> e2"),
            )
        )

    assert ("s_other", "flow_crosses") in {(problem.element_id, problem.code) for problem in refused.value.problems}


def test_a_called_process_that_calls_itself_without_end_becomes_an_incident():
    p = play(start("s"), call("c", "main"), end("e"), "s -> c -> e")

    assert (p.state, [w.data["code"] for w in p.waits()]) == ("active", ["call_depth"])
