"""Gateways: where tokens choose, fork, join and wait for the first of several events."""

from __future__ import annotations

from engine.interpreter.failures import Failed
from engine.interpreter.joins import arrive, complete_set
from engine.interpreter.lifecycle import chosen_flows, default_flow, take
from engine.interpreter.listening import listen
from engine.interpreter.program import Node
from engine.interpreter.run import Run
from engine.interpreter.state import ScopeKind
from engine.interpreter.tree import Move


def exclusive(run: Run, at: int, node: Node, via: str | None) -> None:
    """The first flow in the file whose condition holds, else the default. Raises Failed when there is neither."""
    for flow in node.outgoing:
        if flow is node.default:
            continue
        if flow.condition is None or run.holds(flow.condition, at):
            take(run, at, (flow,))
            return
    take(run, at, (default_flow(node),) if node.outgoing else ())


def parallel(run: Run, at: int, node: Node, via: str | None) -> None:
    """With several incoming flows a join, with several outgoing ones a fork, with both first one and then the other."""
    if len(node.element.incoming) > 1 and via is not None:
        arrive(run, at, node, via)
        if not complete_set(run, at, node):
            return
    take(run, at, node.outgoing)


def inclusive(run: Run, at: int, node: Node, via: str | None) -> None:
    """As a join it is looked at when everything else in the step stands still; as a split every true flow is taken."""
    if len(node.element.incoming) > 1 and via is not None:
        arrive(run, at, node, via)
    else:
        split_inclusive(run, Move("join", at, node))


def split_inclusive(run: Run, move: Move) -> None:
    """The token that came out of the join goes on. Raises Failed when no flow may be taken."""
    node = move.node
    flows = chosen_flows(run, move.scope, node) if node.conditional or node.default is not None else node.outgoing
    take(run, move.scope, flows)


def event_based(run: Run, at: int, node: Node, via: str | None) -> None:
    """One wait for each alternative, each with its own due time; the first takes the token. Raises Failed."""
    own = run.open_scope(at, ScopeKind.GATEWAY, node.id)
    try:
        for flow in node.outgoing:
            listen(run, own.id, flow.target)
    except Failed:
        run.drop(own.id)
        raise
