"""A stay or an appointment as it stands after what came before, which may have been said later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhir_adapters.arrivals.model import DISCHARGE, TRANSFER
from fhir_adapters.dates import interval

Json = dict[str, Any]


def merged(said: Mapping[str, Any], before: Mapping[str, Any], *, is_late: bool, takes_back: str) -> Json:
    """`is_late`: something later was said of this stay already. Then its status stays, and what is said adds only when
    it began and where she was."""
    found = {**before, **said}
    period = {**before.get("period", {}), **said.get("period", {})}
    if is_late or _stands(said, before, takes_back):
        found["status"] = before.get("status")
        period = {**said.get("period", {}), **before.get("period", {})}
        if "end" not in before.get("period", {}):
            period.pop("end", None)
    elif takes_back == DISCHARGE:
        period.pop("end", None)
    found["period"] = period
    found["location"] = places(said.get("location", ()), before.get("location", ()), takes_back, is_late=is_late)
    return {name: value for name, value in found.items() if name != "meta" and value not in ({}, [])}


def _stands(said: Mapping[str, Any], before: Mapping[str, Any], takes_back: str) -> bool:
    """A stay that has ended does not begin again because the news of its begin came late; one that began is not planned
    any more."""
    if said.get("status") == "planned":
        return before.get("status") not in ("planned", "cancelled")
    if before.get("status") != "finished" or said.get("status") == "finished" or takes_back == DISCHARGE:
        return False
    start, end = at(said.get("period", {}).get("start")), at(before.get("period", {}).get("end"))
    return start is None or end is None or start <= end


def places(said: Any, before: Any, takes_back: str = "", *, is_late: bool = False) -> list[Json]:
    """Where she was, in the order of time: each until the next. A transfer that is taken back was none."""
    rows = [dict(row) for row in before]
    for row in said:
        if takes_back == TRANSFER and not is_late and len(rows) > 1 and _name(rows[-1]) != _name(row):
            rows.pop()
        known = [one for one in rows if _start(one) <= _start(row)]
        if not known or _name(known[-1]) != _name(row):
            rows.append(dict(row))
        rows.sort(key=_start)
    for row, following in zip(rows, [*rows[1:], None]):
        row["status"] = "active" if following is None else "completed"
        period = {"start": _start(row), "end": _start(following) if following else ""}
        row["period"] = {name: value for name, value in period.items() if value}
    return [{name: value for name, value in row.items() if value} for row in rows]


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("location", {}).get("display"))


def _start(row: Mapping[str, Any]) -> str:
    return str(row.get("period", {}).get("start", ""))


def at(text: Any) -> Any:
    found = interval(text) if isinstance(text, str) else None
    return found[0] if found else None
