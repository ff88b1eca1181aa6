"""An activity that runs several times: a body scope counts, each run has a scope of its own inside.

The counters of the body: items (the collection; None for a standard loop), next (index of the run to begin), active,
done. The output collection is a local value of the body, null where a run has not given its
own, so that the runs and the completion condition see what there is so far.
"""

from __future__ import annotations

from typing import Any

from engine.interpreter import compensation
from engine.interpreter.failures import Failed
from engine.interpreter.listening import listen_at_boundaries
from engine.interpreter.program import Formula, Loop, Node
from engine.interpreter.run import BUDGET_PER_RUN, Run
from engine.interpreter.state import Scope, ScopeKind
from engine.interpreter.tree import Move

MOST_RUNS = 10_000


def enter(run: Run, scope_id: int, node: Node) -> None:
    """The body opens with the boundary events; the first run begins, or all of them. Raises Failed."""
    loop = _loop(node)
    items = None if loop.is_standard else _items(run, scope_id, loop)
    run.require_room(1 if items is None or loop.sequential else 1 + len(items))
    body = run.open_scope(scope_id, ScopeKind.BODY, node.id)
    body.loop = {"items": items, "next": 0, "active": 0, "done": 0}
    if items is not None and loop.output_collection is not None:
        body.values[loop.output_collection] = [None] * len(items)
    try:
        listen_at_boundaries(run, body.id, node)
        _begin_first(run, body, node, loop)
    except Failed:
        run.drop(body.id)
        raise


def _begin_first(run: Run, body: Scope, node: Node, loop: Loop) -> None:
    items = _counters(body)["items"]
    if loop.is_standard:
        if loop.test_before and not _goes_on(run, body, loop):
            run.push("body_done", body.id, node)
        else:
            _begin_run(run, body, node, loop)
    elif not items:
        run.push("body_done", body.id, node)
    else:
        for _ in range(1 if loop.sequential else len(items)):
            _begin_run(run, body, node, loop)


def _begin_run(run: Run, body: Scope, node: Node, loop: Loop) -> None:
    counters = _counters(body)
    index = counters["next"]
    inner = run.open_scope(body.id, ScopeKind.ACTIVITY, node.id)
    counters["next"], counters["active"] = index + 1, counters["active"] + 1
    inner.values["loopCounter"] = index + 1
    if loop.item is not None:
        inner.values[loop.item] = counters["items"][index]
    name = None if loop.output_item is None else _plain_name(loop.output_item)
    if name is not None and name not in inner.values:
        inner.values[name] = None  # each run has its own result
    if not loop.is_standard:
        run.budget += BUDGET_PER_RUN
    run.push("inner", inner.id, node)


def inner_run_done(run: Run, body_id: int, at: int, node: Node) -> None:
    """A run is through: its result is kept; the next begins, or the body is done. Raises Failed."""
    loop, body = _loop(node), run.scope(body_id)
    counters = _counters(body)
    index = run.scope(at).values["loopCounter"] - 1
    _keep_result(run, body, at, loop, index)
    after = {**counters, "active": counters["active"] - 1, "done": counters["done"] + 1}
    enough = loop.completion is not None and _is_complete(run, at, loop.completion, after)
    goes_on = _goes_on(run, body, loop, after) if loop.is_standard else None
    if run.scope(at).undo:
        body.undo.append(compensation.of_run(run, at, node))
    counters.update(after)
    run.drop(at)
    run.note(body_id, node.id, "completed", {"run": index + 1})
    if enough:
        run.attempt(Move("body_done", body_id, node))
    elif goes_on or (goes_on is None and loop.sequential and counters["next"] < len(counters["items"])):
        _begin_run(run, body, node, loop)
    elif counters["active"] == 0:
        run.attempt(Move("body_done", body_id, node))


def _keep_result(run: Run, body: Scope, at: int, loop: Loop, index: int) -> None:
    if loop.output_collection is None or loop.output_item is None:
        return
    result = run.value(loop.output_item, at)
    results = body.values.get(loop.output_collection)
    count = len(_counters(body)["items"])
    results = list(results) if isinstance(results, list) and len(results) == count else [None] * count
    results[index] = result
    run.write_local(body.id, loop.output_collection, results)


def hand_out_results(run: Run, body_id: int, node: Node) -> None:
    """The output collection goes to the scope around the body."""
    name, values = _loop(node).output_collection, run.scope(body_id).values
    if name is not None and name in values:
        run.write(run.parent(body_id), name, values[name])


def _is_complete(run: Run, at: int, condition: Formula, counters: dict[str, Any]) -> bool:
    """The condition sees the run that just ended and the numbers of the whole."""
    numbers = {
        "numberOfInstances": len(counters["items"]),
        "numberOfActiveInstances": counters["active"],
        "numberOfCompletedInstances": counters["done"],
        "numberOfTerminatedInstances": 0,
    }
    for name, number in numbers.items():
        run.write_local(at, name, number)
    return run.holds(condition, at)


def _goes_on(run: Run, body: Scope, loop: Loop, counters: dict[str, Any] | None = None) -> bool:
    """A standard loop: another run, as long as the condition holds and the maximum is not reached."""
    done = (counters or _counters(body))["next"]
    if loop.maximum is not None and done >= loop.maximum:
        return False
    if done >= MOST_RUNS:
        raise Failed("loop_too_long", "循环次数过多", "the loop has run too often")
    run.write_local(body.id, "loopCounter", done)
    return loop.condition is None or run.holds(loop.condition, body.id)


def _items(run: Run, scope_id: int, loop: Loop) -> list[Any]:
    assert loop.collection is not None
    items = run.value(loop.collection, scope_id)
    if not isinstance(items, list):
        text = loop.collection.text
        raise Failed("collection_invalid", f"集合“{text}”的结果不是列表", f"the collection '{text}' gives no list")
    if len(items) > MOST_RUNS:
        raise Failed(
            "collection_too_long", "多实例的集合过长", "the collection of the multi-instance activity is too long"
        )
    return items


def _plain_name(formula: Formula) -> str | None:
    name = formula.text.removeprefix("=").strip().split(".")[0]
    return name if name.isidentifier() else None


def _loop(node: Node) -> Loop:
    assert node.loop is not None
    return node.loop


def _counters(body: Scope) -> dict[str, Any]:
    assert body.loop is not None
    return body.loop
