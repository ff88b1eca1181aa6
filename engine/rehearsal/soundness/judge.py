"""What a finished search says: deadlocks, joins that never fire, ends that are never reached, doubled tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.errors import Text
from engine.interpreter import Program, State
from engine.interpreter.contracts import InstanceStatus, WaitKind
from engine.interpreter.program import Node
from engine.interpreter.state import Scope, ScopeKind
from engine.model.elements import CompensateEvent, Kind, TerminateEvent
from engine.rehearsal.soundness.finding import Finding
from engine.rehearsal.soundness.search import Key, Place, Searched, waiting_tokens
from engine.rehearsal.soundness.states import has_run_of, standing, tokens


@dataclass(frozen=True)
class Suspicion:
    """A finding that has still to be played: `key` is the state that shows it; None where there is nothing to play."""

    finding: Finding
    key: Key | None


def suspicions(searched: Searched) -> Iterator[Suspicion]:
    """Everything that the search found, the shortest ways first."""
    for key, place in searched.places.items():
        yield from _incidents(key, place)
        yield from _waits_in_vain(searched, key, place)
        yield from _two_tokens(searched, key, place)
        yield from _open_work(searched, key, place)
    if not searched.complete:
        return
    for key in _lost(searched):
        waits = waiting_tokens(searched.closure, searched.places[key].state)
        yield Suspicion(Finding("cannot-end", tuple(sorted({wait.path for wait in waits}))), key)


def _incidents(key: Key, place: Place) -> Iterator[Suspicion]:
    for wait in place.state.waits.values():
        if wait.kind is WaitKind.INCIDENT:
            words = Text(zh=wait.data["message_zh"], en=wait.data["message_en"])
            yield Suspicion(Finding("incident", (wait.path,), detail=words), key)


def _two_tokens(searched: Searched, key: Key, place: Place) -> Iterator[Suspicion]:
    """Only where no event that does not interrupt has added a token on purpose."""
    if key[0]:
        return
    for (scope, element_id), count in tokens(searched.closure, place.state).items():
        if count > 1:
            yield Suspicion(Finding("two-tokens", (place.state.prefix(scope) + element_id,)), key)
    for path, _, count in standing(place.state):
        if count > 1:
            yield Suspicion(Finding("two-tokens", (path,)), key)


def _open_work(searched: Searched, key: Key, place: Place) -> Iterator[Suspicion]:
    """A terminate end event takes user tasks or jobs away."""
    ended: str | None = None
    cancelled: list[str] = []
    for line in place.step.happened:
        if line.event == "ended" and _terminates(searched, line.element_id):
            ended = line.path
        elif line.event == "cancelled" and ended is not None:
            cancelled.append(line.path)
    if ended is not None and cancelled:
        yield Suspicion(Finding("ends-with-work-open", (ended, *sorted(set(cancelled)))), key)


def _terminates(searched: Searched, element_id: str) -> bool:
    nodes = [program.nodes.get(element_id) for program in searched.closure.programs.values()]
    return any(node is not None and isinstance(node.event, TerminateEvent) for node in nodes)


def _waits_in_vain(searched: Searched, key: Key, place: Place) -> Iterator[Suspicion]:
    """A scope whose tokens all stand at joins: nothing in it can bring the others, whatever listens beside it."""
    joins = tuple(sorted({path for scope in _stuck_scopes(place.state) for path in _joins_of(place.state, scope)}))
    if joins:
        never = [path for path in joins if searched.complete and not _has_fired(searched, path)]
        yield Suspicion(Finding("dead-join", tuple(never)) if never else Finding("deadlock", joins), key)


def _stuck_scopes(state: State) -> list[Scope]:
    return [scope for scope in state.scopes.values() if scope.joins and _moving_tokens(state, scope) == 0]


def _moving_tokens(state: State, scope: Scope) -> int:
    """Tokens of a scope that stand at no join, runs of its event sub-processes apart."""
    standing = sum(sum(flows.values()) for flows in scope.joins.values())
    beside = sum(s.parent == scope.id and s.kind is ScopeKind.EVENT for s in state.scopes.values())
    return scope.tokens - standing - beside


def _joins_of(state: State, scope: Scope) -> list[str]:
    return [state.prefix(scope.id) + gateway for gateway in scope.joins]


def _lost(searched: Searched) -> list[Key]:
    """The first state from which nothing leads to an end; the ones that are stuck at joins are named already."""
    before: dict[Key, set[Key]] = {key: set() for key in searched.places}
    for key, place in searched.places.items():
        for following in place.next:
            before[following].add(key)
    agenda = [key for key, place in searched.places.items() if _is_an_end(place, searched.only)]
    good: set[Key] = set()
    while agenda:
        key = agenda.pop()
        if key not in good:
            good.add(key)
            agenda += before[key]
    return [key for key in searched.places if key not in good][:1]


def _is_an_end(place: Place, only: str | None) -> bool:
    """An end, or a state of which the search knows no more: an incident, tokens that pile up or wait in vain. For one
    event sub-process: that no run of it is left."""
    if only is not None and not has_run_of(place.state, only):
        return True
    stopped = place.state.status is not InstanceStatus.ACTIVE or place.is_pruned or bool(_stuck_scopes(place.state))
    return stopped or any(wait.kind is WaitKind.INCIDENT for wait in place.state.waits.values())


def _has_fired(searched: Searched, path: str) -> bool:
    element_id = path.rpartition("/")[2]
    flows = [
        flow.id
        for program in searched.closure.programs.values()
        if element_id in program.nodes
        for flow in program.nodes[element_id].outgoing
    ]
    return any(flow in searched.taken for flow in flows)


def never_entered(program: Program, told: Iterable[tuple[str, str]]) -> Iterator[Suspicion]:
    """Elements of the process itself, by (path, element id) of complete searches; what it calls is looked at when it
    is the root."""
    entered = {element_id for path, element_id in told if "/" not in path}
    never = {node.id for node in program.nodes.values() if node.id not in entered and not _is_of_undoing(node)}
    around = {
        i: node.id for node in program.nodes.values() if node.element.content for i in node.element.content.elements
    }
    for node in program.nodes.values():
        before = {flow.source for flow in node.element.incoming} | {node.element.attached_to}
        before -= {None, node.id}
        named_already = around.get(node.id) in never or (before and before <= never)
        if node.id in never and not named_already:
            yield Suspicion(Finding("unreachable", (node.id,)), None)


def _is_of_undoing(node: Node) -> bool:
    """A handler, or the event that names it: both are entered in their own way."""
    return node.element.compensates or (node.kind is Kind.BOUNDARY and isinstance(node.event, CompensateEvent))
