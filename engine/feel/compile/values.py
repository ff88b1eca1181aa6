"""Literals, names, lists, contexts, ranges, function definitions."""

from __future__ import annotations

from typing import Any

from engine.feel import syntax
from engine.feel.builtins import BUILTINS
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.infer import infer
from engine.feel.meter import Run, Scope
from engine.feel.operators import order
from engine.feel.values import Function, Range, Unequal


@compiles(syntax.Literal)
def _literal(c: Compiler, node: syntax.Literal) -> Closure:
    value = node.value
    return lambda s: value


@compiles(syntax.Name)
def _name(c: Compiler, node: syntax.Name) -> Closure:
    name, position = node.name, node.position
    builtin = BUILTINS.get(name)
    c.reads(name, sure=builtin is None)

    def read(s: Scope) -> Any:
        if name in s.vars:
            return s.vars[name]
        scope = s.parent
        while scope is not None:
            if name in scope.vars:
                return scope.vars[name]
            scope = scope.parent
        if builtin is None:
            s.run.note(position, f"没有名为“{name}”的变量", f"there is no variable named {name!r}")
            return None
        return builtin.function

    return read


@compiles(syntax.ListOf)
def _list(c: Compiler, node: syntax.ListOf) -> Closure:
    items = [c.compile(item) for item in node.items]
    return lambda s: [item(s) for item in items]


@compiles(syntax.ContextOf)
def _context(c: Compiler, node: syntax.ContextOf) -> Closure:
    names: set[str] = set()
    c.bound.append(names)
    entries = []
    for name, value in node.entries:
        entries.append((name, c.compile(value)))
        names.add(name)
    c.bound.pop()
    position, doubled = node.position, len(names) < len(entries)

    def build(s: Scope) -> Any:
        if doubled:
            return s.run.note(position, "上下文中有重名的项", "two entries of the context have the same name")
        values: dict[str, Any] = {}
        inner = Scope(values, s, s.run)
        for name, value in entries:
            values[name] = value(inner)
        return values

    return build


@compiles(syntax.RangeOf)
def _range(c: Compiler, node: syntax.RangeOf) -> Closure:
    start = c.compile(node.start) if node.start else None
    end = c.compile(node.end) if node.end else None
    first, last, unary, position = node.start_included, node.end_included, node.unary, node.position

    def build(s: Scope) -> Any:
        low = start(s) if start else None
        high = end(s) if end else None
        if not unary and low is not None and high is not None and order(low, high) is None:
            return s.run.note(position, "区间两端不可比较", "the ends of the range cannot be compared")
        if unary and low is None and high is None:
            return s.run.note(position, "与空值比较没有结果", "a comparison with null has no answer")
        return Range(low, high, first, last, unary)

    return build


@compiles(syntax.Like)
def _like(c: Compiler, node: syntax.Like) -> Closure:
    operand = c.compile(node.operand)

    def build(s: Scope) -> Any:
        value = operand(s)
        return Range(value, value, True, True, "=")

    return build


@compiles(syntax.Unlike)
def _unlike(c: Compiler, node: syntax.Unlike) -> Closure:
    operand = c.compile(node.operand)
    return lambda s: Unequal(operand(s))


@compiles(syntax.FunctionOf)
def _function(c: Compiler, node: syntax.FunctionOf) -> Closure:
    parameters, position = node.parameters, node.position
    if node.body is None:

        def refuse(s: Scope) -> Any:
            return s.run.note(position, "不支持外部函数", "external functions are not supported")

        return refuse
    names = [name for name, _ in parameters]
    body, weight = c.weighed(node.body, *names)
    result = infer(node.body)

    def build(s: Scope) -> Any:
        def call(run: Run, arguments: list[Any]) -> Any:
            run.charge(weight)
            run.enter()
            try:
                return body(Scope(dict(zip(names, arguments)), s, run))
            finally:
                run.depth -= 1

        return Function("", parameters, call, result)

    return build
