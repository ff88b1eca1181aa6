"""The small signs of BPMN: inside an event (20 x 20), inside a gateway (24 x 24), in the corner or at the foot of an
activity (14 x 14)."""

from __future__ import annotations

from collections.abc import Callable

from workflows.drawings.planes import B, Shape


def _line(way: str) -> str:
    return f'<path class="n" d="{way}"/>'


def _bold(way: str) -> str:
    return f'<path class="g" d="{way}"/>'


def _solid(way: str) -> str:
    return f'<path class="b" d="{way}"/>'


MARKS = {
    "message": _line("M3 5h14v10H3zl7 6 7-6"),
    "message-out": _solid("M3 4.5h14l-7 5.5zM3 6.2V15.5h14V6.2l-7 5.5z"),
    "timer": '<circle class="n" cx="10" cy="10" r="7.5"/>' + _line("M10 5v5l3.5 2"),
    "conditional": _line("M5 3h10v14H5zM7 6h6M7 9h6M7 12h6M7 15h6"),
    "signal": _line("M10 3l7 12H3z"),
    "signal-out": _solid("M10 3l7 12H3z"),
    "error": _line("M4 16l3-9 5 5 4-9-3 10-5-5z"),
    "error-out": _solid("M4 16l3-9 5 5 4-9-3 10-5-5z"),
    "escalation": _line("M10 3l5 13-5-5-5 5z"),
    "escalation-out": _solid("M10 3l5 13-5-5-5 5z"),
    "terminate": '<circle class="b" cx="10" cy="10" r="9"/>',
    "link": _line("M3 8h8V5l6 5-6 5v-3H3z"),
    "compensate": _line("M10 5v10l-7-5zM17 5v10l-7-5z"),
    "xor": _bold("M7 6l10 12M17 6L7 18"),
    "and": _bold("M12 4v16M4 12h16"),
    "or": '<circle class="g" cx="12" cy="12" r="7"/>',
    "after": '<circle class="n" cx="12" cy="12" r="9"/>' + _line("M12 6l6 4.5-2.3 6.5H8.3L6 10.5z"),
    "user": '<circle class="n" cx="7" cy="4" r="3"/>' + _line("M1.5 13c0-7 11-7 11 0z"),
    "service": '<circle class="n" cx="7" cy="7" r="4.5"/><circle class="n" cx="7" cy="7" r="1.5"/>'
    + _line("M7 0v2.5M7 11.5V14M0 7h2.5M11.5 7H14M2 2l1.8 1.8M10.2 10.2L12 12M12 2l-1.8 1.8M3.8 10.2L2 12"),
    "rule": _line("M0 2h14v10H0zM0 5.5h14M5 2v10M0 8.8h14"),
    "script": _line("M3 1h9c-4 4 3 8-1 12H2C6 9-1 5 3 1zM4 4h5M4 7h5M5 10h5"),
    "send": _solid("M0 2h14L7 7.5zM0 3.7V12h14V3.7L7 9.2z"),
    "receive": _line("M0 2h14v10H0zl7 5.5L14 2"),
    "plus": _line("M0 0h14v14H0zM7 3v8M3 7h8"),
    "at-once": _line("M3 2v11M7 2v11M11 2v11"),
    "in-turn": _line("M1 3h12M1 7h12M1 11h12"),
}

INNER = {
    name: name for name in ("message", "timer", "conditional", "signal", "error", "escalation", "terminate", "link")
}
INNER["compensate"] = "compensate"
GATEWAYS = {"exclusiveGateway": "xor", "parallelGateway": "and", "inclusiveGateway": "or", "eventBasedGateway": "after"}
TASKS = {
    "userTask": "user",
    "serviceTask": "service",
    "businessRuleTask": "rule",
    "scriptTask": "script",
    "sendTask": "send",
    "receiveTask": "receive",
}


def _many(shape: Shape) -> str | None:
    found = shape.node.find(f"{B}multiInstanceLoopCharacteristics")
    return None if found is None else found.get("isSequential", "false")


MARKERS: tuple[tuple[str, Callable[[Shape], bool]], ...] = (
    ("at-once", lambda shape: _many(shape) == "false"),
    ("in-turn", lambda shape: _many(shape) == "true"),
    ("plus", lambda shape: shape.tag == "callActivity" or (shape.tag == "subProcess" and not shape.expanded)),
)
