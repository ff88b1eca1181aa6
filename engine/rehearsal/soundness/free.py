"""A closure with nothing fixed but its shape: conditions, answers, collections and decisions are left to an oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from engine.feel import Expression
from engine.interpreter import Closure, Program
from engine.interpreter.program import Body, Flow, Formula, Loop, Node
from engine.model.elements import CallWork, ConditionalEvent, JobWork, Kind, TimerEvent
from engine.rehearsal.soundness.oracle import Condition, Either, Happens, Oracle, Split

SPLITS_BY_ONE = frozenset({Kind.EXCLUSIVE})
PLAIN_TIMERS = {"date": "2026-01-06T08:00:00+08:00", "duration": "P1D", "cycle": "R/P1D"}
MOST_LOOPS = 2


@dataclass
class _NoDecision:
    """Stands for every decision: its answer is nothing, because nobody reads it."""

    errors: tuple[Any, ...] = ()

    @property
    def trace(self) -> dict[str, Any]:
        return {"output": None}

    def evaluate(self, *_: Any, **__: Any) -> _NoDecision:
        return self


class _Decisions(dict[str, Any]):
    def get(self, key: str, default: Any = None) -> Any:
        return _NoDecision()


CALL, CALL_THAT_MAY_FAIL = "a call", "a call that may fail"  # types of the work that stands for a folded call


@dataclass(frozen=True)
class Simpler:
    """What is not played: calls of `folded` processes are a piece of work, `without` these event sub-processes."""

    folded: frozenset[str] = frozenset()
    failing: frozenset[str] = frozenset()  # folded ones in which a job may fail
    without: frozenset[str] = frozenset()


def loosen(closure: Closure, oracle: Oracle, simpler: Simpler) -> Closure:
    """The same diagrams with every value left open. The closure given is not changed."""
    programs = {
        key: _program(program, oracle, simpler)
        for key, program in closure.programs.items()
        if key not in simpler.folded or key == closure.root.key
    }
    root = programs.get(closure.root.key) or _program(closure.root, oracle, simpler)
    return Closure(root, programs, _Decisions())


def _program(program: Program, oracle: Oracle, simpler: Simpler) -> Program:
    nodes = {identity: _folded(_node(node, program.key, oracle), simpler) for identity, node in program.nodes.items()}
    for node in nodes.values():
        _wire(node, nodes, program.key, oracle, simpler)
    return replace(program, nodes=nodes, body=_body(program.body, nodes, simpler))


def _folded(node: Node, simpler: Simpler) -> Node:
    """A call of which only that it ends is of interest."""
    work = node.work
    if not isinstance(work, CallWork) or work.process not in simpler.folded:
        return node
    kind = CALL_THAT_MAY_FAIL if work.process in simpler.failing else CALL
    element = replace(node.element, kind=Kind.SERVICE_TASK, work=JobWork(type=kind))
    return replace(node, kind=Kind.SERVICE_TASK, element=element, formulas={"type": _literal(kind)})


def _node(node: Node, process: str, oracle: Oracle) -> Node:
    return replace(
        node,
        inputs=(),
        outputs=(),
        formulas=_formulas(node),
        loop=None if node.loop is None else _loop(node, f"{process}/{node.id}", oracle),
    )


def _wire(node: Node, nodes: Mapping[str, Node], process: str, oracle: Oracle, simpler: Simpler) -> None:
    conditional = [flow for flow in node.outgoing if flow.condition is not None]
    always = any(flow.condition is None and flow is not node.default for flow in node.outgoing)
    split = Split(
        oracle,
        f"{process}/{node.id}",
        len(conditional) or 1,
        one=node.kind in SPLITS_BY_ONE,
        none=node.default is not None or always,
    )
    flows = {flow.id: _flow(flow, nodes, split, conditional) for flow in node.outgoing}
    default = None if node.default is None else flows[node.default.id]
    node.outgoing, node.default = tuple(flows.values()), default
    node.boundaries = tuple(nodes[boundary.id] for boundary in node.boundaries)
    node.body = None if node.body is None else _body(node.body, nodes, simpler)
    node.owner = None if node.owner is None else nodes[node.owner.id]
    node.undo = None if node.undo is None else nodes[node.undo.id]


def _flow(flow: Flow, nodes: Mapping[str, Node], split: Split, conditional: list[Flow]) -> Flow:
    if flow.condition is None:
        return Flow(flow.id, nodes[flow.target.id], None)
    number = next(i for i, other in enumerate(conditional) if other is flow)
    return Flow(flow.id, nodes[flow.target.id], _free(flow.condition.text, Condition(split, number)))


def _body(body: Body, nodes: Mapping[str, Node], simpler: Simpler) -> Body:
    return Body(
        start=None if body.start is None else nodes[body.start.id],
        event_starts=tuple(nodes[start.id] for start in body.event_starts),
        event_sub_processes=tuple(nodes[sub.id] for sub in body.event_sub_processes if sub.id not in simpler.without),
    )


def _formulas(node: Node) -> dict[str, Formula]:
    """Names and codes as they are written; keys, timers and scripts as something that always works."""
    kept = {name: _literal(formula.text) for name, formula in node.formulas.items() if name in ("name", "code", "type")}
    if "key" in node.formulas:
        kept["key"] = _literal("k")
    if isinstance(node.event, TimerEvent):
        written = node.formulas["timer"]
        fixed = written.expression is None and node.event.sort == "cycle"
        kept["timer"] = written if fixed else _literal(PLAIN_TIMERS[node.event.sort])
    if isinstance(node.event, ConditionalEvent):
        kept["condition"] = _free(node.event.condition, Happens(happening(node)))
    if "script" in node.formulas:
        kept["script"] = Formula("null")
    return kept


def happening(node: Node) -> str:
    """The name that makes a conditional event happen."""
    return f"?{node.id}"


def _loop(node: Node, place: str, oracle: Oracle) -> Loop:
    loop = node.loop
    assert loop is not None
    if loop.is_standard:
        again = _free("", Either(oracle, place, (False, True)))
        most = MOST_LOOPS if loop.maximum is None else min(loop.maximum, MOST_LOOPS)
        return replace(loop, condition=again, maximum=most)
    runs = 2 if node.body is None and node.kind is not Kind.CALL_ACTIVITY else 1
    return replace(
        loop,
        collection=_free("", Either(oracle, place, ([{}] * runs,))),
        item=None,
        output_collection=None,
        output_item=None,
        completion=None if loop.completion is None else _free("", Either(oracle, place, (False, True))),
    )


def _free(text: str, expression: Any) -> Formula:
    return Formula(text, cast(Expression, expression))


def _literal(text: str) -> Formula:
    return Formula(text, None, text)
