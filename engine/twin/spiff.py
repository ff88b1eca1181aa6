"""SpiffWorkflow 3.2.0 in the twin's seat: the same process, driven by the same moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.defaults import CallActivity
from SpiffWorkflow.bpmn.specs.event_definitions import (
    CancelEventDefinition,
    ErrorEventDefinition,
    EscalationEventDefinition,
    MessageEventDefinition,
    TerminateEventDefinition,
)
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from engine.dmn import Definitions
from engine.twin.rewrite import Place, Rewritten, event_name
from engine.twin.values import Values

STEP_BUDGET = 2_000
FROM_INSIDE = (CancelEventDefinition, ErrorEventDefinition, EscalationEventDefinition)  # nobody outside fires these


class TwinStuck(Exception):
    """The library cannot do what the walk asks; the message says what."""


class FeelHook(PythonScriptEngine):
    """Expressions by our FEEL, over the twin's own values; never Python."""

    def __init__(self, twin: Twin) -> None:
        super().__init__()
        self._twin = twin

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        return self._twin.evaluate(task, expression)

    def execute(self, task: Task, script: str, external_context: Any = None) -> bool:
        self._twin.run_on_the_spot(task, script.split(" ", 1)[1])
        return True


@dataclass
class Line:
    """One workflow of the library: the process itself, or an event sub-process that started in one of its scopes."""

    workflow: BpmnWorkflow
    home: Any  # whose values its root sees
    prefix: str = ""  # call activities around it
    container: str | None = None  # the scope it belongs to; None: the process itself


class Twin:
    """Raises what the library raises; `now` is set from outside before each move."""

    def __init__(
        self,
        files: Sequence[Rewritten],
        process_id: str,
        variables: Mapping[str, Any],
        decisions: Mapping[str, Definitions],
        now: datetime,
    ) -> None:
        self._parser = BpmnParser()
        for file in files:
            self._parser.add_bpmn_xml(file.tree)
        self.now = now
        self.expressions = {place: text for file in files for place, text in file.expressions.items()}
        self.places: dict[str, Place] = {place: p for file in files for place, p in file.places.items()}
        self.listeners = {start: listener for file in files for start, listener in file.listeners.items()}
        self.values = Values(variables, decisions, lambda: self.now)
        self._entered: set[Any] = set()
        self._collections: dict[Any, list[Any]] = {}  # by the task that runs several times: its items as they were then
        self.lines: list[Line] = []
        self._begin(process_id, None, "", None)
        self.run()

    # --- moves --------------------------------------------------------------------------------------------------------

    def complete(self, path: str, variables: Mapping[str, Any]) -> None:
        """Finish the oldest open task at `path`."""
        here = [t for t in self._open() if self.path(t) == path]
        task = min(here, key=lambda t: t.last_state_change, default=None)
        if task is None:
            raise TwinStuck(f"no open task {path}")
        place = self.places[task.task_spec.bpmn_id]
        self.values.done(place, self.home(task), variables, self._local(task, place))
        task.run()
        self.run()

    def fire(self, path: str, payload: Mapping[str, Any]) -> None:
        """Let the event at `path` happen."""
        prefix, _, element_id = path.rpartition("/")
        if element_id in self.listeners:
            self._listen(element_id, prefix, payload)
            return
        event = BpmnEvent(MessageEventDefinition(event_name(element_id)), payload={})
        here = [
            t for t in self._waiting() if t.task_spec.catches(t, event) and self.path(t).rpartition("/")[0] == prefix
        ]
        if not here:
            raise TwinStuck(f"nobody waits for {path}")
        self.values.done(self.places[element_id], self.home(here[0]), payload, {})
        here[0].task_spec.catch(here[0], event)
        here[0].task_spec._update(here[0])
        self.run()

    def run(self) -> None:
        """Do what needs nobody, one ready task at a time, within a budget of our own."""
        for _ in range(STEP_BUDGET):
            self._drop_cancelled()
            ready = [
                t for line in self.lines for t in line.workflow.get_tasks(state=TaskState.READY) if self._may_run(t)
            ]
            if not ready:
                return
            deepest = max(ready, key=lambda t: t.workflow.depth)
            self._before(deepest)
            deepest.run()
            if deepest.workflow.parent_task_id is not None:
                parent = deepest.workflow.top_workflow.get_task_from_id(deepest.workflow.parent_task_id)
                if parent is not None and parent.state == TaskState.STARTED:
                    parent.task_spec._update(parent)
        raise TwinStuck("step budget")

    # --- what stands where --------------------------------------------------------------------------------------------

    def open_tasks(self) -> Counter[str]:
        return Counter(self.path(t) for t in self._open())

    def waiting_events(self) -> Counter[str]:
        """Catching events and receive tasks; an event gateway counts as one wait of its own."""
        return Counter(self.path(t) for t in self._waiting())

    def ended(self) -> bool:
        return not any(map(_unfinished, self.lines))

    def path(self, task: Task) -> str:
        """Element id with the ids of the call activities around it."""
        return (
            f"{self._line(task).prefix}{'/'.join([*self._calls(task), task.task_spec.bpmn_id or task.task_spec.name])}"
        )

    # --- event sub-processes ------------------------------------------------------------------------------------------

    def _begin(self, process_id: str, home: Any, prefix: str, container: str | None) -> None:
        specs = self._parser.get_subprocess_specs(process_id)
        workflow = BpmnWorkflow(self._parser.get_spec(process_id), specs, script_engine=FeelHook(self))
        self.lines.append(Line(workflow, home, prefix, container))

    def _listen(self, start_id: str, prefix: str, payload: Mapping[str, Any]) -> None:
        """Start an event sub-process beside its scope. Which values it sees follows from the calls around it."""
        listener = self.listeners[start_id]
        home = self._home_at(prefix)
        self.values.done(self.places[start_id], home, payload, {})
        self._begin(listener.process_id, home, f"{prefix}/" if prefix else "", listener.container)
        self.run()

    def _home_at(self, prefix: str) -> Any:
        """The values of the called process at this path of call activities; the root's for the empty path."""
        if not prefix:
            return None
        for line in self.lines:
            for task in line.workflow.get_tasks(state=TaskState.STARTED):
                own = f"{line.prefix}{'/'.join([*self._calls(task), task.task_spec.bpmn_id or ''])}"
                if own == prefix and task.id in self._entered:
                    return task.id
        raise TwinStuck(f"no called process at {prefix}")

    def _may_run(self, task: Task) -> bool:
        """A scope is not left while an event sub-process of it still runs."""
        if task.task_spec.manual:
            return False
        inner = getattr(task.task_spec, "spec", None)
        return not any(
            line.container == inner and _unfinished(line) for line in self.lines if line.container is not None
        )

    def _drop_cancelled(self) -> None:
        """Event sub-processes go with the scope they belong to."""
        for line in [line for line in self.lines if line.container is not None]:
            around = [
                t.state
                for other in self.lines
                for t in other.workflow.get_tasks()
                if getattr(t.task_spec, "spec", None) == line.container
            ]
            is_root = any(other.workflow.spec.name == line.container for other in self.lines)
            is_gone = not around if not is_root else TaskState.CANCELLED in around
            if (is_gone or TaskState.CANCELLED in around) and not {TaskState.STARTED, TaskState.READY} & set(around):
                line.workflow.cancel()

    # --- the script hook ----------------------------------------------------------------------------------------------

    def evaluate(self, task: Task, expression: str) -> Any:
        place_id = expression.strip()
        if place_id.startswith("count "):
            place = self.places[place_id.removeprefix("count ")]
            items = self.values.literal_or_value(
                place.collection or "", self.values.of(self.home(task)) | self._items(task)
            )
            self._collections[task.id] = items or []
            return len(items or [])
        text = self.expressions[place_id]
        answer = self.values.evaluate(text, self.values.of(self.home(task)) | self._items(task))
        if not isinstance(answer, bool):
            raise TwinStuck(f"condition {place_id} is neither true nor false")
        return answer

    def run_on_the_spot(self, task: Task, element_id: str) -> None:
        self.values.on_the_spot(self.places[element_id], self.home(task), self._items(task))

    # --- inside -------------------------------------------------------------------------------------------------------

    def _open(self) -> list[Task]:
        ready = [t for line in self.lines for t in line.workflow.get_tasks(state=TaskState.READY)]
        return [t for t in ready if t.task_spec.manual and _is_attached(t)]

    def _waiting(self) -> list[Task]:
        known = [t for line in self.lines for t in line.workflow.event_manager.tasks.values()]
        return [t for t in known if t.state == TaskState.WAITING and _is_attached(t) and not _from_inside(t)]

    def _line(self, task: Task) -> Line:
        return next(line for line in self.lines if line.workflow is task.workflow.top_workflow)

    def _calls(self, task: Task) -> list[str]:
        """The call activities around a task within its line, outermost first."""
        calls: list[str] = []
        workflow = task.workflow
        while workflow.parent_task_id is not None:
            parent = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
            if isinstance(parent.task_spec, CallActivity):
                calls.insert(0, parent.task_spec.bpmn_id)
            workflow = parent.workflow
        return calls

    def home(self, task: Task) -> Any:
        """Whose values a task sees: the called process around it (its parent task's id), or those of its line."""
        workflow = task.workflow
        while workflow.parent_task_id is not None:
            parent = workflow.top_workflow.get_task_from_id(workflow.parent_task_id)
            if isinstance(parent.task_spec, CallActivity):
                if parent.id not in self._entered:
                    self._entered.add(parent.id)
                    place = self.places[parent.task_spec.bpmn_id]
                    self.values.enter_called(place, self.home(parent), parent.id, self._items(parent))
                return parent.id
            workflow = parent.workflow
        return self._line(task).home

    def _before(self, task: Task) -> None:
        """A called process takes its values when its first task is ready, gives them back when its caller passes.

        A terminate end event takes the event sub-processes of its scope with it.
        """
        self.home(task)
        if isinstance(getattr(task.task_spec, "event_definition", None), TerminateEventDefinition):
            for line in (line for line in self.lines if line.container == task.workflow.spec.name):
                line.workflow.cancel()
        if isinstance(task.task_spec, CallActivity) and task.id in self._entered:
            self.values.leave_called(self.places[task.task_spec.bpmn_id], self.home(task), task.id)
            self._entered.discard(task.id)

    def _local(self, task: Task, place: Place) -> dict[str, Any]:
        home = self.home(task)
        context = self.values.inside(place, home, self._items(task))
        return {name: value for name, value in context.items() if name not in self.values.of(home)} | self._items(task)

    def _items(self, task: Task) -> dict[str, Any]:
        """The elements of the multi-instance activities around a task, outermost first."""
        items: dict[str, Any] = {}
        current: Task | None = task
        while current is not None:
            place = self.places.get(current.task_spec.bpmn_id or "")
            index = current.internal_data.get("key_or_index", current.internal_data.get("item"))
            if place is not None and place.collection and place.item and index is not None and place.item not in items:
                items[place.item] = self._collections[current.parent.id][index]
            workflow = current.workflow
            parent_id = workflow.parent_task_id
            nearest = current.parent
            if nearest is not None and nearest.workflow is workflow and nearest.task_spec.name != "Start":
                current = nearest
            else:
                current = workflow.top_workflow.get_task_from_id(parent_id) if parent_id is not None else None
        return items


def _is_attached(task: Task) -> bool:
    """The library forgets the sub-process of a cancelled run, but not what waited inside its sub-processes."""
    workflow = task.workflow
    while workflow.parent_task_id is not None:
        try:
            workflow = workflow.top_workflow.get_task_from_id(workflow.parent_task_id).workflow
        except TaskNotFoundException:
            return False
    return True


def _from_inside(task: Task) -> bool:
    return isinstance(getattr(task.task_spec, "event_definition", None), FROM_INSIDE)


def _unfinished(line: Line) -> bool:
    return any(True for _ in line.workflow.get_tasks(state=TaskState.NOT_FINISHED_MASK))
