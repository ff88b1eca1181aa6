"""What lies between two versions of a process, and which element has probably become which. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from engine.interpreter import Program
from engine.interpreter.program import Node
from engine.operations.migration.route import owners

Json = dict[str, Any]


def suggest(old: Program, new: Program) -> Json:
    """`mapping`: elements that have another id now, found by what they are: kind and name, then form or work, then the
    same neighbours. `unmapped`: gone. `added`: new. `changed`: the same element with other words, deadlines, forms."""
    stay = {i for i in old.nodes if i in new.nodes and old.nodes[i].kind is new.nodes[i].kind}
    mapping: dict[str, str] = {}
    for likeness in (_by_name, _by_work, _by_neighbours(mapping, stay)):
        before = [n for i, n in old.nodes.items() if i not in stay and i not in mapping]
        after = [n for i, n in new.nodes.items() if i not in stay and i not in mapping.values()]
        mapping |= _pairs(before, after, likeness, likeness)
    pairs = {**{i: i for i in stay}, **mapping}
    return {
        "mapping": mapping,
        "unmapped": [_shown(n) for i, n in old.nodes.items() if i not in pairs],
        "added": [_shown(n) for i, n in new.nodes.items() if i not in pairs.values()],
        "changed": [
            {"element_id": a, "to": b, "what": what}
            for a, b in pairs.items()
            if (what := _differences(old, new, old.nodes[a], new.nodes[b], pairs))
        ],
    }


Likeness = Callable[[Node], Hashable]


def _pairs(before: Iterable[Node], after: Iterable[Node], of_old: Likeness, of_new: Likeness) -> dict[str, str]:
    """Elements that are alike in a way that no other is, on both sides."""
    sides: list[dict[Hashable, list[str]]] = [{}, {}]
    for side, nodes, likeness in ((sides[0], before, of_old), (sides[1], after, of_new)):
        for node in nodes:
            key = likeness(node)
            if key is not None:
                side.setdefault((node.kind, key), []).append(node.id)
    return {
        names[0]: sides[1][key][0]
        for key, names in sides[0].items()
        if len(names) == 1 and len(sides[1].get(key, ())) == 1
    }


def _by_name(node: Node) -> Hashable:
    return node.element.name or None


def _by_work(node: Node) -> Hashable:
    if node.work is not None:
        return repr(node.work)
    return None if node.event is None else repr(node.event)


def _by_neighbours(mapping: dict[str, str], stay: set[str]) -> Likeness:
    """What comes before and after, by the ids of the new version."""

    def likeness(node: Node) -> Hashable:
        names = [flow.source for flow in node.element.incoming] + ["->"]
        names += [flow.target for flow in node.element.outgoing]
        known = [mapping.get(name, name) for name in names if name in stay or name in mapping or name == "->"]
        known += [name for name in names if name in mapping.values()]
        return tuple(sorted(set(known))) if len(known) > 1 else None

    return likeness


def _differences(old: Program, new: Program, a: Node, b: Node, pairs: dict[str, str]) -> list[str]:
    before, after = owners(old)[a.id], owners(new)[b.id]
    inside = None if before is None else pairs.get(before.id)
    found = {
        "name": a.element.name != b.element.name,
        "work": a.work != b.work,
        "event": a.event != b.event,
        "loop": a.element.loop != b.element.loop,
        "mappings": (a.element.inputs, a.element.outputs) != (b.element.inputs, b.element.outputs),
        "scope": inside != (None if after is None else after.id),
        "flows": [pairs.get(f.target) for f in a.element.outgoing] != [f.target for f in b.element.outgoing],
        "conditions": [f.condition for f in a.element.outgoing] != [f.condition for f in b.element.outgoing],
    }
    return [name for name, differs in found.items() if differs]


def _shown(node: Node) -> Json:
    return {"element_id": node.id, "name": node.element.name or None, "kind": node.kind.value}
