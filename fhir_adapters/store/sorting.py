"""A page in the order of two or three keys, each with its own direction; the id settles what is equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import EngineError
from engine.store import plain, sql
from fhir_adapters.issues import refuse
from fhir_adapters.search.index import stored_as
from fhir_adapters.search.parameters import COMMON, PARAMETERS

SQL = sql.load(__file__)
ALIASES = ("k1", "k2", "k3")
Sort = tuple[str, bool]  # parameter, descending


def head(sorts: Sequence[Sort]) -> str:
    return SQL[f"sorted_by_{len(sorts)}"]


def keys(type_: str, sorts: Sequence[Sort]) -> tuple[list[str], list[Any], list[str]]:
    """The joined keys, their values, and of each whether it is a time or a text."""
    text, values, kinds = [], [], []
    for alias, (name, _) in zip(ALIASES, sorts):
        piece, value, kind = _key(type_, name)
        text.append(SQL[piece].replace("{k}", alias))
        values += value
        kinds.append(kind)
    return text, values, kinds


def _key(type_: str, name: str) -> tuple[str, list[Any], str]:
    if name == "_id":
        return "sort_id", [], "text"
    parameter = PARAMETERS[type_].get(name) or COMMON[name]
    if parameter.is_last_update:
        return "sort_updated", [], "time"
    if parameter.kind == "token":
        return "sort_token", [f"$.{parameter.paths[0]}"], "text"
    return f"sort_{parameter.kind}", [stored_as(type_, name)], "time" if parameter.kind == "date" else "text"


def following(sorts: Sequence[Sort], kinds: Sequence[str], after: tuple[str, str]) -> tuple[str, list[Any]]:
    """What comes after the last row of the page before. Raises 410 for a token of another search."""
    last = _last(after[0], len(sorts))
    either: list[str] = []
    values: list[Any] = []
    for number in range(len(sorts) + 1):
        pieces = [_piece("level", kinds[n], n) for n in range(number)]
        values += last[:number]
        if number < len(sorts):
            pieces.append(_piece("short_of" if sorts[number][1] else "beyond", kinds[number], number))
            values.append(last[number])
        else:
            pieces.append(SQL["beyond_id"])
            values.append(after[1])
        either.append("(" + " AND ".join(pieces) + ")")
    return " AND (" + " OR ".join(either) + ")", values


def _piece(name: str, kind: str, number: int) -> str:
    return SQL[f"{name}_{kind}"].replace("{k}", ALIASES[number])


def _last(key: str, count: int) -> list[str]:
    try:
        found = plain.loads(key)
    except EngineError:
        found = None
    if not isinstance(found, list) or len(found) != count or not all(isinstance(one, str) for one in found):
        raise refuse(
            410,
            "expired",
            "MCH-S-003",
            "翻页令牌无效，请重新检索",
            "the page token is not valid any more",
            expression="_after",
        )
    return found


def order(sorts: Sequence[Sort]) -> str:
    directions = [f"{alias}.key {'DESC' if down else 'ASC'}" for alias, (_, down) in zip(ALIASES, sorts)]
    return " ORDER BY " + ", ".join([*directions, "r.id"]) + " LIMIT %s"
