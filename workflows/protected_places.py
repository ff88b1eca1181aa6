"""Places in a diagram that tell, by being reached, that a woman has an infection. Whoever may not know of purple sees
of a case what waits elsewhere; whoever keeps the machines running sees that something failed, not where nor for whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.errors import Text
from workflows.people.model import Principal
from workflows.people.visibility import names_infection

PROTECTED = Text(
    zh="受保护的位置：只有可知悉紫色者可见", en="a protected place: for those alone who may know of purple"
)


def told_waits(caller: Principal, care: Iterable[str], waits: Iterable[Any]) -> list[Any]:
    """Of one instance; `care`: the organisations that look after its woman, none where it is about nobody."""
    return [wait for wait in waits if caller.restricted or not care or not names_infection(wait.element_id)]


def told_lines(caller: Principal, care: Iterable[str], lines: Iterable[Any]) -> list[Any]:
    """History of one instance, as far as its places may be known."""
    return [line for line in lines if caller.restricted or not care or not names_infection(line.path)]


def told_incidents(caller: Principal, care: Iterable[str], incidents: Iterable[Any], *, repairs: bool) -> list[Any]:
    """Of one instance. `repairs`: the caller is to settle them, and sees that there is one wherever it is."""
    if caller.restricted or not care:
        return list(incidents)
    return [
        _hidden(one) if names_infection(one.path or one.element_id) else one
        for one in incidents
        if repairs or not names_infection(one.path or one.element_id)
    ]


def told_rows(caller: Principal, rows: Iterable[Any]) -> list[Any]:
    """Incidents or timers of many cases: at a protected place neither the place nor whose it is."""
    if caller.restricted:
        return list(rows)
    return [
        _hidden(row, business_key=None) if row.business_key and names_infection(row.path or row.element_id) else row
        for row in rows
    ]


def _hidden(row: Any, **others: Any) -> Any:
    told = {"message": PROTECTED} if hasattr(row, "message") else {}
    return replace(row, path="", element_id="", **told, **others)
