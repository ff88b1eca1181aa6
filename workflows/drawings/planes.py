"""The planes of a BPMN file. A process has one of its own; what is inside a collapsed sub-process stands on another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, fromstring  # our own files, never an upload

from workflows.drawings.text import LINE, Font, lines_of

B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
DC = "{http://www.omg.org/spec/DD/20100524/DC}"
DD = "{http://www.omg.org/spec/DD/20100524/DI}"

Point = tuple[float, float]
ROOM = 90  # width of a name beside a shape, where the file does not say it
CONTAINERS = frozenset({"participant", "lane"})


@dataclass(frozen=True)
class Box:
    """Left, top, right, bottom, in pixels of the drawing at its own size."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def meets(self, other: Box, by: float = 0.5) -> bool:
        """They share more than `by` pixels in both directions."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > by and down > by

    def holds(self, other: Box, slack: float = 0.5) -> bool:
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and self.right + slack >= other.right
            and self.bottom + slack >= other.bottom
        )


@dataclass(frozen=True, kw_only=True)
class Label:
    """A name that stands beside what it names; `lines` as they are broken, `box` around them."""

    lines: tuple[str, ...]
    box: Box


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`tag`: the BPMN tag. `inner`: of an event, what it waits for or throws. `node`: the element in the file."""

    id: str
    tag: str
    name: str
    box: Box
    node: Element = field(repr=False)
    expanded: bool = True
    label: Label | None = None
    inner: str = ""

    @property
    def host(self) -> str | None:
        return self.node.get("attachedToRef")

    @property
    def holds_others(self) -> bool:
        return self.tag in CONTAINERS or (self.tag == "subProcess" and self.expanded)


@dataclass(frozen=True, kw_only=True)
class Edge:
    id: str
    tag: str
    name: str
    source: str
    target: str
    points: tuple[Point, ...]
    label: Label | None = None

    @property
    def segments(self) -> Iterator[tuple[Point, Point]]:
        return zip(self.points, self.points[1:])


@dataclass(frozen=True, kw_only=True)
class Plane:
    """`id`: of the process, collaboration or sub-process that is drawn here; `main`: the one that a file opens with."""

    id: str
    name: str
    main: bool
    shapes: dict[str, Shape]
    edges: dict[str, Edge]

    @property
    def labels(self) -> dict[str, Label]:
        """What stands beside what it names, by the id of that."""
        found = {shape.id: shape.label for shape in self.shapes.values()}
        found |= {edge.id: edge.label for edge in self.edges.values()}
        return {id: label for id, label in found.items() if label is not None}

    @property
    def box(self) -> Box:
        """Around everything that is drawn, words too."""
        boxes = [shape.box for shape in self.shapes.values()]
        boxes += [label.box for label in self.labels.values()]
        boxes += [Box(x, y, x, y) for edge in self.edges.values() for x, y in edge.points]
        return Box(
            min(b.left for b in boxes),
            min(b.top for b in boxes),
            max(b.right for b in boxes),
            max(b.bottom for b in boxes),
        )


def planes(xml: bytes) -> list[Plane]:
    """In the order of the file: the main one first."""
    root = fromstring(xml)
    nodes = {node.get("id", ""): node for node in root.iter() if node.get("id")}
    drawn = [plane for diagram in root.iter(f"{DI}BPMNDiagram") for plane in diagram.iter(f"{DI}BPMNPlane")]
    return [_plane(plane, nodes, main=number == 0) for number, plane in enumerate(drawn)]


def _plane(plane: Element, nodes: dict[str, Element], *, main: bool) -> Plane:
    shapes = [_shape(one, nodes[one.get("bpmnElement", "")]) for one in plane.iter(f"{DI}BPMNShape")]
    edges = [_edge(one, nodes[one.get("bpmnElement", "")]) for one in plane.iter(f"{DI}BPMNEdge")]
    own = nodes[plane.get("bpmnElement", "")]
    named = own if own.get("name") else next((p for p in own.iter(f"{B}participant")), own)
    return Plane(
        id=own.get("id", ""),
        name=_words(named.get("name", "")),
        main=main,
        shapes={shape.id: shape for shape in shapes},
        edges={edge.id: edge for edge in edges},
    )


def _shape(drawn: Element, node: Element) -> Shape:
    tag, name = node.tag.removeprefix(B), _words(node.get("name", ""))
    inner = next((child.tag for child in node if child.tag.endswith("EventDefinition")), "")
    beside = tag.endswith(("Event", "Gateway")) or tag.startswith("data")
    return Shape(
        id=node.get("id", ""),
        tag=tag,
        name=name,
        box=_bounds(drawn),
        node=node,
        expanded=drawn.get("isExpanded", "true") != "false",
        label=_label(drawn, name, _bounds(drawn)) if beside and name else None,
        inner=inner.removeprefix(B).removesuffix("EventDefinition"),
    )


def _edge(drawn: Element, node: Element) -> Edge:
    points = tuple((float(p.get("x", 0)), float(p.get("y", 0))) for p in drawn.iter(f"{DD}waypoint"))
    name = _words(node.get("name", ""))
    (x, y), (to_x, to_y) = points[len(points) // 2 - 1], points[len(points) // 2]
    between = Box(min(x, to_x), min(y, to_y), max(x, to_x), max(y, to_y))
    return Edge(
        id=node.get("id", ""),
        tag=node.tag.removeprefix(B),
        name=name,
        source=node.get("sourceRef", ""),
        target=node.get("targetRef", ""),
        points=points,
        label=_label(drawn, name, between) if name else None,
    )


def _label(drawn: Element, name: str, owner: Box) -> Label:
    """The words stand in the middle of the place that the file gives them and are broken at its width."""
    place = drawn.find(f"{DI}BPMNLabel")
    given = _bounds(place) if place is not None and place.find(f"{DC}Bounds") is not None else None
    lines = lines_of(name, Font.BESIDE, given.width if given else ROOM)
    width = max(Font.BESIDE.width(line) for line in lines)
    middle, top = (given.middle[0], given.top) if given else (owner.middle[0], owner.bottom + 7)
    below = top + len(lines) * LINE * Font.BESIDE.size
    return Label(lines=lines, box=Box(middle - width / 2, top, middle + width / 2, below))


def _bounds(drawn: Element) -> Box:
    found = drawn.find(f"{DC}Bounds")
    assert found is not None, drawn.get("id")
    x, y, width, height = (float(found.get(key, "0")) for key in ("x", "y", "width", "height"))
    return Box(x, y, x + width, y + height)


def _words(text: str) -> str:
    return " ".join(text.split())
