"""Boxed expressions to closures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.dmn import model
from engine.dmn.environment import Environment, conforming
from engine.dmn.tables import CompiledTable
from engine.feel.access import iterate, pick
from engine.feel.invoke import invoke
from engine.feel.meter import Run, Scope
from engine.feel.operators import NUMERIC
from engine.feel.types import ANY
from engine.feel.values import Function, kind_of

Closure = Callable[[Scope], Any]


def compile_box(box: model.Box | None, environment: Environment) -> Closure:
    """An absent box is null."""
    if box is None:
        return lambda scope: None
    closure = _COMPILE[type(box)](box, environment)
    if box.type_ref is None or isinstance(box, model.FunctionBox):
        return closure
    return typed(closure, box.type_ref, box.place, environment)


def typed(closure: Closure, type_ref: str | None, place: str, environment: Environment) -> Closure:
    """The same, held to what it promises."""
    kind = environment.types.resolve(type_ref, place)
    if kind is ANY:
        return closure
    return lambda scope: conforming(closure(scope), kind, place, scope.run)[1]


def local_names(box: model.Box | None) -> set[str]:
    """Names that the box itself gives: entries, parameters, iterator variables."""
    found: set[str] = set()
    pending = [box]
    while pending:
        at = pending.pop()
        if isinstance(at, model.ContextBox):
            found.update(name for name, _, _ in at.entries if name)
            pending.extend(inner for _, _, inner in at.entries)
        elif isinstance(at, model.FunctionBox):
            found.update(name for name, _ in at.parameters)
            pending.append(at.body)
        elif isinstance(at, model.IteratorBox):
            found.add(at.variable)
            pending.extend((at.domain, at.body))
        elif isinstance(at, model.RelationBox):
            found.update(name for name, _ in at.columns)
        elif isinstance(at, model.Table):
            found.update(output.name for output in at.outputs)
        elif isinstance(at, model.ConditionalBox):
            pending.extend((at.condition, at.then, at.otherwise))
        elif isinstance(at, model.FilterBox):
            pending.extend((at.source, at.match))
        elif isinstance(at, model.ListBox):
            pending.extend(at.items)
        elif isinstance(at, model.InvocationBox):
            pending.extend(inner for _, _, inner in at.bindings)
    return found


def _literal(box: model.LiteralBox, environment: Environment) -> Closure:
    return environment.expression(box.text, box.place)


def _table(box: model.Table, environment: Environment) -> Closure:
    return CompiledTable(box, environment).closure()


def _context(box: model.ContextBox, environment: Environment) -> Closure:
    entries = [
        (name, typed(compile_box(inner, environment), kind, f"{box.place}/{name}", environment))
        for name, kind, inner in box.entries
    ]

    def build(scope: Scope) -> Any:
        values: dict[str, Any] = {}
        inner = Scope(values, scope, scope.run)
        for name, closure in entries:
            if name is None:
                return closure(inner)
            values[name] = closure(inner)
        return values

    return build


def _list(box: model.ListBox, environment: Environment) -> Closure:
    items = [compile_box(item, environment) for item in box.items]
    return lambda scope: [item(scope) for item in items]


def _relation(box: model.RelationBox, environment: Environment) -> Closure:
    names = [name for name, _ in box.columns]
    rows = [
        [
            typed(compile_box(cell, environment), kind, box.place, environment)
            for (_, kind), cell in zip(box.columns, row)
        ]
        for row in box.rows
    ]
    return lambda scope: [dict(zip(names, (cell(scope) for cell in row))) for row in rows]


def _invocation(box: model.InvocationBox, environment: Environment) -> Closure:
    callee = compile_box(box.callee, environment)
    names = [name for name, _, _ in box.bindings]
    arguments = [
        typed(compile_box(inner, environment), kind, f"{box.place}/{name}", environment)
        for name, kind, inner in box.bindings
    ]
    place = box.place

    def call(scope: Scope) -> Any:
        function = callee(scope)
        if not isinstance(function, Function):
            return scope.run.note(0, f"{place}：{kind_of(function)} 不是函数", f"{place}: not a function")
        return invoke(scope.run, function, [argument(scope) for argument in arguments], names, 0)

    return call


def _function(box: model.FunctionBox, environment: Environment) -> Closure:
    parameters = [(name, environment.types.resolve(kind, box.place)) for name, kind in box.parameters]
    names = [name for name, _ in parameters]
    body = compile_box(box.body, environment)
    external, place = box.kind != "FEEL", box.place

    def build(scope: Scope) -> Function:
        def call(run: Run, arguments: list[Any]) -> Any:
            if external:
                return run.fault(
                    f"{place}：不支持外部函数（{box.kind}）",
                    f"{place}: external functions ({box.kind}) are not supported",
                )
            run.charge(10)
            run.enter()
            try:
                value = body(Scope(dict(zip(names, arguments)), scope, run))
            finally:
                run.depth -= 1
            return value

        return Function("", parameters, call, None)

    return build


def _conditional(box: model.ConditionalBox, environment: Environment) -> Closure:
    condition, then, otherwise = (compile_box(part, environment) for part in (box.condition, box.then, box.otherwise))

    def choose(scope: Scope) -> Any:
        value = condition(scope)
        if value is not None and type(value) is not bool:
            return scope.run.note(0, f"{box.place}：条件应为布尔值", f"{box.place}: the condition should be a boolean")
        return then(scope) if value is True else otherwise(scope)

    return choose


def _filter(box: model.FilterBox, environment: Environment) -> Closure:
    source, match = compile_box(box.source, environment), compile_box(box.match, environment)

    def select(scope: Scope) -> Any:
        run = scope.run
        items = source(scope)
        if type(items) is not list:
            items = [] if items is None else [items]
        kept = []
        for index, item in enumerate(items):
            run.charge(10)
            inner = Scope({"item": item}, scope, run)
            if type(item) is dict:
                inner = Scope(item, inner, run)
            value = match(inner)
            if value is True:
                kept.append(item)
            elif index == 0 and type(value) in NUMERIC:
                return pick(items, value, run, 0)
            elif value is not False and value is not None:
                return run.note(0, f"{box.place}：过滤条件应为布尔值", f"{box.place}: the match should be a boolean")
        return kept

    return select


def _iterator(box: model.IteratorBox, environment: Environment) -> Closure:
    domain, body = compile_box(box.domain, environment), compile_box(box.body, environment)
    variable, kind, place = box.variable, box.kind, box.place

    def loop(scope: Scope) -> Any:
        run = scope.run
        items = iterate(domain(scope), run)
        if items is None:
            return run.note(0, f"{place}：取值不能遍历", f"{place}: the domain cannot be iterated")
        results: list[Any] = []
        for item in items:
            run.charge(10 + len(results))
            results.append(body(Scope({"partial": results[:], variable: item}, scope, run)))
        return results if kind == "for" else _quantify(results, kind == "some")

    return loop


def _quantify(results: list[Any], decisive: bool) -> bool | None:
    if any(result is not None and type(result) is not bool for result in results):
        return None
    if any(result is decisive for result in results):
        return decisive
    return None if any(result is not (not decisive) for result in results) else not decisive


_COMPILE: dict[type, Callable[[Any, Environment], Closure]] = {
    model.LiteralBox: _literal,
    model.Table: _table,
    model.ContextBox: _context,
    model.ListBox: _list,
    model.RelationBox: _relation,
    model.InvocationBox: _invocation,
    model.FunctionBox: _function,
    model.ConditionalBox: _conditional,
    model.FilterBox: _filter,
    model.IteratorBox: _iterator,
}
