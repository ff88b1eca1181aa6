"""What is refused of events, their definitions and what they name: the diagram, the element, the sentence."""

from __future__ import annotations

from tests.process.play import (
    ONE,
    TERMINATE,
    boundary,
    catch,
    condition,
    el,
    end,
    error,
    escalation,
    link,
    message,
    signal,
    start,
    throw,
    timer,
    user,
)

EVENTS = {
    "link catch without throw": (["s -> e; l -> e", *ONE, catch("l", link("L"))], "l", "link_without_throw"),
    "link throw without catch": (["s -> l", start("s"), throw("l", link("L"))], "l", "link_without_catch"),
    "message without a key": (["s -> c -> e", *ONE, catch("c", message("nokey"))], "c", "message_without_key"),
    "message that does not exist": (["s -> c -> e", *ONE, catch("c", message("none"))], "c", "message_missing"),
    "a timer that cannot be parsed": (["s -> t -> e", *ONE, catch("t", timer("3 days"))], "t", "timer_invalid"),
    "a process that starts by an error": (["s -> e", start("s", error("err")), end("e")], "s", "start_not_supported"),
    "two starts by one signal": (
        ["s -> e; s2 -> e", start("s", signal("sig")), start("s2", signal("sig")), end("e")],
        "s2",
        "start_twice",
    ),
    "two event definitions": (["s -> t -> e", *ONE, catch("t", timer("P1D") + message("m"))], "t", "multiple_events"),
    "an error without a code thrown": (["s -> e", start("s"), end("e", error())], "e", "error_missing"),
    "terminate in the way": (["s -> t -> e", *ONE, throw("t", TERMINATE)], "t", "unsupported_event"),
    "an empty conditional event": (["s -> c -> e", *ONE, catch("c", condition(""))], "c", "condition_event_missing"),
    "parallel multiple events": (
        ["s -> c -> e", *ONE, el("intermediateCatchEvent", "c", message("m"), parallelMultiple="true")],
        "c",
        "attribute",
    ),
    "a condition that looks at some changes only": (
        ["s -> c -> e", *ONE, catch("c", condition("x"), "<zeebe:conditionalFilter variableNames='x'/>")],
        "c",
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
    "a catching event that catches nothing": (
        ["s -> c -> e", *ONE, el("intermediateCatchEvent", "c")],
        "c",
        "event_missing",
    ),
    "a message without a name": (["s -> c -> e", *ONE, catch("c", message("unnamed"))], "c", "message_without_name"),
    "a start by a message whose name is worked out": (
        ["s -> e", start("s", message("worked_out")), end("e")],
        "s",
        "start_message_dynamic",
    ),
    "a start by a signal whose name is worked out": (
        ["s -> e", start("s", signal("worked_out_signal")), end("e")],
        "s",
        "start_signal_dynamic",
    ),
    "a signal that does not exist": (["s -> c -> e", *ONE, catch("c", signal("none"))], "c", "signal_missing"),
    "a signal without a name": (
        ["s -> c -> e", *ONE, catch("c", signal("unnamed_signal"))],
        "c",
        "signal_without_name",
    ),
    "catching an error whose code is worked out": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", error("worked_out_error"))],
        "b",
        "error_code_dynamic",
    ),
    "an escalation without a code thrown": (["s -> t -> e", *ONE, throw("t", escalation())], "t", "escalation_missing"),
    "a link without a name": (["s -> t", start("s"), throw("t", "<linkEventDefinition/>")], "t", "link_without_name"),
    "a link with two catching sides": (
        ["s -> l; c1 -> e; c2 -> e", *ONE, throw("l", link("L")), catch("c1", link("L")), catch("c2", link("L"))],
        "c1",
        "link_catch_twice",
    ),
    "a timer without a time": (["s -> t -> e", *ONE, catch("t", "<timerEventDefinition/>")], "t", "timer_missing"),
    "a timer with two times": (
        [
            "s -> t -> e",
            *ONE,
            catch(
                "t",
                "<timerEventDefinition><timeDate>2026-02-01</timeDate><timeDuration>P1D</timeDuration></timerEventDefinition>",
            ),
        ],
        "t",
        "timer_several",
    ),
    "a cycle in the way": (
        ["s -> t -> e", *ONE, catch("t", timer("R3/P1D", "timeCycle"))],
        "t",
        "timer_cycle_not_allowed",
    ),
    "a cycle that interrupts": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", timer("R3/P1D", "timeCycle"))],
        "b",
        "timer_cycle_not_allowed",
    ),
    "a misfire policy of nobody": (
        ["s -> t -> e", *ONE, catch("t", timer("P1D"), '<yuntu:misfire policy="later"/>')],
        "t",
        "misfire_unknown",
    ),
    "a calendar of nobody": (
        ["s -> t -> e", *ONE, catch("t", timer("P1D"), '<yuntu:calendar id="moon"/>')],
        "t",
        "calendar_unknown",
    ),
}
