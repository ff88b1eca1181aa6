"""What is refused of compensation, transactions and cancelling: the diagram, the element, the sentence."""

from __future__ import annotations

from tests.process.play import (
    ONE,
    boundary,
    el,
    end,
    event_start,
    event_sub,
    flows,
    start,
    throw,
    user,
)

UNDO, CANCEL = "<compensateEventDefinition/>", "<cancelEventDefinition/>"
UNDOING = {
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
    "a cancel end without a cancel boundary event": (
        ["s -> t -> e", *ONE, el("transaction", "t", start("x") + end("y", CANCEL) + flows("x -> y"))],
        "t",
        "cancel_without_boundary",
    ),
    "a cancel end outside a transaction": (["s -> c", start("s"), end("c", CANCEL)], "c", "cancel_outside_transaction"),
    "a compensation event without its activity": (
        ["s -> a -> e", *ONE, user("a"), boundary("b", "a", UNDO)],
        "b",
        "compensation_handler_missing",
    ),
    "a compensation activity of nobody": (
        ["s -> e", *ONE, user("undo", isForCompensation="true")],
        "undo",
        "compensation_handler_unbound",
    ),
    "undoing what has no way back": (
        ["s -> a -> t -> e", *ONE, user("a"), throw("t", '<compensateEventDefinition activityRef="a"/>')],
        "t",
        "compensation_activity_unknown",
    ),
}
