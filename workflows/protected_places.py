"""Places in a diagram that tell, by being reached, that a woman has an infection, or that a death or near miss is
reviewed. Whoever may not know of that sees of a case what waits elsewhere; whoever keeps the machines running sees that
something failed, not where nor for whom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from engine.errors import Text
from workflows.people.model import Principal
from workflows.people.visibility import told_to

PROTECTED = Text(
    zh="受保护的位置：只有可知悉紫色、死亡与危重评审者可见",
    en="a protected place: for those alone who may know of purple and of reviews",
)


def told_waits(caller: Principal, care: Iterable[str], waits: Iterable[Any]) -> list[Any]:
    """Of one instance; `care`: the organisations that look after its woman, none where it is about nobody."""
    tells = told_to(caller)
    return [wait for wait in waits if not care or tells(wait.element_id)]


def told_lines(caller: Principal, care: Iterable[str], lines: Iterable[Any]) -> list[Any]:
    """History of one instance, as far as its places may be known."""
    tells = told_to(caller)
    return [line for line in lines if not care or tells(line.path)]


def told_incidents(caller: Principal, care: Iterable[str], incidents: Iterable[Any], *, repairs: bool) -> list[Any]:
    """Of one instance. `repairs`: the caller is to settle them, and sees that there is one wherever it is."""
    tells = told_to(caller)
    return [
        one if not care or tells(one.path or one.element_id) else _hidden(one)
        for one in incidents
        if repairs or not care or tells(one.path or one.element_id)
    ]


def told_rows(caller: Principal, rows: Iterable[Any]) -> list[Any]:
    """Incidents or timers of many cases: at a protected place neither the place nor whose it is."""
    tells = told_to(caller)
    return [
        _hidden(row, business_key=None) if row.business_key and not tells(row.path or row.element_id) else row
        for row in rows
    ]


def _hidden(row: Any, **others: Any) -> Any:
    told = {"message": PROTECTED} if hasattr(row, "message") else {}
    return replace(row, path="", element_id="", **told, **others)
