"""Plausible values for the names a diagram reads, guessed from how its expressions use them.

`colour = "red"` makes "red" a value worth trying, `bp > 140` makes 139, 140 and 141, `date(lmp)` a date. A walk that
answers with such values reaches both sides of a condition; one that answers with noise ends in incidents.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

NAME = r"([A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)"
PATTERNS: tuple[tuple[str, str], ...] = (
    (rf'{NAME}\s*(?:=|!=)\s*"([^"]*)"', "text"),
    (rf"list contains\(\s*{NAME}\s*,\s*\"([^\"]*)\"", "list_of_text"),
    (rf"{NAME}\s*(?:<=|>=|=|!=|<|>)\s*(-?\d+(?:\.\d+)?)", "number"),
    (rf"{NAME}\s*(?:=|!=)\s*(true|false)", "boolean"),
    (rf"substring\(\s*{NAME}\s*,\s*1\s*,\s*10", "instant"),
    (rf"date and time\(\s*{NAME}\s*\)", "instant"),
    (rf"\bdate\(\s*{NAME}\s*\)", "date"),
    (rf"(?:count|sum|max|min)\(\s*{NAME}\s*\)", "list"),
    (rf"\bin\s+{NAME}\s+(?:return|satisfies)", "list"),
    (rf"not\(\s*{NAME}\s*\)", "boolean"),
    (rf"^\s*{NAME}\s*$", "boolean"),
    (rf"{NAME}\s+(?:and|or)\b", "boolean"),
    (rf"\b(?:and|or)\s+{NAME}\s*$", "boolean"),
)
DURATION = re.compile(r"\bduration\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
IN_LIST = re.compile(rf"{NAME}\s+in\s+\(([^)]*)\)")

TODAY = date(2026, 1, 5)


class Guesses:
    """Values by dotted name; `pick` answers for one top-level name, contexts filled member by member."""

    def __init__(
        self,
        expressions: Iterable[str],
        today: date = TODAY,
        *,
        keys: Iterable[str] = (),
        known: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        """`keys`: expressions that must give a text. `known`: values for a name that need no guessing."""
        self._values: dict[str, list[Any]] = defaultdict(list)
        self._today = today
        for text in expressions:
            self._read(text)
        for key in keys:
            if re.fullmatch(NAME, key) and key not in self._values:
                self._values[key] = ["k-1"]
        self._known = dict(known or {})

    def names(self) -> set[str]:
        found = {name.split(".")[0] for name in self._values} | self._known.keys()
        return found - {"null", "true", "false"}

    def pick(self, name: str, rng: random.Random) -> Any:
        if name in self._known:
            return rng.choice(list(self._known[name]))
        members = sorted(full for full in self._values if full.startswith(name + "."))
        if not members:
            return rng.choice(self._values.get(name) or [True, False, 1, "x", None])
        context: dict[str, Any] = {}
        for full in members:
            at = context
            *path, last = full.split(".")[1:]
            for step in path:
                at = at.setdefault(step, {})
                if not isinstance(at, dict):
                    break
            else:
                at[last] = rng.choice(self._values[full])
        return context

    def _read(self, text: str) -> None:
        for name, items in IN_LIST.findall(text):
            self._values[name] += [item.strip().strip('"') for item in items.split(",")]
        for inside in DURATION.findall(text):
            for name in re.findall(NAME, re.sub(r"\bif\b.*?\bthen\b", "", inside)):
                if "." in name or name == inside.strip():
                    self._values[name] += self._around("duration", "")
        for pattern, kind in PATTERNS:
            for found in re.findall(pattern, text):
                name, literal = found if isinstance(found, tuple) else (found, "")
                self._values[name] += self._around(kind, literal)

    def _around(self, kind: str, literal: str) -> list[Any]:
        if kind == "text":
            return [literal]
        if kind == "list_of_text":
            return [[literal], []]
        if kind == "number":
            number = Decimal(literal)
            return [plain(number - 1), plain(number), plain(number + 1)]
        if kind == "date":
            return [(self._today + timedelta(days=shift)).isoformat() for shift in (-60, -7, 0, 30)]
        if kind == "instant":
            return [f"{self._today + timedelta(days=shift)}T08:00:00+08:00" for shift in (-7, 0, 3)]
        if kind == "list":
            return [[], [{}], [{}, {}]]
        return ["P1D", "P14D"] if kind == "duration" else [True, False]


def plain(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number
