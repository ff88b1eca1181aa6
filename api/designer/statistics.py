"""How often and how long, by element of one version, as JSON."""

from __future__ import annotations

from typing import Any

from engine.store import insight


def statistics_json(found: insight.Statistics) -> dict[str, Any]:
    states = ("active", "suspended", "completed", "terminated")
    return {
        "key": found.key,
        "version": found.version,
        "instances": {state: found.instances.get(state, 0) for state in states},
        "called_by": found.called_by,
        "elements": [_element(one) for one in found.elements],
        "rules": [
            {"element_id": r.element_id, "decision": r.decision, "rule": r.rule, "count": r.count} for r in found.rules
        ],
    }


def _element(one: insight.ElementFigures) -> dict[str, Any]:
    seconds = {"mean": one.mean_s, "p50": one.p50_s, "p90": one.p90_s, "max": one.max_s}
    return {
        "element_id": one.element_id,
        "name": one.name,
        "kind": one.kind,
        "entered": one.entered,
        "completed": one.completed,
        "cancelled": one.cancelled,
        "open": one.open,
        "overdue": one.overdue,
        "incidents": one.incidents,
        "seconds": {name: None if s is None else round(s, 3) for name, s in seconds.items()},
    }
