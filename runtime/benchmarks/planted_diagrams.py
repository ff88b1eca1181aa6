"""Forty unsound diagrams and forty sound ones, made from twenty cores each, every core standing in two surroundings.

A core is a fragment with a first and a last element. What is planted names the kinds of finding that must be reported
and an element that one of them must name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.rehearsal.drawing import (
    TERMINATE,
    boundary,
    catch,
    condition,
    content,
    declare,
    diagram,
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
    message,
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

OWNED = '<zeebe:assignmentDefinition candidateGroups="R-MCHW"/>'
DUE = '<zeebe:taskSchedule dueDate="P3D"/>'
UNDO = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"
DECLARED = declare({"msg": '="k"', "msg2": '="k"'}, signals="sig", errors="err", escalations="esc")


@dataclass(frozen=True)
class Core:
    """`kinds`: findings of which one must be reported at `at`; none for a sound core."""

    name: str
    parts: tuple[str, ...]
    first: str
    last: str
    kinds: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True)
class Planted:
    name: str
    xml: bytes
    kinds: tuple[str, ...]
    at: str


def task(identity: str, inside: str = "") -> str:
    """A user task with a role and a clock."""
    return user(identity, inside, OWNED + DUE)


def tasks(*identities: str) -> str:
    return "".join(task(identity) for identity in identities)


UNSOUND: tuple[Core, ...] = (
    Core("one branch of two, joined as if both", (xor("x"), tasks("a", "b"), fork("j"),
         "x -[v = 1]-> a -> j; x -[v != 1]-> b -> j"), "x", "j", ("dead-join", "deadlock"), "j"),
    Core("some branches of three, joined as if all", (inclusive("o"), tasks("a", "b"), fork("j"),
         "o -[v = 1]-> a -> j; o -[w = 1]-> b -> j"), "o", "j", ("dead-join", "deadlock"), "j"),
    Core("a join that waits for its own loop", (fork("j"), task("a"), xor("x", "out"), el("task", "z"),
         "j -> a -> x; x -[v = 1]-> j; x -[out:]-> z"), "j", "z", ("dead-join", "deadlock"), "j"),
    Core("a branch that may end before the join", (fork("f"), tasks("a", "b"), xor("x", "on"), end("gone"), fork("j"),
         "f -> a -> x; x -[v = 1]-> gone; x -[on:]-> j; f -> b -> j"), "f", "j", ("deadlock", "dead-join"), "j"),
    Core("two branches, merged without a join", (fork("f"), tasks("a", "b", "c"), xor("m"),
         "f -> a -> m; f -> b -> m; m -> c"), "f", "c", ("two-tokens",), "c"),
    Core("two branches into one task", (fork("f"), tasks("a", "b", "c"), "f -> a -> c; f -> b -> c"), "f", "c",
         ("two-tokens",), "c"),
    Core("a fork that loops back", (xor("m"), task("a"), fork("f"), task("b"), "m -> a -> f; f -> m; f -> b"),
         "m", "b", ("two-tokens",), "a b"),
    Core("a loop that nobody can leave", (xor("m"), tasks("a", "b"), xor("x", "on"), el("task", "z"),
         "m -> a -> x; x -[v = 1]-> b -> m; x -[on:]-> m; z -> z2", el("task", "z2")), "m", "z2",
         ("cannot-end", "unreachable"), "a z"),
    Core("an escalation that nobody raises", (sub("sp", start("is"), task("a"), end("ie"), "is -> a -> ie"),
         boundary("b", "sp", escalation("esc")), task("c"), xor("m"), "sp -> m; b -> c -> m"), "sp", "m",
         ("unreachable",), "b"),
    Core("an error that nobody throws", (sub("sp", start("is"), task("a"), end("ie"), "is -> a -> ie"),
         boundary("b", "sp", error("err")), task("c"), xor("m"), "sp -> m; b -> c -> m"), "sp", "m",
         ("unreachable",), "b"),
    Core("an end that takes open work away", (fork("f"), tasks("a", "b"), end("t", TERMINATE), fork("j"),
         "f -> a -> t; f -> b -> j"), "f", "j", ("ends-with-work-open",), "t"),
    Core("a task of nobody", (user("a", "", DUE),), "a", "a", ("no-role",), "a"),
    Core("a task without a clock", (user("a", "", OWNED),), "a", "a", ("no-clock",), "a"),
    Core("a reminder that begins its task again", (task("a"), boundary("b", "a", timer("P1D"), interrupting=False),
         "b -> a"), "a", "a", ("unbounded",), "b"),
    Core("a daily reminder that leaves work each time", (task("a"), task("c"), end("done"),
         boundary("b", "a", timer("R/P1D", "timeCycle"), interrupting=False), "b -> c -> done"), "a", "a",
         ("piles-up",), "b"),
    Core("a signal that begins what throws it", (sub("sp", start("is"), task("a"), end("ie"), "is -> a -> ie",
         event_sub("es", event_start("x", signal("sig"), interrupting=False), end("xe", signal("sig")), "x -> xe")),),
         "sp", "sp", ("unbounded",), "x"),
    Core("a loop that waits nowhere", (xor("m"), script("sc", "v", "v"), xor("x", "out"), el("task", "z"),
         "m -> sc -> x; x -[v = 1]-> m; x -[out:]-> z"), "m", "z", ("loop-without-wait",), "m"),
    Core("an error that nobody catches", (xor("x", "on"), end("broken", error("err")), task("a"),
         "x -[v = 1]-> broken; x -[on:]-> a"), "x", "a", ("incident",), "broken"),
    Core("two joins that wait for each other", (fork("f"), tasks("a", "b"), fork("j1"), fork("j2"), fork("j"),
         "f -> a -> j1; f -> b -> j2; j1 -> j2; j1 -> j; j2 -> j1; j2 -> j"), "f", "j",
         ("dead-join", "deadlock"), "j1"),
    Core("the first of two events, joined as if both", (event_gateway("g"), catch("c1", message("msg")),
         catch("c2", timer("P1D")), fork("j"), "g -> c1 -> j; g -> c2 -> j"), "g", "j", ("dead-join", "deadlock"), "j"),
)  # fmt: skip

SOUND: tuple[Core, ...] = (
    Core("one task after the other", (tasks("a", "b"), "a -> b"), "a", "b"),
    Core("one of two ways", (xor("x", "d"), tasks("a", "b"), xor("m"), "x -[v = 1]-> a -> m; x -[d:]-> b -> m"),
         "x", "m"),
    Core("two ways at once", (fork("f"), tasks("a", "b"), fork("j"), "f -> a -> j; f -> b -> j"), "f", "j"),
    Core("some of three ways", (inclusive("o", "d"), tasks("a", "b", "c"), inclusive("j"),
         "o -[v = 1]-> a -> j; o -[w = 1]-> b -> j; o -[d:]-> c -> j"), "o", "j"),
    Core("an inclusive join of which a way ends early", (inclusive("o", "d"), tasks("a", "b"), xor("x", "on"),
         end("gone"), inclusive("j"),
         "o -[v = 1]-> a -> x; x -[u = 1]-> gone; x -[on:]-> j; o -[w = 1]-> b -> j; o -[d:]-> j"), "o", "j"),
    Core("a loop with a task in it", (xor("m"), task("a"), xor("x", "out"), task("z"),
         "m -> a -> x; x -[v = 1]-> m; x -[out:]-> z"), "m", "z"),
    Core("a loop in a loop", (xor("m"), xor("n"), task("a"), xor("x", "in"), task("b"), xor("y", "out"), task("z"),
         "m -> n -> a -> x; x -[v = 1]-> n; x -[in:]-> b -> y; y -[w = 1]-> m; y -[out:]-> z"), "m", "z"),
    Core("a parallel block in a loop", (xor("m"), fork("f"), tasks("a", "b"), fork("j"), xor("x", "out"), task("z"),
         "m -> f; f -> a -> j; f -> b -> j; j -> x; x -[v = 1]-> m; x -[out:]-> z"), "m", "z"),
    Core("the first of two events", (event_gateway("g"), catch("c1", message("msg")),
         catch("c2", timer("P1D")), xor("m1"), "g -> c1 -> m1; g -> c2 -> m1"), "g", "m1"),
    Core("a deadline that takes the task away", (task("a"), boundary("b", "a", timer("P3D")), task("c"), xor("m"),
         "a -> m; b -> c -> m"), "a", "m"),
    Core("three reminders beside a task", (task("a"), boundary("b", "a", timer("R3/P1D", "timeCycle"),
         interrupting=False), service("job"), end("done"), "b -> job -> done"), "a", "a"),
    Core("an event sub-process that takes over", (sub("sp", start("is"), task("a"), end("ie"), "is -> a -> ie",
         event_sub("es", event_start("x", timer("P5D")), task("late"), end("xe"), "x -> late -> xe")),), "sp", "sp"),
    Core("a message beside the work, again and again", (sub("sp", start("is"), task("a"), end("ie"), "is -> a -> ie",
         event_sub("es", event_start("x", message("msg"), interrupting=False), task("look"), end("xe"),
                   "x -> look -> xe")),), "sp", "sp"),
    Core("each of several, until one is enough", (task("a", each("=babies", "baby", completion="=enough = true")),),
         "a", "a"),
    Core("one after the other of several", (sub("sp", start("is"), tasks("a", "b"), end("ie"), "is -> a -> b -> ie",
         loop=each("=babies", "baby", sequential=True)),), "sp", "sp"),
    Core("an error that is caught", (service("job"), boundary("b", "job", error("err")), task("c"), xor("m"),
         "job -> m; b -> c -> m"), "job", "m"),
    Core("an escalation beside the work", (sub("sp", start("is"), task("a"), throw("up", escalation("esc")), task("b"),
         end("ie"), "is -> a -> up -> b -> ie"), boundary("e1", "sp", escalation("esc"), interrupting=False),
         task("c"), end("told"), "e1 -> c -> told"), "sp", "sp"),
    Core("work that is undone", (task("a"), boundary("u", "a", UNDO),
         user("undo", "", OWNED + DUE, isForCompensation="true"),
         '<association id="as" sourceRef="u" targetRef="undo"/>', xor("x", "d"), throw("back", UNDO), xor("m"),
         "a -> x; x -[v = 1]-> back -> m; x -[d:]-> m"), "a", "m"),
    Core("a transaction that may be cancelled", (el("transaction", "tx", content(start("is"), task("a"), xor("x", "ok"),
         end("ie"), end("ic", CANCEL), "is -> a -> x; x -[v = 1]-> ic; x -[ok:]-> ie")),
         boundary("cb", "tx", CANCEL), task("c"), xor("m"), "tx -> m; cb -> c -> m"), "tx", "m"),
    Core("a condition that is watched", (task("a"), boundary("b", "a", condition("v > 140")), task("c"), xor("m"),
         "a -> m; b -> c -> m"), "a", "m"),
)  # fmt: skip


# --- surroundings -----------------------------------------------------------------------------------------------------


def _alone(core: Core) -> str:
    return process("main", start("s0"), *core.parts, end("e0"), f"s0 -> {core.first}; {core.last} -> e0")


def _in_a_loop(core: Core) -> str:
    """Behind a task that may send back, before another."""
    around = [start("s0"), tasks("t0", "t1"), xor("m0"), xor("x0", "d0"), end("e0")]
    way = f"s0 -> m0 -> t0 -> x0; x0 -[again = 1]-> m0; x0 -[d0:]-> {core.first}; {core.last} -> t1 -> e0"
    return process("main", *around, *core.parts, way)


def _in_a_sub_process(core: Core) -> str:
    """With a deadline on it and somebody who may look in at any time."""
    begins = event_start("x0", message("msg2"), interrupting=False)
    looks = event_sub("es0", begins, task("t0"), end("y0"), "x0 -> t0 -> y0")
    inside = [start("s9"), *core.parts, end("e9"), f"s9 -> {core.first}; {core.last} -> e9", looks]
    outside = [boundary("b0", "sp0", timer("P9D")), tasks("t1"), xor("m0"), end("e0")]
    return process("main", start("s0"), sub("sp0", *inside), *outside, "s0 -> sp0 -> m0; b0 -> t1 -> m0; m0 -> e0")


def _beside_another(core: Core) -> str:
    """In one branch of an inclusive block."""
    around = [start("s0"), inclusive("o0", "d0"), inclusive("j0"), tasks("t0"), end("e0")]
    way = f"s0 -> o0; o0 -[p = 1]-> t0 -> j0; o0 -[q = 1]-> {core.first}; o0 -[d0:]-> j0; {core.last} -> j0 -> e0"
    return process("main", *around, *core.parts, way)


SURROUNDINGS: tuple[Callable[[Core], str], ...] = (_in_a_loop, _in_a_sub_process, _beside_another)


def planted(cores: tuple[Core, ...]) -> list[Planted]:
    """Each core alone, and in one other surrounding, in turn."""
    return [
        Planted(f"{core.name} ({place.__name__.strip('_')})", diagram(DECLARED, place(core)), core.kinds, core.at)
        for number, core in enumerate(cores)
        for place in (_alone, SURROUNDINGS[number % len(SURROUNDINGS)])
    ]
