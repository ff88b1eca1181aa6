"""What is refused of flows, gateways and the shape of a process: the diagram, the element, the sentence."""

from __future__ import annotations

from tests.process.play import (
    ONE,
    boundary,
    catch,
    el,
    end,
    event_gateway,
    event_start,
    event_sub,
    fork,
    message,
    start,
    sub,
    timer,
    user,
    xor,
)

WAYS = {
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
    "FEEL that cannot be parsed": (
        ["s -> g; g -[bad: x >]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g")],
        "bad",
        "feel_invalid",
    ),
    "duplicate ids": (["s -> e; e2 -> e", *ONE, user("e2"), user("e2")], "e2", "duplicate_id"),
    "a flow to an annotation": (
        ["s -> e; s -> note", *ONE, '<textAnnotation id="note"/>'],
        "s_note",
        "flow_crosses",
    ),
    "a sub-process without a start": (["s -> sp -> e", *ONE, sub("sp", user("a"))], "sp", "sub_process_start"),
    "conditional flow out of an event": (["s -[f: x]-> e", *ONE], "f", "condition_not_allowed"),
    "a complex gateway": (["s -> t -> e", *ONE, el("complexGateway", "t")], "t", "unsupported_element"),
    "a call choreography": (["s -> t -> e", *ONE, el("callChoreography", "t")], "t", "unsupported_element"),
    "a choreography task": (["s -> t -> e", *ONE, el("choreographyTask", "t")], "t", "unsupported_element"),
    "a sub-choreography": (["s -> t -> e", *ONE, el("subChoreography", "t")], "t", "unsupported_element"),
    "flow out of a sub-process": (
        [
            "s -> sp -> e",
            *ONE,
            sub("sp", start("is"), user("inner"), end("ie"), "is -> inner -> ie; inner -> e"),
        ],
        "inner_e",
        "flow_crosses",
    ),
    "an element without an id": (["s -> e", *ONE, "<userTask/>"], "main", "no_id"),
    "a flow to nowhere": (["s -> e; s -> nowhere", *ONE], "s_nowhere", "flow_end_missing"),
    "a flow into a boundary event": (
        ["s -> a -> e; a -> b; b -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"))],
        "b",
        "flow_not_allowed",
    ),
    "a flow out of an end event": (["s -> e -> a", *ONE, user("a")], "e", "end_with_outgoing"),
    "a process without a start": (["a -> e", user("a"), end("e")], "main", "no_start"),
    "two none starts": (["s -> e; s2 -> e", *ONE, start("s2")], "s2", "several_none_starts"),
    "an event sub-process with a none start": (
        ["s -> e", *ONE, event_sub("es", start("x"), end("xe"), "x -> xe")],
        "es",
        "event_sub_process_start",
    ),
    "a boundary event that leads nowhere": (
        ["s -> a -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"))],
        "b",
        "boundary_without_flow",
    ),
    "an event gateway with one way out": (
        ["s -> g -> c -> e", *ONE, event_gateway("g"), catch("c", timer("P1D"))],
        "g",
        "event_gateway_narrow",
    ),
    "an event gateway that begins the process": (
        [
            "s -> e; g -> c -> e; g -> t -> e",
            *ONE,
            event_gateway("g"),
            catch("c", message("m")),
            catch("t", timer("P1D")),
        ],
        "g",
        "event_gateway_instantiate",
    ),
    "an event behind an event gateway that others lead to": (
        [
            "s -> f; f -> g; f -> c; g -> c -> e; g -> t -> e",
            *ONE,
            fork("f"),
            event_gateway("g"),
            catch("c", message("m")),
            catch("t", timer("P1D")),
        ],
        "c",
        "event_gateway_target_shared",
    ),
    "a boundary event behind an event gateway": (
        [
            "s -> g; g -> r -> e; g -> t -> e; b -> e",
            *ONE,
            event_gateway("g"),
            el("receiveTask", "r", messageRef="m"),
            catch("t", timer("P1D")),
            boundary("b", "r", timer("P1D")),
        ],
        "r",
        "event_gateway_boundary",
    ),
}
