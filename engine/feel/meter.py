"""One evaluation's purse: steps, depth, time read from outside, and where reasons for nulls go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.errors import Text
from engine.feel.errors import Diagnostics, Exhausted

MAX_STEPS = 50_000  # one step is about one node of the expression: 20 ms, 100 ms on a slow core
MAX_DEPTH = 64  # functions calling functions, values inside values
MAX_LIST = 10_000
MAX_FAULTS = 50
MAX_STRING = 65_536  # characters of one string


class Run:
    """The purse. Every loop pays per round what its body weighs, every built-in what it touches."""

    __slots__ = ("depth", "diagnostics", "faults", "now", "steps", "trace")

    def __init__(self, now: datetime | None = None, diagnostics: Diagnostics | None = None) -> None:
        self.steps = MAX_STEPS
        self.depth = 0
        self.now = now
        self.diagnostics = diagnostics
        self.faults: list[Text] | None = None  # what is wrong with the data, as opposed to merely null
        self.trace: list[Any] | None = None  # where decision tables write down what matched

    def charge(self, steps: int) -> None:
        """Pay; raises Exhausted when nothing is left."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted("表达式计算量超出限额", f"the expression needs more than {MAX_STEPS} steps")

    def charge_list(self, length: int) -> None:
        """Pay for a list of that length; raises Exhausted when it is too long."""
        if length > MAX_LIST:
            raise Exhausted(f"列表超过 {MAX_LIST} 项", f"a list has more than {MAX_LIST} items")
        self.charge(length)

    def charge_string(self, length: int) -> None:
        """Pay for a string of that length; raises Exhausted when it is too long."""
        if length > MAX_STRING:
            raise Exhausted(f"文本超过 {MAX_STRING} 个字符", f"a string has more than {MAX_STRING} characters")
        self.charge(length >> 4)

    def charge_value(self, value: Any, depth: int = 0) -> None:
        """Pay for looking at every part of a value."""
        if isinstance(value, list | dict):
            self.charge(len(value) + 1)
            if depth > MAX_DEPTH:
                raise Exhausted(f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")
            for part in value if isinstance(value, list) else value.values():
                self.charge_value(part, depth + 1)

    def enter(self) -> None:
        """One level deeper; raises Exhausted below the last."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Exhausted(f"嵌套超过 {MAX_DEPTH} 层", f"nested more than {MAX_DEPTH} deep")

    def fault(self, zh: str, en: str) -> None:
        """Write down what is wrong with the data; the value is null."""
        if self.faults is None:
            self.faults = []
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Text(zh=zh, en=en))

    def note(self, position: int, zh: str, en: str) -> None:
        """Write down why something is null."""
        if self.diagnostics is not None:
            self.diagnostics.add(position, Text(zh=zh, en=en))


class Scope:
    """Names in sight: own ones, then those of the parent."""

    __slots__ = ("parent", "run", "vars")

    def __init__(self, variables, parent, run) -> None:  # type: ignore[no-untyped-def]
        self.vars = variables
        self.parent = parent
        self.run = run

    def find(self, name: str):  # type: ignore[no-untyped-def]
        """(found, value)"""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.vars:
                return True, scope.vars[name]
            scope = scope.parent
        return False, None
