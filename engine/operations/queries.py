"""Which instances a batch is for, as people write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.errors import Fault, Incorrect, Text
from engine.store.transaction import as_json


def parameters_of(query: Mapping[str, Any]) -> dict[str, Any]:
    """For the statement `find_instances`. Raises Incorrect; also for no filter at all: that is nobody's intention."""
    given = {name: value for name, value in query.items() if value is not None}
    if not given:
        raise Incorrect("请给出查询条件", "an empty query would mean every instance", code="query-empty")
    if unknown := sorted(given.keys() - NAMES.keys()):
        raise Incorrect(
            f"没有查询条件“{unknown[0]}”",
            f"no such filter: {unknown[0]}; there are {', '.join(NAMES)}",
            code="query",
            faults=[Fault(path=f"query.{name}", message=_UNKNOWN) for name in unknown],
        )
    read, faults = {}, []
    for name, (kind, what) in NAMES.items():
        try:
            read[name] = None if name not in given else kind(given[name])
        except (TypeError, ValueError, AttributeError, OverflowError):
            faults.append(Fault(path=f"query.{name}", message=what))
    if faults:
        raise Incorrect("查询条件有误", "the query cannot be read", code="query", faults=faults)
    incident = read.pop("incident") or False
    return {
        **read,
        "element": read.pop("element_id"),
        "incident": bool(incident),
        "incident_kind": incident if isinstance(incident, str) else None,
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _state(value: Any) -> str:
    if value not in ("active", "suspended"):
        raise ValueError(value)
    return str(value)


def _version(value: Any) -> int:
    if isinstance(value, bool) or not 0 < int(value) < 2**31:
        raise ValueError(value)
    return int(value)


def _incident(value: Any) -> bool | str:
    if not isinstance(value, bool | str):
        raise ValueError(value)
    return value


def _list(kind: Any) -> Callable[[Any], list[Any]]:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list | tuple):
            raise ValueError(value)
        return [kind(str(item)) for item in value]

    return read


def _variables(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError(value)
    return as_json(dict(value))


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment


_UNKNOWN = Text(zh="没有这个查询条件", en="no such filter")
_TEXT = Text(zh="应为文本", en="a text is wanted")
_MOMENT = Text(zh="应为带时区的时刻，如 2026-01-05T08:00:00+08:00", en="an instant such as 2026-01-05T08:00:00+08:00")
# name -> how it is read, and what to say where it cannot be
NAMES: dict[str, tuple[Callable[[Any], Any], Text]] = {
    "definition_key": (_text, _TEXT),
    "version": (_version, Text(zh="应为版本号，1 起", en="a version number, from 1")),
    "state": (_state, Text(zh="只能是 active 或 suspended", en="active or suspended")),
    "element_id": (_text, _TEXT),
    "business_keys": (_list(str), Text(zh="应为文本的列表", en="a list of texts")),
    "instance_ids": (_list(UUID), Text(zh="应为 UUID 的列表", en="a list of UUIDs")),
    "variables": (_variables, Text(zh="应为 JSON 对象", en="a JSON object")),
    "incident": (_incident, Text(zh="应为 true 或种类", en="true, or a kind of incident")),
    "started_before": (_instant, _MOMENT),
    "started_after": (_instant, _MOMENT),
    "batch_id": (lambda value: UUID(str(value)), Text(zh="应为 UUID", en="a UUID")),
}
