"""Random diagrams made of well-nested blocks: whatever happens in them, they can always be brought to their end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from engine.rehearsal.drawing import (
    boundary,
    call,
    catch,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    event_gateway,
    event_start,
    event_sub,
    fork,
    inclusive,
    io,
    message,
    process,
    script,
    service,
    signal,
    start,
    sub,
    timer,
    user,
    xor,
)

DECLARED = declare({"m": '="k"'}, signals="sig", errors="err", escalations="esc")


Block = Callable[["Builder", int], tuple[str, str]]
Blocks = tuple[list[Block], list[Block]]


@dataclass
class Builder:
    """Collects elements and flows of one level; `random` decides, ids count up over the whole diagram."""

    random: Random
    counter: list[int] = field(default_factory=lambda: [0])
    children: list[str] = field(default_factory=list)  # called processes, of the whole diagram
    parts: list[str] = field(default_factory=list)
    arrows: list[str] = field(default_factory=list)
    more: Blocks = ([], [])  # leaves and nested blocks beside those of this page

    def name(self, stem: str) -> str:
        self.counter[0] += 1
        return f"{stem}{self.counter[0]}"

    def add(self, make: Callable[[str], str], stem: str) -> str:
        identity = self.name(stem)
        self.parts.append(make(identity))
        return identity

    def flow(self, source: str, target: str, label: str = "") -> None:
        self.arrows.append(f"{source} -[{self.name('f')}: {label}]-> {target}")

    def level(self) -> Builder:
        return Builder(self.random, self.counter, self.children, more=self.more)


def block(b: Builder, depth: int) -> tuple[str, str]:
    """One block; its first and its last element."""
    is_leaf = depth <= 0 or b.random.random() < 0.25
    makers = LEAVES + b.more[0] if is_leaf else NESTED + b.more[1]
    return b.random.choice(makers)(b, depth)


def _leaf(make: Callable[[str], str], stem: str) -> Block:
    def build(b: Builder, depth: int) -> tuple[str, str]:
        identity = b.add(make, stem)
        return identity, identity

    return build


def _guarded(b: Builder, depth: int) -> tuple[str, str]:
    """A task with a boundary event whose path joins again, or ends when it does not interrupt."""
    task = b.add(user, "task")
    interrupting = b.random.random() < 0.5
    event = b.random.choice([timer("P2D"), message("m"), signal("sig"), condition("x = 3")])
    guard = b.add(lambda i: boundary(i, task, event, interrupting=interrupting), "guard")
    merge = b.add(xor, "merge")
    b.flow(task, merge)
    b.flow(guard, merge if interrupting else b.add(end, "end"))
    return task, merge


def _sequence(b: Builder, depth: int) -> tuple[str, str]:
    first, last = block(b, depth - 1)
    for _ in range(b.random.randint(1, 2)):
        following, end_of = block(b, depth - 1)
        b.flow(last, following)
        last = end_of
    return first, last


def _choice(b: Builder, depth: int) -> tuple[str, str]:
    merge = b.add(xor, "merge")
    first, last = block(b, depth - 1)
    default = b.name("default")
    split = b.add(lambda i: xor(i, default), "split")
    b.flow(split, first, "x = 1")
    b.flow(last, merge)
    b.arrows.append(f"{split} -[{default}:]-> {merge}")
    return split, merge


def _parallel(b: Builder, depth: int) -> tuple[str, str]:
    split, join = b.add(fork, "fork"), b.add(fork, "join")
    for _ in range(b.random.randint(2, 3)):
        first, last = block(b, depth - 1)
        b.flow(split, first)
        b.flow(last, join)
    return split, join


def _inclusive(b: Builder, depth: int) -> tuple[str, str]:
    default = b.name("default")
    split, join = b.add(lambda i: inclusive(i, default), "or"), b.add(inclusive, "orjoin")
    for value in (1, 2):
        first, last = block(b, depth - 1)
        b.flow(split, first, f"x != {value}")
        b.flow(last, join)
    b.arrows.append(f"{split} -[{default}:]-> {join}")
    return split, join


def _loop(b: Builder, depth: int) -> tuple[str, str]:
    """Back while x is 2; a task inside keeps it from running away."""
    merge, task = b.add(xor, "again"), b.add(user, "task")
    first, last = block(b, depth - 1)
    default = b.name("default")
    split = b.add(lambda i: xor(i, default), "until")
    out = b.add(lambda i: el("task", i), "out")
    b.flow(merge, task)
    b.flow(task, first)
    b.flow(last, split)
    b.flow(split, merge, "x = 2")
    b.arrows.append(f"{split} -[{default}:]-> {out}")
    return merge, out


def _race(b: Builder, depth: int) -> tuple[str, str]:
    gateway, merge = b.add(event_gateway, "race"), b.add(xor, "merge")
    for event in (timer("P1D"), message("m")):
        caught = b.add(partial(catch, inside=event), "catch")
        b.flow(gateway, caught)
        b.flow(caught, merge)
    return gateway, merge


def _sub_process(b: Builder, depth: int) -> tuple[str, str]:
    """With a chance of several runs, of an event sub-process, and of a boundary event."""
    inner = b.level()
    first, last = block(inner, depth - 1)
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, inner.add(end, "end"))
    if b.random.random() < 0.4:
        inner.parts.append(event_sub_process(b))
    chance = b.random.random()
    loop = each("=[1,2,3]", "item", sequential=chance < 0.2) if chance < 0.4 else ""
    mapped = io(outputs={"x": "=x"}) if b.random.random() < 0.3 else ""
    identity = b.add(lambda i: sub(i, *inner.parts, *inner.arrows, ext=mapped, loop=loop), "sub")
    if b.random.random() < 0.4:
        guard = b.add(lambda i: boundary(i, identity, timer("P3D")), "guard")
        merge = b.add(xor, "merge")
        b.flow(identity, merge)
        b.flow(guard, merge)
        return identity, merge
    return identity, identity


def _call(b: Builder, depth: int) -> tuple[str, str]:
    """A process of its own, perhaps with a deadline on the call."""
    inner = b.level()
    first, last = block(inner, depth - 1)
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, inner.add(end, "end"))
    child = b.name("child")
    b.children.append(process(child, *inner.parts, *inner.arrows))
    identity = b.add(lambda i: call(i, child), "call")
    if b.random.random() < 0.6:
        return identity, identity
    guard, merge = b.add(lambda i: boundary(i, identity, timer("P3D")), "guard"), b.add(xor, "merge")
    b.flow(identity, merge)
    b.flow(guard, merge)
    return identity, merge


def event_sub_process(b: Builder) -> str:
    begin, task, stop = b.name("start"), b.name("task"), b.name("end")
    event, interrupting = b.random.choice([(message("m"), False), (timer("P4D"), True), (condition("x = 3"), False)])
    begins = event_start(begin, event, interrupting=interrupting)
    return event_sub(b.name("esp"), begins, user(task), end(stop), f"{begin} -> {task} -> {stop}")


LEAVES: list[Block] = [
    _leaf(user, "task"),
    _leaf(user, "task"),
    _leaf(service, "job"),
    _leaf(lambda i: script(i, "if x = 2 then 1 else x", "y"), "script"),
    _leaf(lambda i: catch(i, timer("P1D")), "timer"),
    _leaf(lambda i: catch(i, message("m")), "message"),
    _leaf(lambda i: user(i, each("=[1,2]", "item")), "several"),
    _leaf(lambda i: user(i, ext=io(inputs={"here": "=x"}, outputs={"x": "=x"})), "mapped"),
    _guarded,
]
NESTED: list[Block] = [
    _sequence,
    _sequence,
    _choice,
    _parallel,
    _inclusive,
    _loop,
    _race,
    _sub_process,
    _sub_process,
    _call,
]


def random_process(random: Random, depth: int = 3, more: Blocks = ([], [])) -> str:
    """The process `main`, and what it calls."""
    b = Builder(random, more=more)
    first, last = block(b, depth)
    b.flow(b.add(start, "start"), first)
    b.flow(last, b.add(end, "end"))
    if random.random() < 0.3:
        b.parts.append(event_sub_process(b))
    return process("main", *b.parts, *b.arrows) + "".join(b.children)


def random_diagram(seed: int, depth: int = 3) -> bytes:
    """The file that this seed stands for."""
    return diagram(DECLARED, random_process(Random(seed), depth))
