"""Which instances a batch is for, as people write it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.errors import Incorrect
from engine.store.transaction import as_json

NAMES = (
    *("definition_key", "version", "state", "element_id", "business_keys", "instance_ids", "variables", "incident"),
    *("started_before", "started_after", "batch_id"),
)


def parameters_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """For the statement `find_instances`. Raises Incorrect; also for no filter at all: that is nobody's intention."""
    given = {name: value for name, value in query.items() if value is not None}
    if not given:
        raise Incorrect("请给出查询条件", "an empty query would mean every instance", code="query-empty")
    try:
        return _parameters(given)
    except (TypeError, ValueError, AttributeError):
        raise Incorrect("查询条件有误", "the query cannot be read", code="query") from None


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    if given.keys() - set(NAMES):
        raise ValueError(sorted(given.keys() - set(NAMES)))
    incident = given.get("incident", False)
    return {
        "definition_key": _text(given.get("definition_key")),
        "version": given.get("version") and int(given["version"]),
        "state": _text(given.get("state")),
        "element": _text(given.get("element_id")),
        "business_keys": _list(given.get("business_keys"), str),
        "instance_ids": _list(given.get("instance_ids"), UUID),
        "variables": as_json(dict(given["variables"])) if "variables" in given else None,
        "incident": bool(incident),
        "incident_kind": incident if isinstance(incident, str) else None,
        "batch_id": given.get("batch_id") and UUID(str(given["batch_id"])),
        "started_before": _instant(given.get("started_before")),
        "started_after": _instant(given.get("started_after")),
    }


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(value)
    return value


def _list(value: Any, kind: Any) -> list[Any] | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise ValueError(value)
    return [kind(str(item)) for item in value]


def _instant(value: Any) -> datetime | None:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment is not None and moment.tzinfo is None:
        raise ValueError(value)
    return moment
