"""Calls: of built-ins directly where the types already fit, of everything else by binding."""

from __future__ import annotations

from typing import Any

from engine.feel import syntax
from engine.feel.builtins import BUILTINS
from engine.feel.builtins.registry import Builtin, run_builtin
from engine.feel.compile.core import Closure, Compiler, compiles
from engine.feel.invoke import invoke
from engine.feel.meter import Run, Scope
from engine.feel.values import Function, kind_of

_CONSTANT = frozenset(("date", "time", "date and time", "duration"))


@compiles(syntax.Call)
def _call(c: Compiler, node: syntax.Call) -> Closure:
    position, names = node.position, node.names
    name = node.function.name if isinstance(node.function, syntax.Name) else ""
    builtin = BUILTINS.get(name)
    arguments = [c.compile(argument) for argument in node.arguments]
    function = c.compile(node.function) if builtin is None else _shadowing(name)
    if builtin is None:
        c.weight += 2
        return _call_value(function, arguments, names, position)
    c.weight += builtin.weight
    literals = [argument.value for argument in node.arguments if isinstance(argument, syntax.Literal)]
    if name in _CONSTANT and not c.is_bound(name) and len(literals) == len(arguments):
        value = invoke(Run(), builtin.function, literals, names, position)
        if value is not None:
            return lambda s: value
    general = _call_value(function, arguments, names, position, builtin.function)
    return general if names else _call_directly(builtin, function, arguments, position, general)


def _shadowing(name: str) -> Closure:
    """The function of that name that a variable holds, if one does: it comes before the built-in."""

    def find(s: Scope) -> Function | None:
        scope: Scope | None = s
        while scope is not None:
            if name in scope.vars:
                value = scope.vars[name]
                return value if type(value) is Function else None
            scope = scope.parent
        return None

    return find


def _call_value(
    function: Closure,
    arguments: list[Closure],
    names: list[str] | None,
    position: int,
    builtin: Function | None = None,
) -> Closure:
    """Call whatever the function's expression is worth; `builtin` when a variable of its name is no function."""

    def call(s: Scope) -> Any:
        target = function(s)
        if type(target) is not Function:
            if builtin is None:
                s.run.note(position, f"{kind_of(target)} 不是函数", f"{kind_of(target)} is not a function")
                return None
            target = builtin
        return invoke(s.run, target, [argument(s) for argument in arguments], names, position)

    return call


def _call_directly(
    builtin: Builtin, function: Closure, arguments: list[Closure], position: int, general: Closure
) -> Closure:
    """A built-in whose arguments already have the types that it takes needs no binding."""
    known, name = builtin.function, builtin.name
    found = ((signature.direct_types(len(arguments)), signature.function) for signature in builtin.signatures)
    direct = [(types, target) for types, target in found if types is not None]

    def call(s: Scope) -> Any:
        if function(s) is not None:
            return general(s)
        values = [argument(s) for argument in arguments]
        for types, target in direct:
            for value, allowed in zip(values, types):
                if allowed is not None and type(value) not in allowed:
                    break
            else:
                return run_builtin(s.run, name, target, values, position)
        return invoke(s.run, known, values, None, position)

    return call
