"""A case on its way through its diagram and those it calls: where it has been, where it stands, and the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import NotFound
from web import outlines
from web.diagram import Outline, Step
from web.timeline import Place

PASSED = frozenset({"completed", "fired", "received", "ended"})  # events of the history that mean: it went on from here
LISTENING = frozenset({"startEvent", "boundaryEvent"})  # such a wait is no place to be


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One diagram of the case. `path` leads to it: "" the main one, `call_a` what that call activity calls."""

    path: str
    key: str
    version: int
    outline: Outline


class Course:
    """Reads nothing but diagrams once it is made; `history` and `waiting` are those of the instance."""

    def __init__(self, services: Any, conn: Any, instance: Any, history: list[Any], waiting: list[Any]) -> None:
        self._services, self._conn = services, conn
        self._pins: Mapping[str, int] = instance.pins.get("process") or {}
        self._history, self._waiting = history, waiting
        self._called: dict[str, Outline | None] = {}
        self.main = self._main(instance.definition_key, instance.definition_version)

    def _main(self, key: str, version: int) -> Scene:
        found = outlines.of(self._services, self._conn, key, version)
        if found is None:
            raise NotFound(f"没有流程“{key}”", f"no process {key}")
        return Scene(path="", key=key, version=version, outline=found)

    def scene(self, call: str) -> Scene:
        """What a call activity of the main diagram calls; the main diagram for anything else."""
        element = self.main.outline.elements.get(call)
        found = self._outline(element.calls) if element else None
        key = (element.calls if element else None) or ""
        if found is None or key not in self._pins:
            return self.main
        return Scene(path=call, key=key, version=self._pins[key], outline=found)

    def done(self, scene: Scene) -> set[str]:
        """Elements of this diagram that have been passed."""
        paths = {row.path for row in self._history if row.event in PASSED}
        return {inside for path in paths if (inside := _below(path, scene.path)) and "/" not in inside}

    def current(self, scene: Scene) -> set[str]:
        """Elements of this diagram at which, or inside which, something waits for people or time."""
        inside = {_below(wait.element_id, scene.path).split("/")[0] for wait in self._waiting}
        return {place for place in inside if place and scene.outline.kind_of(place) not in LISTENING}

    def counts(self, scene: Scene) -> dict[str, int]:
        """How many tokens wait at each of these places; a call counts once, however much is open inside it."""
        current = self.current(scene)
        paths = [_below(wait.element_id, scene.path) for wait in self._waiting]
        return {place: max(1, paths.count(place)) for place in sorted(current)}

    def steps(self, tasks: list[Any]) -> list[Step]:
        """The main diagram as a list, with the names of the tasks that are open inside a call."""
        within: dict[str, tuple[str, ...]] = {}
        for task in tasks:
            call, _, rest = task.path.partition("/")
            if rest:
                within[call] = (*within.get(call, ()), task.name or task.element_id)
        return self.main.outline.steps(self.done(self.main), self.current(self.main), within)

    def place(self, path: str) -> Place:
        """Name and kind of `call_a/task_b`: each call leads into the diagram it calls, in the version pinned."""
        here: Outline | None = self.main.outline
        *calls, last = path.split("/")
        for call in calls:
            element = here.elements.get(call) if here else None
            here = self._outline(element.calls if element else None)
        found = here.elements.get(last) if here else None
        if found is None:
            return Place(kind="", name="")
        return Place(kind=found.kind, name=found.name, is_inside=bool(calls or found.inside))

    def _outline(self, key: str | None) -> Outline | None:
        if key is None:
            return None
        if key not in self._called:
            self._called[key] = outlines.of(self._services, self._conn, key, self._pins.get(key))
        return self._called[key]


def _below(path: str, prefix: str) -> str:
    """The path as seen from inside `prefix`; empty when it lies elsewhere."""
    if not prefix:
        return path
    return path.removeprefix(f"{prefix}/") if path.startswith(f"{prefix}/") else ""
