"""What BPMN 2.0.2 says must happen, clause by clause, where SpiffWorkflow cannot be the second opinion.

Each trace was written from the text of the clause: after every move, what stands open. `!x` is an incident at x, `*x`
an event that waits; the last line says how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.interpreter.contracts import WaitKind
from tests.process.play import (
    TERMINATE,
    Play,
    boundary,
    call,
    catch,
    condition,
    content,
    declare,
    each,
    el,
    end,
    error,
    escalation,
    event_gateway,
    event_start,
    event_sub,
    fork,
    inclusive,
    link,
    message,
    play,
    process,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

DECLARED = declare({"m": '="k"'}, signals="sig", errors="err", escalations="esc")
UNDO, CANCEL = "<compensateEventDefinition/>", "<cancelEventDefinition/>"
DONE = "completed"


@dataclass(frozen=True)
class Trace:
    """`moves`: what is done, and what stands open afterwards; the first is the start."""

    clause: str
    says: str
    parts: tuple[str, ...]
    moves: tuple[tuple[str, str], ...]
    others: str = ""
    given: dict[str, Any] = field(default_factory=dict)


def undoable(name: str) -> str:
    return (
        user(name)
        + boundary(f"c_{name}", name, UNDO)
        + user(f"undo_{name}", isForCompensation="true")
        + f'<association id="as_{name}" sourceRef="c_{name}" targetRef="undo_{name}"/>'
    )


def loop(**attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<standardLoopCharacteristics{written}><loopCondition>more</loopCondition></standardLoopCharacteristics>"


TRACES: tuple[Trace, ...] = (
    Trace("13.2", "a process is not over while any token is left in it",
          (start("s"), fork("f"), user("a"), user("b"), end("e1"), end("e2"), "s -> f; f -> a -> e1; f -> b -> e2"),
          (("start", "a b"), ("complete a", "b"), ("complete b", DONE))),
    Trace("13.2", "several start events: the one that happens begins the process, the others do not matter",
          (start("s"), start("t", signal("sig")), user("a"), user("b"), end("e"), "s -> a -> e; t -> b -> e"),
          (("start", "a"), ("complete a", DONE))),
    Trace("13.3.1", "a conditional flow out of an activity is taken only when its condition holds, beside the others",
          (start("s"), user("a"), user("b"), user("c"), end("e"), "s -> a; a -[x = 1]-> b -> e; a -> c -> e"),
          (("start", "a"), ("complete a x=2", "c"), ("complete c", DONE))),
    Trace("13.3.1", "the default flow of an activity is taken when none of its conditions holds",
          (start("s"), user("a", default="d"), user("b"), user("c"), end("e"),
           "s -> a; a -[x = 1]-> b -> e; a -[d:]-> c -> e"),
          (("start", "a"), ("complete a x=2", "c"), ("complete c", DONE))),
    Trace("13.3.4", "a sub-process ends when no token is left in it",
          (start("s"), sub("sp", start("is"), fork("f"), user("a"), user("b"), end("ie"), end("je"),
                           "is -> f; f -> a -> ie; f -> b -> je"), user("c"), end("e"), "s -> sp -> c -> e"),
          (("start", "a b"), ("complete b", "a"), ("complete a", "c"), ("complete c", DONE))),
    Trace("13.3.4", "a called process has its own end: a terminate in it does not end its caller",
          (start("s"), call("c", "child"), user("z"), end("e"), "s -> c -> z -> e"),
          (("start", "c/a c/b"), ("complete c/a", "z"), ("complete z", DONE)),
          others=process("child", start("cs"), fork("f"), user("a"), user("b"), end("ct", TERMINATE), end("ce"),
                         "cs -> f; f -> a -> ct; f -> b -> ce")),
    Trace("13.3.6", "a loop that tests before may not run at all",
          (start("s"), user("a", loop(testBefore="true")), user("b"), end("e"), "s -> a -> b -> e"),
          (("start", "b"), ("complete b", DONE)), given={"more": False}),
    Trace("13.3.6", "a loop that tests after runs once at least, and no more often than its maximum",
          (start("s"), user("a", loop(loopMaximum="2")), end("e"), "s -> a -> e"),
          (("start", "a"), ("complete a", "a"), ("complete a", DONE)), given={"more": True}),
    Trace("13.3.7", "the completion condition is asked after each run; when it holds, the others are cancelled",
          (start("s"), user("a", each("=[1,2,3]", "i", completion="=enough = true")), end("e"), "s -> a -> e"),
          (("start", "a a a"), ("complete a enough=false", "a a"), ("complete a enough=true", DONE))),
    Trace("13.3.7", "runs in sequence: the next begins when the one before is through",
          (start("s"), user("a", each("=[1,2]", "i", sequential=True)), end("e"), "s -> a -> e"),
          (("start", "a"), ("complete a", "a"), ("complete a", DONE))),
    Trace("13.4.1", "a parallel join takes one token of each flow; a second on one flow stays for the next round",
          (start("s"), fork("f"), user("a"), user("b"), xor("mm"), fork("j"), user("c"), end("e"),
           "s -> f; f -> a -> mm; f -> b -> mm; f -> j; mm -> j; j -> c -> e"),
          (("start", "a b"), ("complete a", "b c"), ("complete b", "c"), ("complete c", ""))),
    Trace("13.4.2", "an exclusive split without a true condition and without a default goes wrong",
          (start("s"), user("a"), xor("x"), end("e"), end("e2"),
           "s -> a -> x; x -[v = 1]-> e; x -[v = 2]-> e2"),
          (("start", "a"), ("complete a v=3", "!x"))),
    Trace("13.4.3", "an inclusive join waits for no token that can no longer come",
          (start("s"), fork("f"), user("a"), user("b"), xor("x", "on"), end("gone"), inclusive("j"), user("c"),
           end("e"),
           "s -> f; f -> a -> j; f -> b -> x; x -[v = 1]-> gone; x -[on:]-> j; j -> c -> e"),
          (("start", "a b"), ("complete a", "b"), ("complete b v=1", "c"), ("complete c", DONE))),
    Trace("13.4.4", "the first event after an event-based gateway takes the others away, each with its own time",
          (start("s"), event_gateway("g"), catch("c1", timer("PT1H")), catch("c2", timer("PT1S")), user("a"), user("b"),
           end("e"), "s -> g; g -> c1 -> a -> e; g -> c2 -> b -> e"),
          (("start", "*c1 *c2"), ("advance PT1M", "b"), ("complete b", DONE))),
    Trace("13.5.2", "a link goes on at the catching side of the same name",
          (start("s"), throw("t", link("L")), catch("c", link("L")), user("a"), end("e"), "s -> t; c -> a -> e"),
          (("start", "a"), ("complete a", DONE))),
    Trace("13.5.2", "a condition that holds already is caught at once",
          (start("s"), catch("c", condition("v = 1")), user("a"), end("e"), "s -> c -> a -> e"),
          (("start", "a"), ("complete a", DONE)), given={"v": 1}),
    Trace("13.5.3", "an event that does not interrupt may happen again as long as the activity is under way",
          (start("s"), user("a"), boundary("b", "a", message("m"), interrupting=False), user("c"), end("e"),
           "s -> a -> e; b -> c -> e"),
          (("start", "a *b"), ("message m", "a c *b"), ("message m", "a c c *b"), ("complete a", "c c"),
           ("complete c", "c"), ("complete c", DONE))),
    Trace("13.5.3", "an interrupting event takes the activity away with all that is in it",
          (start("s"), sub("sp", start("is"), user("a"), end("ie"), "is -> a -> ie"), boundary("b", "sp", timer("P1D")),
           user("c"), end("e"), "s -> sp -> e; b -> c -> e"),
          (("start", "a *b"), ("advance P1D", "c"), ("complete c", DONE))),
    Trace("13.5.3", "an error goes to the boundary of the activity around the one that throws it",
          (start("s"), sub("sp", start("is"), user("a"), end("ie", error("err")), "is -> a -> ie"),
           boundary("b", "sp", error("err")), user("c"), end("e"), "s -> sp -> e; b -> c -> e"),
          (("start", "a"), ("complete a", "c"), ("complete c", DONE))),
    Trace("13.5.3", "a condition on a boundary sees what another branch sets",
          (start("s"), fork("f"), user("a"), user("b"), boundary("g", "a", condition("v > 140")), user("c"), end("e"),
           "s -> f; f -> a -> e; f -> b -> e; g -> c -> e"),
          (("start", "a b *g"), ("complete b v=150", "c"), ("complete c", DONE))),
    Trace("13.5.4", "an interrupting event sub-process takes the place of everything in its scope",
          (start("s"), user("a"), event_sub("es", event_start("x", message("m")), user("b"), end("xe"), "x -> b -> xe"),
           end("e"), "s -> a -> e"),
          (("start", "a *x"), ("message m", "b"), ("complete b", DONE))),
    Trace("13.5.4", "one that does not interrupt runs beside its scope, which ends only after it",
          (start("s"), user("a"), event_sub("es", event_start("x", message("m"), interrupting=False), user("b"),
           end("xe"), "x -> b -> xe"), end("e"), "s -> a -> e"),
          (("start", "a *x"), ("message m", "a b *x"), ("complete a", "b *x"), ("complete b", DONE))),
    Trace("13.5.4", "an event sub-process for an error runs only when it is thrown",
          (start("s"), service("j"), event_sub("es", event_start("x", error("err")), user("b"), end("xe"),
           "x -> b -> xe"), end("e"), "s -> j -> e"),
          (("start", ""), ("error j err", "b"), ("complete b", DONE))),
    Trace("13.5.4", "an escalation is caught beside the work, which goes on",
          (start("s"), user("a"), throw("t", escalation("esc")), user("c"), event_sub("es", event_start("x",
           escalation("esc"), interrupting=False), user("b"), end("xe"), "x -> b -> xe"), end("e"),
           "s -> a -> t -> c -> e"),
          (("start", "a"), ("complete a", "b c"), ("complete c", "b"), ("complete b", DONE))),
    Trace("13.5.5", "compensation runs the handlers of what completed, the last first, then the thrower goes on",
          (start("s"), undoable("a"), undoable("b"), throw("t", UNDO), user("c"), end("e"),
           "s -> a -> b -> t -> c -> e"),
          (("start", "a"), ("complete a", "b"), ("complete b", "undo_b"), ("complete undo_b", "undo_a"),
           ("complete undo_a", "c"), ("complete c", DONE))),
    Trace("13.5.5", "an activity that has not completed is not compensated",
          (start("s"), fork("f"), undoable("a"), user("b"), throw("t", UNDO), end("e"),
           "s -> f; f -> a -> e; f -> b -> t -> e"),
          (("start", "a b"), ("complete b", "a"), ("complete a", DONE))),
    Trace("13.5.5", "a cancelled transaction is compensated and left by its cancel event",
          (start("s"), el("transaction", "tx", content(start("is"), undoable("a"), end("ic", CANCEL), "is -> a -> ic")),
           boundary("cb", "tx", CANCEL), user("c"), end("e"), "s -> tx -> e; cb -> c -> e"),
          (("start", "a"), ("complete a", "undo_a"), ("complete undo_a", "c"), ("complete c", DONE))),
    Trace("13.5.6", "a signal that an end event throws is heard in the same process",
          (start("s"), fork("f"), user("a"), end("es", signal("sig")), catch("c", signal("sig")), user("b"), end("e"),
           "s -> f; f -> a -> es; f -> c -> b -> e"),
          (("start", "a *c"), ("complete a", "*c"), ("signal sig", "b"), ("complete b", DONE))),
    Trace("13.5.6", "a terminate end event ends its own scope and nothing around it",
          (start("s"), sub("sp", start("is"), fork("f"), user("a"), user("b"), end("t", TERMINATE), end("ie"),
                           "is -> f; f -> a -> t; f -> b -> ie"), user("c"), end("e"), "s -> sp -> c -> e"),
          (("start", "a b"), ("complete a", "c"), ("complete c", DONE))),
    Trace("13.5.6", "an error that nothing catches goes wrong where it is thrown",
          (start("s"), user("a"), end("e", error("err")), "s -> a -> e"),
          (("start", "a"), ("complete a", "!e"))),
    Trace("10.3.5", "what one branch writes does not undo what another wrote",
          (start("s"), fork("f"), user("a"), user("b"), fork("j"), script("sc", "w = 64", "kept"), xor("x", "d"),
           user("yes"), user("no"), end("e"),
           "s -> f; f -> a -> j; f -> b -> j; j -> sc -> x; x -[kept]-> yes -> e; x -[d:]-> no -> e"),
          (("start", "a b"), ("complete a w=64", "b"), ("complete b", "yes"), ("complete yes", DONE)), given={"w": 60}),
)  # fmt: skip


def standing(p: Play) -> str:
    """What is open, in the words of a trace."""
    if p.state != "active":
        return p.state
    events = sorted(
        f"*{w.path}" for w in p.waits() if w.kind not in (WaitKind.USER_TASK, WaitKind.JOB, WaitKind.INCIDENT)
    )
    return " ".join([*p.open, *(f"!{path}" for path in p.incidents), *events])


def do(p: Play, move: str) -> None:
    what, *rest = move.split()
    if what == "complete":
        p.complete(
            rest[0], **{name: VALUES.get(value, value) for name, value in (word.split("=") for word in rest[1:])}
        )
    elif what == "error":
        p.error(WaitKind.JOB, rest[0], rest[1])
    else:
        {"message": p.message, "signal": p.signal, "advance": p.advance}[what](*rest)


VALUES: dict[str, Any] = {"true": True, "false": False, "1": 1, "2": 2, "3": 3, "64": 64, "150": 150}


@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: f"{trace.clause} {trace.says}")
def test_bpmn_says(trace):
    p = play(*trace.parts, declared=DECLARED, others=trace.others, variables=trace.given)
    (_, first), *moves = trace.moves

    assert standing(p) == first
    for move, then in moves:
        do(p, move)
        assert standing(p) == then, move
