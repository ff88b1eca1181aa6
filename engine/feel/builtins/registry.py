"""How built-in functions are declared, how their arguments are bound, and the table of them all.

    @builtin("substring", "string: string, start position: number, length?: number")
    def substring(run, text, start, length=None): ...

`name?` may be left out, `kind|null` may be null, `name...` takes any number. One name may have several signatures; the
first that fits is called. A function that has no value for its arguments raises Fail: the call is then null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import DecimalException
from typing import Any

from engine.feel.errors import Fail
from engine.feel.meter import Run
from engine.feel.temporal import at_midnight
from engine.feel.types import ANY
from engine.feel.values import KINDS, Function, kind_of


@dataclass(frozen=True)
class Parameter:
    name: str
    kinds: frozenset[str]
    optional: bool
    nullable: bool
    many: bool

    @property
    def takes_list(self) -> bool:
        return "list" in self.kinds or "any" in self.kinds

    def direct_types(self) -> frozenset[type] | None:
        if "any" in self.kinds:
            return None
        return frozenset(
            kind for kind, name in KINDS.items() if name in self.kinds or (name == "null" and self.nullable)
        )


@dataclass(frozen=True)
class Signature:
    text: str
    parameters: tuple[Parameter, ...]
    function: Callable[..., Any]

    def direct_types(self, count: int) -> tuple[frozenset[type] | None, ...] | None:
        """What so many positional arguments must be to be taken as they are (None: anything); None: it takes others."""
        if any(parameter.many for parameter in self.parameters) or count > len(self.parameters):
            return None
        if any(not parameter.optional for parameter in self.parameters[count:]):
            return None
        return tuple(parameter.direct_types() for parameter in self.parameters[:count])


@dataclass
class Builtin:
    name: str
    signatures: list[Signature]
    weight: int
    function: Function


BUILTINS: dict[str, Builtin] = {}


def builtin(name: str, *signatures: str, weight: int = 4) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare one; called again with the same name it adds signatures."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        known = BUILTINS.get(name)
        if known is None:
            known = BUILTINS[name] = Builtin(name, [], weight, Function(name, [], _unbound))
            known.function.bind = _binder(known)
        known.signatures.extend(Signature(text, _parameters(text), function) for text in signatures)
        first = known.signatures[0]
        known.function.parameters = [(parameter.name, ANY) for parameter in first.parameters]
        return function

    return declare


def _unbound(run: Run, arguments: list[Any]) -> Any:
    raise AssertionError("built-ins are bound")


def _parameters(text: str) -> tuple[Parameter, ...]:
    parameters = []
    for part in filter(None, text.split(", ")):
        name, kinds = part.split(": ")
        many, optional = name.endswith("..."), name.endswith("?")
        allowed = frozenset(kinds.split("|"))
        parameters.append(
            Parameter(
                name.removesuffix("...").removesuffix("?"),
                allowed - {"null"},
                optional or many,
                "null" in allowed or "any" in allowed,
                many,
            )
        )
    return tuple(parameters)


def run_builtin(run: Run, name: str, function: Callable[..., Any], bound: list[Any], position: int) -> Any:
    """The value, or null with the reason."""
    try:
        return function(run, *bound)
    except Fail as fail:
        return run.note(position, f"{name}：{fail.message.zh}", f"{name}: {fail.message.en}")
    except (DecimalException, OverflowError):
        return run.note(position, f"{name}：结果超出范围", f"{name}: the result is out of range")


def _binder(known: Builtin) -> Callable[..., Any]:
    def bind(run: Run, arguments: list[Any], names: list[str] | None, position: int = 0) -> Any:
        for signature in known.signatures:
            bound = _bind(signature.parameters, arguments, names)
            if bound is not None:
                try:
                    return signature.function(run, *bound)
                except Fail as fail:
                    return run.note(position, f"{known.name}：{fail.message.zh}", f"{known.name}: {fail.message.en}")
                except (DecimalException, OverflowError):
                    return run.note(
                        position, f"{known.name}：结果超出范围", f"{known.name}: the result is out of range"
                    )
        given = ", ".join(kind_of(argument) for argument in arguments)
        taken = " / ".join(f"({signature.text})" for signature in known.signatures)
        return run.note(
            position, f"{known.name} 的参数应为 {taken}，实为 ({given})", f"{known.name} takes {taken}, not ({given})"
        )

    return bind


_MISSING = object()


def _bind(parameters: tuple[Parameter, ...], arguments: list[Any], names: list[str] | None) -> list[Any] | None:
    """The arguments in order, converted; None when they do not fit this signature."""
    if names is not None:
        ordered = _by_name(parameters, arguments, names)
        if ordered is None:
            return None
        arguments = ordered
    if parameters and parameters[-1].many:
        single = parameters[-1]
        fixed = len(parameters) - 1
        if len(arguments) < fixed:
            return None
        parameters = parameters[:-1] + (single,) * (len(arguments) - fixed)
    elif len(arguments) > len(parameters):
        return None
    bound = []
    for parameter, argument in zip(parameters, arguments):
        value = _fit(parameter, argument)
        if value is _MISSING:
            return None
        bound.append(value)
    if any(not parameter.optional for parameter in parameters[len(arguments) :]):
        return None
    return bound


def _by_name(parameters: tuple[Parameter, ...], arguments: list[Any], names: list[str]) -> list[Any] | None:
    given = dict(zip(names, arguments))
    if len(given) < len(arguments) or not given.keys() <= {parameter.name for parameter in parameters}:
        return None
    ordered: list[Any] = []
    for parameter in parameters:
        if parameter.name in given:
            ordered.append(given[parameter.name])
        elif not parameter.optional:
            return None
        else:
            ordered.append(None if parameter.nullable else _MISSING)
    while ordered and ordered[-1] is _MISSING:
        ordered.pop()
    return None if _MISSING in ordered else ordered


def _fit(parameter: Parameter, argument: Any) -> Any:
    kind = kind_of(argument)
    kinds = parameter.kinds
    if kind in kinds or "any" in kinds or (argument is None and parameter.nullable):
        return argument
    if argument is None:
        return _MISSING
    if kind == "list" and len(argument) == 1 and not parameter.takes_list:
        return _fit(parameter, argument[0])
    if kinds == {"list"}:
        return [argument]
    if kind == "date" and kinds == {"date and time"}:
        return at_midnight(argument)
    return _MISSING
