"""Random diagrams with what the twin does not run as well: compensation, transactions, errors, escalations, terminate,
event sub-processes inside runs and inside each other, loops that come back to an inclusive gateway."""

from __future__ import annotations

from random import Random

from engine.rehearsal.drawing import (
    TERMINATE,
    boundary,
    call,
    content,
    diagram,
    each,
    el,
    end,
    error,
    escalation,
    event_start,
    event_sub,
    fork,
    inclusive,
    message,
    process,
    service,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)
from runtime.trials.random_diagrams import DECLARED, Blocks, Builder, block, event_sub_process, random_process

UNDO = "<compensateEventDefinition/>"
CANCEL = "<cancelEventDefinition/>"
Ends = tuple[str, str]


def _undoable(b: Builder, depth: int) -> Ends:
    """A task and what undoes it."""
    task, event, handler = b.add(user, "done"), b.name("undo"), b.name("handler")
    make = user if b.random.random() < 0.6 else service
    b.parts.append(boundary(event, task, UNDO))
    b.parts.append(make(handler).replace(">", ' isForCompensation="true">', 1))
    b.parts.append(f'<association id="{b.name("as")}" sourceRef="{event}" targetRef="{handler}"/>')
    return task, task


def _undo_all(b: Builder, depth: int) -> Ends:
    thrower = b.add(lambda i: throw(i, UNDO), "back")
    return thrower, thrower


def _run_over_a_call(b: Builder, depth: int) -> Ends:
    """A call activity that runs for each item, with a deadline on the whole and what undoes its inside."""
    inner = b.level()
    first, last = _undoable(inner, 0) if b.random.random() < 0.5 else block(inner, depth - 1)
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, inner.add(end, "end"))
    if b.random.random() < 0.3:
        inner.parts.append(event_sub_process(b))
    child = b.name("child")
    b.children.append(process(child, *inner.parts, *inner.arrows))
    loop = each("=[1,2]", "item", sequential=b.random.random() < 0.3, completion=_some(b, "x = 3"))
    return _guarded(b, b.add(lambda i: call(i, child, loop), "calls"), timer("P3D"))


def _transaction(b: Builder, depth: int) -> Ends:
    inner = b.level()
    first, last = _undoable(inner, 0)
    then, through = block(inner, depth - 1)
    ok = inner.name("ok")
    split = inner.add(lambda i: xor(i, ok), "cancels")
    stop = inner.add(end, "end")
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, then)
    inner.flow(through, split)
    inner.flow(split, inner.add(lambda i: end(i, CANCEL), "cancel"), "x = 2")
    inner.arrows.append(f"{split} -[{ok}:]-> {stop}")
    loop = each("=[1,2]", "item") if b.random.random() < 0.4 else ""
    identity = b.add(lambda i: el("transaction", i, loop + content(*inner.parts, *inner.arrows)), "tx")
    return _guarded(b, identity, CANCEL)


def _thrower(b: Builder, depth: int) -> Ends:
    """A sub-process in which an error or an escalation may be thrown, caught at its boundary or by its own inside."""
    inner = b.level()
    first, last = block(inner, depth - 1)
    ok = inner.name("ok")
    split, stop = inner.add(lambda i: xor(i, ok), "throws"), inner.add(end, "end")
    is_error = b.random.random() < 0.5
    event = error("err") if is_error else escalation("esc")
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, split)
    inner.flow(split, inner.add(lambda i: end(i, event), "thrown"), "x = 3")
    inner.arrows.append(f"{split} -[{ok}:]-> {stop}")
    inside = b.random.random() < 0.5
    if inside:
        inner.parts.append(_caught_inside(b, event, interrupting=is_error or b.random.random() < 0.5))
    loop = each("=[1,2]", "item", sequential=b.random.random() < 0.5) if b.random.random() < 0.4 else ""
    identity = b.add(lambda i: sub(i, *inner.parts, *inner.arrows, loop=loop), "sub")
    return (identity, identity) if inside else _guarded(b, identity, event)


def _caught_inside(b: Builder, event: str, *, interrupting: bool) -> str:
    begin, stop = b.name("start"), b.name("end")
    inner = b.level()
    first, last = block(inner, 0)
    inner.parts += [event_start(begin, event, interrupting=interrupting), end(stop)]
    inner.flow(begin, first)
    inner.flow(last, stop)
    if b.random.random() < 0.4:
        inner.parts.append(event_sub_process(b))  # one inside the other
    return event_sub(b.name("esp"), *inner.parts, *inner.arrows)


def _terminated(b: Builder, depth: int) -> Ends:
    inner = b.level()
    split = inner.add(fork, "fork")
    inner.flow(inner.add(start, "start"), split)
    for event in ("", TERMINATE):
        first, last = block(inner, depth - 1)
        inner.flow(split, first)
        inner.flow(last, inner.add(lambda i, event=event: end(i, event), "end"))  # type: ignore[misc]
    loop = each("=[1,2]", "item") if b.random.random() < 0.3 else ""
    identity = b.add(lambda i: sub(i, *inner.parts, *inner.arrows, loop=loop), "sub")
    return identity, identity


def _back_to_an_inclusive_gateway(b: Builder, depth: int) -> Ends:
    """The loop joins at an inclusive gateway, and goes through another pair of them."""
    head, task = b.add(inclusive, "again"), b.add(user, "task")
    first, last = block(b, depth - 1)
    default = b.name("default")
    split, out = b.add(lambda i: xor(i, default), "until"), b.add(lambda i: el("task", i), "out")
    b.flow(head, task)
    b.flow(task, first)
    b.flow(last, split)
    b.flow(split, head, "x = 2")
    b.arrows.append(f"{split} -[{default}:]-> {out}")
    return head, out


def _repeated(b: Builder, depth: int) -> Ends:
    """An event sub-process that comes again and again, and one that undoes, inside several runs."""
    inner = b.level()
    first, last = _undoable(inner, 0)
    then, through = block(inner, depth - 1)
    inner.flow(inner.add(start, "start"), first)
    inner.flow(last, then)
    inner.flow(through, inner.add(end, "end"))
    begin, back, stop = b.name("start"), b.name("back"), b.name("end")
    begins = event_start(begin, message("m"), interrupting=b.random.random() < 0.5)
    inner.parts.append(event_sub(b.name("esp"), begins, throw(back, UNDO), end(stop), f"{begin} -> {back} -> {stop}"))
    loop = each("=[1,2]", "item", sequential=b.random.random() < 0.3)
    return _guarded(b, b.add(lambda i: sub(i, *inner.parts, *inner.arrows, loop=loop), "sub"), timer("P6D"))


def _guarded(b: Builder, identity: str, event: str) -> Ends:
    guard, merge = b.add(lambda i: boundary(i, identity, event), "guard"), b.add(xor, "merge")
    b.flow(identity, merge)
    b.flow(guard, merge)
    return identity, merge


def _some(b: Builder, text: str) -> str:
    return text if b.random.random() < 0.5 else ""


MORE: Blocks = (
    [_undoable, _undoable, _undo_all],
    [_run_over_a_call, _transaction, _thrower, _thrower, _terminated, _back_to_an_inclusive_gateway, _repeated],
)


def richer_diagram(seed: int, depth: int = 3) -> bytes:
    """The file that this seed stands for."""
    return diagram(DECLARED, random_process(Random(seed), depth, MORE))
