"""From one version of a process to another: which element becomes which, and where that cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.interpreter import Program
from engine.interpreter.program import Node
from engine.model.elements import Content, Kind
from engine.operations.migration.plan import Mapped

LISTENERS = frozenset({Kind.BOUNDARY, Kind.START})


class Route:
    """One process, old and new. Elements keep their id unless the mapping says otherwise."""

    def __init__(self, old: Program, new: Program, mapping: Mapped) -> None:
        self.old = old
        self.new = new
        self.mapping = mapping
        self._old_owners = owners(old)
        self._new_owners = owners(new)

    def target(self, element_id: str) -> Node | None:
        """The element of the new version; None when there is none, or when it is given up."""
        name = self.mapping.get(element_id, element_id)
        return None if name is None else self.new.nodes.get(name)

    def is_given_up(self, element_id: str) -> bool:
        return element_id in self.mapping and self.mapping[element_id] is None

    def keeps_its_place(self, old: Node, new: Node) -> bool:
        """Both stand in what is, before and after, the same sub-process or the process itself."""
        before, after = self._old_owners[old.id], self._new_owners[new.id]
        if before is None or after is None:
            return before is after
        return self.target(before.id) is after

    def listener(self, old: Node) -> Node | None:
        """Who listens in the new version for what a boundary event, the start of an event sub-process or one
        alternative of an event gateway listened for."""
        new = self.target(old.id)
        if new is None or new.kind is not old.kind or type(new.event) is not type(old.event):
            return None
        if old.kind is Kind.BOUNDARY:
            host = self.target(old.element.attached_to or "")
            return new if host is not None and new.element.attached_to == host.id else None
        return new if self.keeps_its_place(old, new) else None

    def flow(self, gateway: Node, flow_id: str) -> str | None:
        """The incoming flow of the new gateway on which a token stands that stood on `flow_id`: the one from the same
        element, else the one of the same id."""
        new = self.target(gateway.id)
        if new is None:
            return None
        source = next((flow.source for flow in gateway.element.incoming if flow.id == flow_id), None)
        target = None if source is None else self.target(source)
        same = [flow.id for flow in new.element.incoming if target is not None and flow.source == target.id]
        if len(same) == 1 or flow_id in same:
            return flow_id if flow_id in same else same[0]
        return next((flow.id for flow in new.element.incoming if flow.id == flow_id and not same), None)


def routes(old: Mapping[str, Program], new: Mapping[str, Program], mappings: Mapping[str, Mapped]) -> dict[str, Route]:
    """A route for every process that both versions know."""
    return {key: Route(old[key], new[key], mappings.get(key, {})) for key in old if key in new}


def owners(program: Program) -> dict[str, Node | None]:
    """Element -> the sub-process it stands in, None for the process itself."""
    found: dict[str, Node | None] = {}
    for identity, owner in _pairs(program):
        found[identity] = owner
    return found


def _pairs(program: Program) -> Iterator[tuple[str, Node | None]]:
    inside: dict[str, Node] = {}
    for node in program.nodes.values():
        content: Content | None = node.element.content
        for identity in () if content is None else content.elements:
            inside[identity] = node
    for identity in program.nodes:
        yield identity, inside.get(identity)
