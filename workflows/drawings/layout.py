"""What makes a drawing hard to read, plane by plane: too large for a screen, things upon things, lines across lines,
words on lines, a way that runs back without being a loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from workflows.drawings.planes import Box, Plane, Point, Shape
from workflows.drawings.text import LINE, Font, lines_of

SCREEN = (1600, 900)  # pixels; docs/pathway/README.md says why
HEADER = 30  # width of the name of a pool or lane
PADDING = 14  # of the words in a shape, left and right together
SIGN = 21  # height of the signs in the corner and at the foot of an activity


def findings(plane: Plane) -> list[str]:
    """One sentence for each thing that is wrong, naming the elements."""
    return [
        *_too_large(plane),
        *_shapes_upon_shapes(plane),
        *_outside_their_container(plane),
        *_lines_through_shapes(plane),
        *_lines_across_lines(plane),
        *_slanting(plane),
        *_running_back(plane),
        *_words_in_the_way(plane),
        *_words_cut_off(plane),
    ]


def _too_large(plane: Plane) -> Iterator[str]:
    if plane.box.width > SCREEN[0] or plane.box.height > SCREEN[1]:
        yield f"{plane.id} is {plane.box.width:.0f} x {plane.box.height:.0f}, a screen {SCREEN[0]} x {SCREEN[1]}"


def _nodes(plane: Plane) -> list[Shape]:
    return [shape for shape in plane.shapes.values() if not shape.holds_others]


def _shapes_upon_shapes(plane: Plane) -> Iterator[str]:
    for one, other in combinations(_nodes(plane), 2):
        if one.box.meets(other.box) and other.id != one.host and one.id != other.host:
            yield f"{one.id} lies on {other.id}"


def _outside_their_container(plane: Plane) -> Iterator[str]:
    holders = [shape for shape in plane.shapes.values() if shape.holds_others]
    for shape in plane.shapes.values():
        for holder in holders:
            apart = shape is holder or shape.host == holder.id or not shape.box.meets(holder.box)
            if not (apart or holder.box.holds(shape.box) or shape.box.holds(holder.box)):
                yield f"{shape.id} stands on the edge of {holder.id}"


def _lines_through_shapes(plane: Plane) -> Iterator[str]:
    for edge in plane.edges.values():
        for shape in _nodes(plane):
            inside = Box(shape.box.left + 1, shape.box.top + 1, shape.box.right - 1, shape.box.bottom - 1)
            if shape.id not in (edge.source, edge.target) and any(_enters(inside, *s) for s in edge.segments):
                yield f"{edge.id} runs through {shape.id}"


def _lines_across_lines(plane: Plane) -> Iterator[str]:
    for one, other in combinations(plane.edges.values(), 2):
        met = {one.source, one.target} & {other.source, other.target}
        for first in one.segments:
            for second in other.segments:
                if _cross(first, second):
                    yield f"{one.id} crosses {other.id}"
                elif not met and _share(first, second) > 1:
                    yield f"{one.id} lies on {other.id}"


def _slanting(plane: Plane) -> Iterator[str]:
    for edge in plane.edges.values():
        if any(abs(x - to_x) > 1 and abs(y - to_y) > 1 for (x, y), (to_x, to_y) in edge.segments):
            yield f"{edge.id} slants"


def _running_back(plane: Plane) -> Iterator[str]:
    after: dict[str, set[str]] = {}
    for edge in plane.edges.values():
        after.setdefault(edge.source, set()).add(edge.target)
    for shape in plane.shapes.values():
        if shape.host:
            after.setdefault(shape.host, set()).add(shape.id)
    for edge in plane.edges.values():
        source, target = plane.shapes[edge.source], plane.shapes[edge.target]
        if target.box.right < source.box.left and source.id not in _reached(after, target.id):
            yield f"{edge.id} runs from right to left"


def _reached(after: dict[str, set[str]], begin: str) -> set[str]:
    seen, open_ends = set(), [begin]
    while open_ends:
        here = open_ends.pop()
        if here not in seen:
            seen.add(here)
            open_ends.extend(after.get(here, ()))
    return seen


def _words_in_the_way(plane: Plane) -> Iterator[str]:
    named = [(id, label.box) for id, label in plane.labels.items()]
    for (one, box), (other, other_box) in combinations(named, 2):
        if box.meets(other_box):
            yield f"the name of {one} lies on that of {other}"
    titles = [(one.id, _title(one)) for one in plane.shapes.values() if one.tag == "subProcess" and one.expanded]
    for owner, box in [*named, *titles]:
        for shape in plane.shapes.values():
            if box.meets(shape.box) and not _lets(shape, owner, box):
                yield f"the name of {owner} lies on {shape.id}"
        for edge in plane.edges.values():
            if any(_enters(box, *segment) for segment in edge.segments):
                yield f"the name of {owner} lies on the line {edge.id}"


def _lets(shape: Shape, owner: str, box: Box) -> bool:
    """What holds others has room for names, and bears its own at its upper edge."""
    return shape.holds_others and (shape.id == owner or _free_room(shape).holds(box))


def _title(holder: Shape) -> Box:
    """Where the name of an open sub-process stands: in the middle of its upper edge."""
    middle, top = holder.box.middle[0], holder.box.top + 5
    width = Font.INSIDE.width(holder.name)
    return Box(middle - width / 2, top, middle + width / 2, top + LINE * Font.INSIDE.size)


def _free_room(holder: Shape) -> Box:
    """Of a pool, lane or open sub-process: where others may stand."""
    box = holder.box
    if holder.tag == "subProcess":
        return Box(box.left, box.top + LINE * Font.INSIDE.size + 5, box.right, box.bottom)
    return Box(box.left + HEADER, box.top, box.right, box.bottom)


def _words_cut_off(plane: Plane) -> Iterator[str]:
    for shape in plane.shapes.values():
        if shape.label or not shape.name:
            continue
        standing = shape.tag in ("participant", "lane")
        room, depth = (shape.box.height - 10, HEADER) if standing else (shape.box.width - PADDING, shape.box.height)
        signs = 2 * SIGN if not standing and _bears_signs(shape) else 0  # the words stand in the middle, between them
        if len(lines_of(shape.name, Font.INSIDE, room)) * LINE * Font.INSIDE.size > depth - signs:
            yield f"the name of {shape.id} does not fit"


def _bears_signs(shape: Shape) -> bool:
    """In its corner what it is or begins with, at its foot that it can be opened."""
    return shape.tag == "callActivity" or (shape.tag == "subProcess" and not shape.expanded)


def _enters(box: Box, begin: Point, end: Point) -> bool:
    """An upright or level line runs through the box."""
    line = Box(min(begin[0], end[0]), min(begin[1], end[1]), max(begin[0], end[0]), max(begin[1], end[1]))
    return line.left < box.right and line.right > box.left and line.top < box.bottom and line.bottom > box.top


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """They go through each other, at a point that ends neither."""
    a, b = (_side(*one, point) for point in other)
    c, d = (_side(*other, point) for point in one)
    return a * b < 0 and c * d < 0


def _side(begin: Point, end: Point, point: Point) -> float:
    return (end[0] - begin[0]) * (point[1] - begin[1]) - (end[1] - begin[1]) * (point[0] - begin[0])


def _share(one: tuple[Point, Point], other: tuple[Point, Point]) -> float:
    """How much of their way two level or two upright lines have in common."""
    for along, across in ((0, 1), (1, 0)):
        places = {round(point[across]) for point in (*one, *other)}
        if len(places) == 1:
            low = max(min(p[along] for p in one), min(p[along] for p in other))
            high = min(max(p[along] for p in one), max(p[along] for p in other))
            return high - low
    return 0.0
