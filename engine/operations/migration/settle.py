"""What the new version wants to know of a state that already stands in it: new listeners, changed texts, full joins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from engine.errors import Text
from engine.interpreter.behaviours.user_tasks import user_task_data
from engine.interpreter.contracts import Wait, WaitKind
from engine.interpreter.failures import Failed
from engine.interpreter.joins import complete_set
from engine.interpreter.listening import LISTENED, listen
from engine.interpreter.program import Body, Node
from engine.interpreter.run import Run
from engine.interpreter.state import Scope, ScopeKind
from engine.model.elements import JobWork, Kind, TimerEvent, UserWork
from engine.operations.migration.plan import Note, Plan, Since, TimerRule, refusal
from engine.operations.migration.relocate import Relocated
from engine.operations.migration.route import LISTENERS, Route

WINDOW = ("window_from", "due", "until")
FIELD_OF = {  # text of the diagram -> what the wait's data calls it
    "candidate_groups": "candidate_roles",
    "candidate_users": "candidate_users",
    "organisation": "organisation",
    "priority": "priority",
    "follow_up": "window_from",
    "due": "due",
    "until": "until",
}
NAME_TEXTS = {WaitKind.MESSAGE: ("name", "key"), WaitKind.SIGNAL: ("name",), WaitKind.CONDITION: ("condition",)}


class Settling:
    """One state being asked. `moved.problems` and `moved.notes` are added to."""

    def __init__(self, run: Run, moved: Relocated, routes: dict[str, Route], plan: Plan, since: Since) -> None:
        self.run = run
        self.moved = moved
        self.routes = routes
        self.plan = plan
        self.since = since

    def settle(self) -> None:
        for scope in list(self.run.state.scopes.values()):
            self._guarded(scope.element, self._give_inputs, scope)
        for wait in list(self.run.state.waits.values()):
            self._guarded(wait.path, self._ask_again, wait)
        for scope in list(self.run.state.scopes.values()):
            for node, why in self._new_listeners(scope):
                self._guarded(node.id, self._listen, scope, node, why)

    def _guarded(self, place: str, ask: Any, *args: Any) -> None:
        try:
            ask(*args)
        except Failed as failed:
            zh, en = f"“{place}”：{failed.message.zh}", f"'{place}': {failed.message.en}"
            self.moved.problems.append(refusal(place, None, failed.code, zh, en))

    # --- values ---

    def _give_inputs(self, scope: Scope) -> None:
        """Inputs that the new version added are mapped; values that are there already stay as they are."""
        old = self.moved.scopes_were.get(scope.id)
        if old is None or scope.kind is not ScopeKind.ACTIVITY:
            return
        known = {assign.target for assign in old.inputs}
        node = self.run.node_of(scope, scope.element)
        added = [a for a in node.inputs if a.target not in known and a.target[0] not in scope.values]
        for assign in added:
            value = self.run.value(assign.source, scope.id)
            self.run.write_local(scope.id, assign.target[0], _nested(assign.target, value))

    # --- waits that stay ---

    def _ask_again(self, wait: Wait) -> None:
        old = self.moved.waits_were.get(wait.id)
        if old is None:
            return
        node = self.run.node_of(self.run.scope(wait.scope), wait.element_id)
        if wait.kind is WaitKind.USER_TASK:
            self._user_task(wait, old, node)
        elif wait.kind is WaitKind.TIMER:
            self._timer(wait, old, node)
        elif wait.kind is WaitKind.JOB:
            self._job(wait, old, node)
        elif wait.kind in NAME_TEXTS and _texts(old, NAME_TEXTS[wait.kind]) != _texts(node, NAME_TEXTS[wait.kind]):
            data = self._fresh(wait.scope, node)
            self.run.replace_wait(wait, data)

    def _user_task(self, wait: Wait, old: Node, node: Node) -> None:
        """The window stays unless the plan says otherwise; who may do it, its form and its name are the new ones."""
        rule = self.plan.rule(node.id)
        if old.work == node.work and old.element.name == node.element.name and rule is TimerRule.KEEP:
            return
        assert isinstance(old.work, UserWork) and isinstance(node.work, UserWork)
        began = self._began(wait) if rule is TimerRule.RECOMPUTE else self.run.now
        fresh = self._at(began, lambda: user_task_data(self.run, wait.scope, node))
        data = {**wait.data, "name": fresh["name"], "form": fresh["form"], "clock": fresh["clock"]}
        for text, name in FIELD_OF.items():
            is_new = _texts(old, (text,)) != _texts(node, (text,))
            if name in WINDOW and rule is TimerRule.KEEP:
                if is_new:
                    self._note(wait, "window-kept", "时间窗保持不变", "keeps its window")
            elif is_new or name in WINDOW:
                data[name] = fresh[name]
        if old.work.lanes != node.work.lanes:
            data |= {"candidate_roles": fresh["candidate_roles"], "organisation": fresh["organisation"]}
        self.run.replace_wait(wait, data)

    def _timer(self, wait: Wait, old: Node, node: Node) -> None:
        rule = self.plan.rule(node.id)
        event = node.event
        assert isinstance(event, TimerEvent)
        if rule is not TimerRule.KEEP:
            began = self._began(wait) if rule is TimerRule.RECOMPUTE else self.run.now
            data = self._at(began, lambda: self._fresh(wait.scope, node))
        else:
            data = {**wait.data, "misfire": event.misfire, "interrupting": node.element.interrupting}
            if _texts(old, ("timer",)) != _texts(node, ("timer",)):
                self._note(wait, "timer-kept", "定时改了，到期时间保持不变", "has a new text and keeps its due time")
        if data != wait.data:
            self.run.replace_wait(wait, data)

    def _job(self, wait: Wait, old: Node, node: Node) -> None:
        """A job that a worker may hold already goes on unless it is another job now."""
        if old.work != node.work:
            data = self._fresh(wait.scope, node)
            changed = {name: data[name] for name in ("type", "headers")}
            if changed != {name: wait.data[name] for name in changed}:
                self.run.replace_wait(wait, {**wait.data, **changed})

    def _fresh(self, scope_id: int, node: Node) -> dict[str, Any]:
        """The data of the wait that the element would open now. Raises Failed."""
        opened = self.run.state.next_id
        if isinstance(node.work, JobWork):
            self.run.tables.behaviours[node.kind](self.run, scope_id, node, None)
        else:
            listen(self.run, scope_id, node)
        wait = self.run.state.waits[opened]
        self.run.close_wait(wait)
        return wait.data

    def _at(self, moment: datetime, ask: Any) -> Any:
        now, self.run.now = self.run.now, moment
        try:
            return ask()
        finally:
            self.run.now = now

    def _began(self, wait: Wait) -> datetime:
        """When the wait opened: its element was entered, or the scope in which it listens; now where nobody knows."""
        old = self.moved.waits_were[wait.id]
        if old.kind in LISTENERS or self.run.scope(wait.scope).kind is ScopeKind.GATEWAY:
            return self._opened(wait.scope)
        return self._entered(old.id)

    def _opened(self, scope_id: int) -> datetime:
        scope = self.run.scope(scope_id)
        if scope.kind is ScopeKind.CALLED:
            return self._opened(self.run.parent(scope_id))
        old = self.moved.scopes_were.get(scope_id)
        return self._entered("" if old is None else old.id)

    def _entered(self, old_id: str) -> datetime:
        found = self.since(old_id)
        return self.run.now if found is None else found.astimezone(self.run.now.tzinfo)

    # --- waits that are new ---

    def _new_listeners(self, scope: Scope) -> Iterator[tuple[Node, Node]]:
        """(who listens, the element of whose being open it listens); what listened in the old version and does not
        any more has fired for the last time."""
        route = self.routes[scope.process]
        if scope.kind in (ScopeKind.ROOT, ScopeKind.CALLED):
            yield from self._event_sub_processes(scope, route, route.new.body, route.old.body)
            return
        old = self.moved.scopes_were.get(scope.id)
        if old is None:
            return
        node = self.run.node_of(scope, scope.element)
        if scope.kind is ScopeKind.GATEWAY:
            known = [route.listener(flow.target) for flow in old.outgoing]
            yield from ((flow.target, node) for flow in node.outgoing if flow.target not in known)
        if scope.kind is ScopeKind.BODY or (scope.kind is ScopeKind.ACTIVITY and node.loop is None):
            known = [route.listener(boundary) for boundary in old.boundaries]
            fresh = [b for b in node.boundaries if isinstance(b.event, LISTENED) and b not in known]
            yield from ((boundary, node) for boundary in fresh)
        if scope.kind is not ScopeKind.BODY and node.body is not None and old.body is not None:
            yield from self._event_sub_processes(scope, route, node.body, old.body)

    def _event_sub_processes(self, scope: Scope, route: Route, new: Body, old: Body) -> Iterator[tuple[Node, Node]]:
        running = [self.run.scope(inner) for inner in self.run.inside(scope.id)]
        if any(one.kind is ScopeKind.EVENT and _interrupts(self.run.node_of(one, one.element)) for one in running):
            return  # everything else in this scope has been interrupted
        known = [route.listener(start) for start in _starts(old)]
        for start in _starts(new):
            if isinstance(start.event, LISTENED) and start not in known and start.owner is not None:
                yield start, start.owner

    def _listen(self, scope: Scope, node: Node, why: Node) -> None:
        began = self.run.now
        if self.plan.rule(node.id) is TimerRule.RECOMPUTE:
            began = self._opened(scope.id)
        self._at(began, lambda: listen(self.run, scope.id, node))
        text = Text(zh=f"新版本还等待“{node.id}”", en=f"the new version also listens for '{node.id}'")
        self.moved.notes.append(Note(element_id=self.run.path(scope.id, node.id), code="listener-added", message=text))

    def _note(self, wait: Wait, code: str, zh: str, en: str) -> None:
        text = Text(zh=f"“{wait.element_id}”{zh}", en=f"'{wait.element_id}' {en}")
        self.moved.notes.append(Note(element_id=wait.path, code=code, message=text))


def fill_joins(run: Run) -> None:
    """Parallel joins that the new version has full already give their token on."""
    for scope in list(run.state.scopes.values()):
        for identity in list(scope.joins):
            node = run.node_of(scope, identity)
            while node.kind is Kind.PARALLEL and identity in scope.joins and complete_set(run, scope.id, node):
                run.push("leave", scope.id, node)


def look_at_conditions(run: Run) -> None:
    """Conditions that nobody has looked at yet are looked at when the step goes on."""
    if any(wait.kind is WaitKind.CONDITION and wait.data["met"] is None for wait in run.state.waits.values()):
        run.touched.add("")


def _starts(body: Body) -> list[Node]:
    inside = [node.body for node in body.event_sub_processes]
    return [inner.start for inner in inside if inner is not None and inner.start is not None]


def _interrupts(node: Node) -> bool:
    return node.body is not None and node.body.start is not None and node.body.start.element.interrupting


def _texts(node: Node, names: tuple[str, ...]) -> list[str | None]:
    return [node.formulas[name].text if name in node.formulas else None for name in names]


def _nested(target: tuple[str, ...], value: Any) -> Any:
    for name in reversed(target[1:]):
        value = {name: value}
    return value
