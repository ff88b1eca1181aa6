"""Called processes, scopes and who sees which value."""

from __future__ import annotations

from decimal import Decimal

from engine.interpreter import encode
from tests.process.play import (
    TERMINATE,
    boundary,
    call,
    catch,
    declare,
    end,
    error,
    escalation,
    event_start,
    event_sub,
    flows,
    fork,
    io,
    message,
    play,
    process,
    script,
    start,
    sub,
    timer,
    user,
)

CHILD = process("child", start("cs"), user("ct"), end("ce"), "cs -> ct -> ce")


def test_what_waits_inside_a_called_process_is_named_by_its_way():
    p = play(start("s"), call("c", "child"), end("e"), "s -> c -> e", others=CHILD)

    assert p.open == ["c/ct"]
    assert p.complete("c/ct").ended_at == ["e"]


def test_a_call_two_deep_is_named_by_both_calls():
    outer = process("outer", start("os"), call("inner_call", "child"), end("oe"), "os -> inner_call -> oe")
    p = play(start("s"), call("c", "outer"), end("e"), "s -> c -> e", others=outer + CHILD)

    assert p.open == ["c/inner_call/ct"]


def test_a_called_process_sees_the_values_of_its_caller_and_gives_all_of_its_own_back():
    p = play(
        start("s"),
        call("c", "child"),
        end("e"),
        "s -> c -> e",
        variables={"a": 1},
        others=process("child", start("cs"), script("sc", "a + 1", "b"), user("ct"), end("ce"), "cs -> sc -> ct -> ce"),
    )
    assert p.variables == {"a": 1}

    p.complete("c/ct", d=4)

    assert p.variables == {"a": 1, "b": 2, "d": 4}


def test_a_called_process_that_is_given_nothing_sees_only_its_inputs():
    p = play(
        start("s"),
        call("c", "child", ext=io(inputs={"x": "=a"}), propagateAllParentVariables="false"),
        end("e"),
        "s -> c -> e",
        variables={"a": 1},
        others=process("child", start("cs"), script("sc", "[x, a]", "seen"), end("ce"), "cs -> sc -> ce"),
    )

    assert p.variables["seen"] == [1, None]


def test_a_called_process_that_hands_nothing_back_leaves_the_caller_as_it_was():
    p = play(start("s"), call("c", "child", propagateAllChildVariables="false"), end("e"), "s -> c -> e", others=CHILD)

    assert p.complete("c/ct", x=1).variables == {}


def test_output_mappings_of_a_call_activity_see_the_values_of_the_called_process():
    mapped = call("c", "child", ext=io(outputs={"result": "=x + 1"}), propagateAllChildVariables="false")
    p = play(start("s"), mapped, end("e"), "s -> c -> e", others=CHILD)

    assert p.complete("c/ct", x=1, y=2).variables == {"result": 2}


def test_a_called_process_goes_on_seeing_the_value_that_was_there_when_it_was_called():
    p = play(
        start("s"),
        fork("f"),
        call("c", "child"),
        user("a"),
        fork("j"),
        end("e"),
        "s -> f; f -> c -> j; f -> a -> j -> e",
        variables={"colour": "green"},
        others=process(
            "child", start("cs"), user("ct"), script("sc", "colour", "seen"), end("ce"), "cs -> ct -> sc -> ce"
        ),
    )

    p.complete("a", colour="red").complete("c/ct")

    assert p.variables == {"colour": "red", "seen": "green"}


def test_a_value_set_from_outside_is_seen_inside_called_processes_too():
    p = play(
        start("s"),
        call("c", "child"),
        end("e"),
        "s -> c -> e",
        variables={"colour": "green"},
        others=process(
            "child", start("cs"), user("ct"), script("sc", "colour", "seen"), end("ce"), "cs -> ct -> sc -> ce"
        ),
    )

    p.set(colour="red").complete("c/ct")

    assert p.variables["seen"] == "red"


def test_a_value_set_from_outside_replaces_what_a_called_process_kept_from_its_call():
    child = process("child", start("cs"), user("ct"), script("sc", "colour", "seen"), end("ce"), "cs -> ct -> sc -> ce")
    p = play(start("s"), fork("f"), call("c", "child"), user("a"), fork("j"), end("e"),
             "s -> f; f -> c -> j; f -> a -> j -> e", variables={"colour": "green"}, others=child)  # fmt: skip

    p.complete("a", colour="red").set(colour="orange").complete("c/ct")

    assert p.variables["seen"] == "orange"


def test_an_error_of_a_called_process_is_caught_at_the_call_activity():
    p = play(
        start("s"),
        call("c", "child"),
        user("help"),
        end("e"),
        end("e2"),
        boundary("b", "c", error("x")),
        "s -> c -> e; b -> help -> e2",
        declared=declare(errors="x"),
        others=process(
            "child", start("cs"), fork("cf"), user("ct"), end("ce", error("x")), "cs -> cf; cf -> ct -> ce; cf -> ce"
        ),
    )

    assert p.open == ["help"]


def test_terminate_ends_the_called_process_and_the_caller_goes_on():
    p = play(
        start("s"),
        call("c", "child"),
        user("a"),
        end("e"),
        "s -> c -> a -> e",
        others=process(
            "child", start("cs"), fork("cf"), user("ct"), end("ce", TERMINATE), "cs -> cf; cf -> ct -> ce; cf -> ce"
        ),
    )

    assert p.open == ["a"]


def test_terminate_in_a_sub_process_ends_only_the_sub_process():
    p = play(
        start("s"),
        sub("sp", start("is"), fork("f"), user("x"), end("ie", TERMINATE), "is -> f; f -> x -> ie; f -> ie"),
        user("a"),
        end("e"),
        "s -> sp -> a -> e",
    )

    assert p.open == ["a"]


def test_terminate_ends_the_instance_with_everything_in_it():
    p = play(
        start("s"),
        fork("f"),
        user("a"),
        user("b"),
        catch("t", timer("P1D")),
        end("e", TERMINATE),
        end("e2"),
        "s -> f; f -> a -> e; f -> b -> e2; f -> t -> e2",
    )

    p.complete("a")

    assert (p.state, p.ended_at, p.waiting) == ("completed", ["e"], [])


def test_an_escalation_goes_to_the_boundary_event_and_the_sub_process_goes_on():
    p = play(
        start("s"),
        end("e"),
        end("e2"),
        user("told"),
        boundary("b", "sp", escalation("x"), interrupting=False),
        sub(
            "sp",
            start("is"),
            '<intermediateThrowEvent id="t"><escalationEventDefinition escalationRef="x"/></intermediateThrowEvent>',
            user("inside"),
            end("ie"),
            "is -> t -> inside -> ie",
        ),
        "s -> sp -> e; b -> told -> e2",
        declared=declare(escalations="x"),
    )

    assert p.open == ["inside", "told"]


def test_an_interrupting_escalation_takes_the_sub_process_away():
    p = play(start("s"), end("e"), end("e2"), user("told"), boundary("b", "sp", escalation("x")),
             sub("sp", start("is"), end("ie", escalation("x")), "is -> ie"),
             "s -> sp -> e; b -> told -> e2", declared=declare(escalations="x"))  # fmt: skip

    assert p.open == ["told"]


def test_an_escalation_that_nothing_catches_goes_by():
    p = play(start("s"), end("e", escalation("x")), "s -> e", declared=declare(escalations="x"))

    assert (p.state, p.ended_at) == ("completed", ["e"])


def test_input_mappings_are_local_and_see_each_other():
    p = play(
        start("s"),
        user("a", ext=io(inputs={"x": "=n + 1", "y": "=x * 2", "p.q": '="in"'})),
        end("e"),
        "s -> a -> e",
        variables={"n": 1},
    )
    values = next(scope.values for scope in p.now_state.scopes.values() if scope.element == "a")

    assert values == {"x": 2, "y": 4, "p": {"q": "in"}}
    assert p.complete("a", x=9).variables == {"n": 1}


def test_numbers_keep_their_digits_through_a_stored_state():
    huge, exact = 2**80, Decimal("110.50")
    p = play(
        start("s"),
        sub("sp", start("is"), user("a"), end("ie"), "is -> a -> ie", ext=io(inputs={"h": "=h", "d": "=d"})),
        end("e"),
        "s -> sp -> e",
        variables={"h": huge, "d": exact},
    )

    values = next(scope.values for scope in p.now_state.scopes.values() if scope.element == "sp")

    assert (values["h"], str(values["d"])) == (huge, "110.50")


def test_payload_of_a_message_goes_to_the_process_or_through_the_mappings():
    p = play(start("s"), catch("c1", message("m")), catch("c2", message("m"), io(outputs={"hb": "=value"})), end("e"),
             "s -> c1 -> c2 -> e", declared=declare({"m": '="k"'}))  # fmt: skip

    p.message("m", value=1).message("m", value=2, noise=3)

    assert p.variables == {"value": 1, "hb": 2}


def test_a_pregnancy_sized_state_stays_small():
    p = play(start("s"), fork("f"), *[user(f"task_number_{n}") for n in range(6)], end("e"),
             "s -> f; " + "; ".join(f"f -> task_number_{n} -> e" for n in range(6)))  # fmt: skip

    assert len(encode(p.now_state)) < 400


def test_an_event_sub_process_that_cannot_begin_is_an_incident_that_keeps_its_message():
    inside = event_start("ms", message("m"), interrupting=False) + user("b") + end("me") + flows("ms -> b -> me")
    inner = event_sub("in", event_start("is", message("n"), interrupting=False), end("ie"), "is -> ie")
    p = play(start("s"), user("a"), end("e"), "s -> a -> e", event_sub("es", inside, inner),
             declared=declare({"m": '="k"', "n": "=key"}))  # fmt: skip

    p.message("m", hb=9)
    assert (p.incidents, p.variables) == (["ms"], {"hb": 9})
    p.set(key="k").retry("ms")

    assert (p.open, p.incidents) == (["a", "b"], [])
