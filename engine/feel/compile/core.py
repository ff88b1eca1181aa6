"""The compiler's core: one function per kind of node, found by table, makes a closure that takes the scope.

No closure ever reaches an attribute by a given name: contexts are dictionaries, the rest goes through `access`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.feel.meter import Scope
from engine.feel.syntax import Node

Closure = Callable[[Scope], Any]
COMPILERS: dict[type[Node], Callable[[Compiler, Any], Closure]] = {}


def compiles(kind: type[Node]) -> Callable[[Callable[[Compiler, Any], Closure]], Callable[[Compiler, Any], Closure]]:
    """Declares the function that compiles this kind of node."""

    def declare(function: Callable[[Compiler, Any], Closure]) -> Callable[[Compiler, Any], Closure]:
        COMPILERS[kind] = function
        return function

    return declare


class Compiler:
    """Compiles one tree; `weight` counts nodes, so that loops know what a round costs; `free` the names it reads."""

    def __init__(self) -> None:
        self.weight = 0
        self.bound: list[set[str]] = []
        self.free: set[str] = set()
        self.unsure: set[str] = set()
        self.filters = 0  # how many filters stand around
        self.partial_reads = 0

    def compile(self, node: Node) -> Closure:
        self.weight += 1
        return COMPILERS[type(node)](self, node)

    def weighed(self, node: Node, *names: str) -> tuple[Closure, int]:
        """The closure and its weight; `names` are given by the loop or function around it."""
        before = self.weight
        self.bound.append(set(names))
        closure = self.compile(node)
        self.bound.pop()
        return closure, self.weight - before

    def is_bound(self, name: str) -> bool:
        return any(name in names for names in self.bound)

    def reads(self, name: str, sure: bool = True) -> None:
        """Note a free name. Not sure: it may be an entry of a filtered item, or a built-in function as a value."""
        if name == "partial":
            self.partial_reads += 1
        if not self.is_bound(name):
            (self.free if sure and not self.filters else self.unsure).add(name)
