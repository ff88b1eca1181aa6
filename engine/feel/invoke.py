"""Calling a function value: arguments bound and converted as the standard says."""

from __future__ import annotations

from typing import Any

from engine.feel.meter import Run
from engine.feel.types import ANY, coerce
from engine.feel.values import Function, kind_of


def invoke(run: Run, function: Function, arguments: list[Any], names: list[str] | None, position: int) -> Any:
    """Bind the arguments, convert them as the standard says, call. Null when they do not fit."""
    if function.bind is not None:
        return function.bind(run, arguments, names, position)  # type: ignore[call-arg]
    parameters = function.parameters
    if names is not None:
        given = dict(zip(names, arguments))
        if len(given) != len(parameters) or any(name not in given for name, _ in parameters):
            return run.note(position, "参数名不符", "the names of the arguments do not fit")
        arguments = [given[name] for name, _ in parameters]
    elif len(arguments) != len(parameters):
        return run.note(
            position,
            f"需要 {len(parameters)} 个参数，给了 {len(arguments)} 个",
            f"takes {len(parameters)} arguments, not {len(arguments)}",
        )
    bound = []
    for (name, kind), argument in zip(parameters, arguments):
        fits, value = True, argument
        if kind is not ANY:
            run.charge_value(argument)
            fits, value = coerce(argument, kind)
        if not fits:
            return run.note(
                position, f"参数“{name}”应为 {kind}", f"argument {name!r} should be {kind}, not {kind_of(argument)}"
            )
        bound.append(value)
    return function.call(run, bound)
