"""The values of the twin's run: its own reading of scopes and mappings, so that data is checked too, not only flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.dmn import Definitions
from engine.feel import compile_expression, to_plain
from engine.twin.rewrite import Place, unmarked


class Values:
    """One set of values per process instance (root or called); embedded sub-processes share that of their process."""

    def __init__(
        self, root: Mapping[str, Any], decisions: Mapping[str, Definitions], clock: Callable[[], datetime]
    ) -> None:
        self.by_workflow: dict[Any, dict[str, Any]] = {None: dict(root)}
        self._decisions, self._clock = decisions, clock
        self._compiled: dict[tuple[str, frozenset[str]], Any] = {}

    def of(self, workflow: Any) -> dict[str, Any]:
        return self.by_workflow[workflow]

    def evaluate(self, text: str, context: Mapping[str, Any]) -> Any:
        key = (text, frozenset(context))
        if key not in self._compiled:
            self._compiled[key] = compile_expression(text, names=context.keys())
        return to_plain(self._compiled[key].evaluate(context, now=self._clock()))

    def literal_or_value(self, text: str, context: Mapping[str, Any]) -> Any:
        return self.evaluate(unmarked(text), context) if text.lstrip().startswith("=") else text

    def enter_called(self, place: Place, caller: Any, called: Any, local: Mapping[str, Any]) -> None:
        """What a called process sees when it begins."""
        outside = self.of(caller) | dict(local)
        values = dict(outside) if place.propagate_parent else {}
        for source, target in place.inputs:
            put(values, target, self.literal_or_value(source, outside))
        self.by_workflow[called] = values

    def leave_called(self, place: Place, caller: Any, called: Any) -> None:
        inside = self.by_workflow.pop(called)
        if place.outputs:
            for source, target in place.outputs:
                put(self.of(caller), target, self.literal_or_value(source, inside))
        elif place.propagate_child:
            self.of(caller).update(inside)

    def done(self, place: Place, workflow: Any, result: Mapping[str, Any], local: Mapping[str, Any]) -> None:
        """What an element leaves behind: mapped values only, or all of them."""
        values = self.of(workflow)
        if not place.outputs:
            kept = {target for _, target in place.inputs}
            values.update({name: value for name, value in result.items() if name not in kept})
            return
        inside = values | dict(local) | dict(result)
        for source, target in place.outputs:
            put(values, target, self.literal_or_value(source, inside))

    def inside(self, place: Place, workflow: Any, local: Mapping[str, Any]) -> dict[str, Any]:
        """The values as an element sees them, its own inputs on top."""
        context = self.of(workflow) | dict(local)
        for source, target in place.inputs:
            put(context, target, self.literal_or_value(source, context))
        return context

    def on_the_spot(self, place: Place, workflow: Any, local: Mapping[str, Any]) -> None:
        """A script, a decision, or a task that only passes."""
        context = self.inside(place, workflow, local)
        result: dict[str, Any] = {}
        if place.script is not None:
            result[place.script[1]] = self.evaluate(unmarked(place.script[0]), context)
        elif place.decision is not None:
            decision_id = place.decision[0]
            evaluation = self._decisions[decision_id].evaluate(decision_id, context, now=self._clock())
            result[place.decision[1]] = to_plain(evaluation.value)
        self.done(place, workflow, result, {name: context[name] for name in context if name not in self.of(workflow)})


def put(values: dict[str, Any], target: str, value: Any) -> None:
    """Set `a.b.c`, making contexts on the way; what is in them already stays."""
    *path, last = target.split(".")
    for name in path:
        inner = values.get(name)
        values[name] = inner = dict(inner) if isinstance(inner, dict) else {}
        values = inner
    values[last] = value
