"""Paths and filters."""

from __future__ import annotations

from typing import Any

from engine.feel import syntax
from engine.feel.access import member, pick
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.meter import Scope
from engine.feel.operators import NUMERIC
from engine.feel.values import kind_of


@compiles(syntax.Path)
def _path(c: Compiler, node: syntax.Path) -> Closure:
    source, name, position = c.compile(node.source), node.name, node.position

    def read(s: Scope) -> Any:
        value = source(s)
        if type(value) is dict:
            if name in value:
                return value[name]
        elif type(value) is list:
            s.run.charge(len(value))
            return [member(item, name)[1] for item in value]
        else:
            found, result = member(value, name)
            if found:
                return result
        if s.run.diagnostics is not None:
            s.run.note(position, f"{kind_of(value)} 没有“{name}”", f"{kind_of(value)} has no {name!r}")
        return None

    if not isinstance(node.source, syntax.Name):
        return read
    variable = node.source.name

    def read_of_own(s: Scope) -> Any:
        """Of a variable of the innermost scope, as most are."""
        value = s.vars.get(variable)
        return value[name] if type(value) is dict and name in value else read(s)

    return read_of_own


@compiles(syntax.Filter)
def _filter(c: Compiler, node: syntax.Filter) -> Closure:
    source, position = c.compile(node.source), node.position
    c.filters += 1
    condition, weight = c.weighed(node.condition, "item")
    c.filters -= 1

    def select(s: Scope) -> Any:
        run = s.run
        items = source(s)
        if type(items) is not list:
            items = [] if items is None else [items]
        run.charge(len(items) * weight + 1)
        kept = []
        for index, item in enumerate(items or [None]):
            inner = Scope({"item": item}, s, run)
            if type(item) is dict:
                inner = Scope(item, inner, run)
            value = condition(inner)
            if value is True:
                if items:
                    kept.append(item)
            elif index == 0 and type(value) in NUMERIC:
                return pick(items, value, run, position)
        return kept

    return select
