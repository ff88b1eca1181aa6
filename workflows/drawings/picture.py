"""A plane as an SVG picture: for pages that are read without the viewer, and for paper."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from workflows.drawings.marks import GATEWAYS, INNER, MARKERS, MARKS, TASKS
from workflows.drawings.planes import B, Edge, Label, Plane, Shape
from workflows.drawings.text import LINE, Font, lines_of

MARGIN = 12
STYLE = (
    "text{font:12px system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;"
    "fill:#111;text-anchor:middle}"
    ".s text,.l{font-size:11px}.w{fill:#fff;stroke:#222;stroke-width:1.5}.n{fill:none;stroke:#222;stroke-width:1.3}"
    ".f{fill:none;stroke:#222;stroke-width:1.3;marker-end:url(#to)}.b{fill:#222;stroke:none}.d{stroke-dasharray:5 3}"
    ".e{stroke-dasharray:1 3}.t{stroke-width:3.5}.p{fill:#fff;stroke:#888}.g{fill:none;stroke:#222;stroke-width:2.5}"
)
ARROW = (
    '<marker id="to" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="9" markerHeight="9" orient="auto">'
    '<path d="M0 1 10 5 0 9z"/></marker>'
)


def picture(plane: Plane) -> str:
    """At its own size, white behind, with the name of what is drawn as its title."""
    box = plane.box
    left, top = box.left - MARGIN, box.top - MARGIN
    width, height = box.width + 2 * MARGIN, box.height + 2 * MARGIN
    drawn = [*_shapes(plane), *(part for edge in plane.edges.values() for part in _edge(edge, plane))]
    used = [f'<g id="{name}">{MARKS[name]}</g>' for name in MARKS if any(f'"#{name}"' in part for part in drawn)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{_n(left)} {_n(top)} {_n(width)} {_n(height)}" '
            f'width="{_n(width)}" height="{_n(height)}" role="img">',
            f"<title>{escape(plane.name or plane.id)}</title><style>{STYLE}</style><defs>{ARROW}{''.join(used)}</defs>",
            f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_n(height)}" fill="#fff"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def _shapes(plane: Plane) -> Iterator[str]:
    """What holds others first, what sits on the edge of others last."""
    order = {"participant": 0, "lane": 1}
    ranked = sorted(
        plane.shapes.values(),
        key=lambda s: (order.get(s.tag, 2 if s.holds_others else 4 if s.host else 3), -s.box.width * s.box.height),
    )
    for shape in ranked:
        if shape.tag in order:
            yield _pool(shape)
        elif shape.tag.endswith("Event"):
            yield _event(shape)
        elif shape.tag.endswith("Gateway"):
            yield _gateway(shape)
        elif shape.tag == "textAnnotation":
            yield f"<g>{_path('n', f'M{_n(shape.box.left + 8)} {_n(shape.box.top)}h-8v{_n(shape.box.height)}h8')}</g>"
        else:
            yield _activity(shape)


def _pool(shape: Shape) -> str:
    box, (_, middle) = shape.box, shape.box.middle
    lines = lines_of(shape.name, Font.INSIDE, box.height - 10)
    turn = f' transform="rotate(-90 {_n(box.left + 15)} {_n(middle)})"'
    name = "" if not shape.name else f"<g{turn}>{_lines(lines, box.left + 15, middle, Font.INSIDE)}</g>"
    header = _path("n", f"M{_n(box.left + 30)} {_n(box.top)}v{_n(box.height)}") if shape.tag == "participant" else ""
    return f"<g>{_rect('p', shape)}{header}{name}</g>"


def _activity(shape: Shape) -> str:
    box = shape.box
    look = "w t" if shape.tag == "callActivity" else "w e" if shape.node.get("triggeredByEvent") == "true" else "w"
    x, y = box.middle
    lines = lines_of(shape.name, Font.INSIDE, box.width - 14)
    at = box.top + 14 if shape.holds_others else y
    parts = [_rect(look, shape, rounded=10), _lines(lines, x, at, Font.INSIDE)]
    if shape.tag in TASKS:
        parts.append(_use(TASKS[shape.tag], box.left + 5, box.top + 4))
    below = [name for name, is_so in MARKERS if is_so(shape)]
    parts += [_use(name, x - 9 * len(below) + 18 * n + 2, box.bottom - 16) for n, name in enumerate(below)]
    inner = _trigger_of(shape)
    if inner in INNER and not shape.expanded:
        parts.append(f'<g transform="translate({_n(box.left + 5)} {_n(box.top + 4)}) scale(.6)">{_ring(inner)}</g>')
    return f"<g>{''.join(parts)}</g>"


def _trigger_of(shape: Shape) -> str:
    """What starts an event sub-process."""
    if shape.node.get("triggeredByEvent") != "true":
        return ""
    begin = shape.node.find(f"{B}startEvent")
    found = next((c.tag for c in begin if c.tag.endswith("EventDefinition")), "") if begin is not None else ""
    return found.removeprefix(B).removesuffix("EventDefinition")


def _ring(inner: str) -> str:
    return f'<circle class="n" cx="12" cy="12" r="12"/><use href="#{INNER[inner]}" x="2" y="2"/>'


def _event(shape: Shape) -> str:
    x, y = shape.box.middle
    radius = shape.box.width / 2
    goes_on = shape.node.get("cancelActivity") == "false" or shape.node.get("isInterrupting") == "false"
    dashed = " d" if goes_on else ""
    heavy = " t" if shape.tag == "endEvent" else ""
    rings = [f'<circle class="w{dashed}{heavy}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>']
    if shape.tag in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"):
        rings.append(f'<circle class="n{dashed}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius - 4)}"/>')
    throws = shape.tag in ("intermediateThrowEvent", "endEvent")
    name = INNER.get(shape.inner)
    filled = f"{name}-out" if throws and f"{name}-out" in MARKS else name
    mark = _use(filled, x - 10, y - 10) if filled else ""
    return f"<g>{''.join(rings)}{mark}{_beside(shape.label)}</g>"


def _gateway(shape: Shape) -> str:
    x, y = shape.box.middle
    half = shape.box.width / 2
    diamond = _path(
        "w", f"M{_n(x)} {_n(y - half)}l{_n(half)} {_n(half)} {_n(-half)} {_n(half)} {_n(-half)} {_n(-half)}z"
    )
    return f"<g>{diamond}{_use(GATEWAYS.get(shape.tag, 'xor'), x - 12, y - 12)}{_beside(shape.label)}</g>"


def _edge(edge: Edge, plane: Plane) -> Iterator[str]:
    way = "M" + "L".join(f"{_n(x)} {_n(y)}" for x, y in edge.points)
    yield _path("f" if edge.tag == "sequenceFlow" else "n e", way)
    source = plane.shapes.get(edge.source)
    if source is not None and source.node.get("default") == edge.id:
        (x, y), (to_x, to_y) = edge.points[:2]
        along = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        at_x, at_y = x + 10 * along[0], y + 10 * along[1]
        yield _path("n", f"M{_n(at_x - 4)} {_n(at_y + 5)}l8 -10")
    if edge.label:
        yield _beside(edge.label)


def _beside(label: Label | None) -> str:
    if label is None:
        return ""
    (x, y), font = label.box.middle, Font.BESIDE
    return f'<g class="s">{_lines(label.lines, x, y, font)}</g>'


def _lines(lines: tuple[str, ...], x: float, middle: float, font: Font) -> str:
    step = LINE * font.size
    first = middle - step * len(lines) / 2 + 0.8 * step
    return "".join(f'<text x="{_n(x)}" y="{_n(first + step * n)}">{escape(s)}</text>' for n, s in enumerate(lines) if s)


def _rect(look: str, shape: Shape, rounded: int = 0) -> str:
    box, corner = shape.box, f' rx="{rounded}"' if rounded else ""
    size = f'width="{_n(box.width)}" height="{_n(box.height)}"'
    return f'<rect class="{look}" x="{_n(box.left)}" y="{_n(box.top)}" {size}{corner}/>'


def _path(look: str, way: str) -> str:
    return f'<path class="{look}" d="{way}"/>'


def _use(name: str, x: float, y: float) -> str:
    return f'<use href="#{name}" x="{_n(x)}" y="{_n(y)}"/>'


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
