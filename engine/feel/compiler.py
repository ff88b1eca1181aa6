"""A tree to closures. A closure takes the scope and answers a value; none reaches an attribute by a given name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from operator import ge, gt, le, lt
from typing import Any

from engine.feel import syntax
from engine.feel.access import iterate, member, pick
from engine.feel.builtins import BUILTINS
from engine.feel.builtins.registry import Builtin, run_builtin
from engine.feel.infer import infer
from engine.feel.meter import Run, Scope
from engine.feel.operators import NUMERIC, add, divide, equal, in_range, multiply, negate, order, power, subtract
from engine.feel.syntax import Node
from engine.feel.types import ANY, coerce, is_instance
from engine.feel.values import NUMBERS, Function, Range, Unequal, kind_of

Closure = Callable[[Scope], Any]
Test = Callable[[Scope, Any], "bool | None"]


class Compiler:
    """Compiles one tree; `weight` counts nodes, so that loops know what a round costs; `free` the names it reads."""

    def __init__(self) -> None:
        self.weight = 0
        self.bound: list[set[str]] = []
        self.free: set[str] = set()
        self.unsure: set[str] = set()  # read inside a filter, where it may be an entry of the item
        self.filters = 0

    def compile(self, node: Node) -> Closure:
        self.weight += 1
        return _COMPILE[type(node)](self, node)

    def weighed(self, node: Node, *names: str) -> tuple[Closure, int]:
        """The closure and its weight; `names` are given by the loop or function around it."""
        before = self.weight
        self.bound.append(set(names))
        closure = self.compile(node)
        self.bound.pop()
        return closure, self.weight - before

    def is_bound(self, name: str) -> bool:
        return any(name in names for names in self.bound)

    def reads(self, name: str) -> None:
        if not self.is_bound(name):
            (self.unsure if self.filters else self.free).add(name)


# --- values ----------------------------------------------------------------------------------------------------------


def _literal(c: Compiler, node: syntax.Literal) -> Closure:
    value = node.value
    return lambda s: value


def _name(c: Compiler, node: syntax.Name) -> Closure:
    name, position = node.name, node.position
    builtin = BUILTINS.get(name)
    if builtin is None:
        c.reads(name)

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


def _list(c: Compiler, node: syntax.ListOf) -> Closure:
    items = [c.compile(item) for item in node.items]
    return lambda s: [item(s) for item in items]


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


def _range(c: Compiler, node: syntax.RangeOf) -> Closure:
    start = c.compile(node.start) if node.start else None
    end = c.compile(node.end) if node.end else None
    first, last, unary, position = node.start_included, node.end_included, node.unary, node.position

    def build(s: Scope) -> Any:
        low = start(s) if start else None
        high = end(s) if end else None
        if not unary and low is not None and high is not None and order(low, high) is None:
            return s.run.note(position, "区间两端不可比较", "the ends of the range cannot be compared")
        return Range(low, high, first, last, unary)

    return build


def _like(c: Compiler, node: syntax.Like) -> Closure:
    operand = c.compile(node.operand)

    def build(s: Scope) -> Any:
        value = operand(s)
        return Range(value, value, True, True, "=")

    return build


def _unlike(c: Compiler, node: syntax.Unlike) -> Closure:
    operand = c.compile(node.operand)
    return lambda s: Unequal(operand(s))


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


# --- operators -------------------------------------------------------------------------------------------------------

_EXACT = {"+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply, "/": NUMBERS.divide}
_OTHER = {"+": add, "-": subtract, "*": multiply, "/": divide}
_VERBS = {"+": "相加", "-": "相减", "*": "相乘", "/": "相除", "**": "乘方"}


def _arithmetic(c: Compiler, node: syntax.Arithmetic) -> Closure:
    left, right, operator, position = c.compile(node.left), c.compile(node.right), node.operator, node.position
    if operator == "**":
        c.weight += 50

        def raise_to(s: Scope) -> Any:
            a, b = left(s), right(s)
            result = power(a, b)
            return result if result is not None else _no_result(s, position, operator, a, b)

        return raise_to
    exact, other = _EXACT[operator], _OTHER[operator]

    def calculate(s: Scope) -> Any:
        a, b = left(s), right(s)
        kind, second = type(a), type(b)
        if (kind is Decimal or kind is int) and (second is Decimal or second is int):
            try:
                return exact(a, b)
            except DecimalException:
                return _no_result(s, position, operator, a, b)
        s.run.charge(8)
        result = other(a, b)
        if result is None:
            return _no_result(s, position, operator, a, b)
        if kind is str:
            s.run.charge_string(len(result))
        return result

    return calculate


def _no_result(s: Scope, position: int, operator: str, a: Any, b: Any) -> None:
    s.run.note(
        position,
        f"{kind_of(a)} 与 {kind_of(b)} 不能{_VERBS[operator]}",
        f"no result for {kind_of(a)} {operator} {kind_of(b)}",
    )


def _negation(c: Compiler, node: syntax.Negation) -> Closure:
    operand, position = c.compile(node.operand), node.position

    def calculate(s: Scope) -> Any:
        value = operand(s)
        result = negate(value)
        if result is None:
            s.run.note(position, f"{kind_of(value)} 不能取负", f"{kind_of(value)} has no negative")
        return result

    return calculate


_SIGNS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}
_DIRECT: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def _comparison(c: Compiler, node: syntax.Comparison) -> Closure:
    left, right, position = c.compile(node.left), c.compile(node.right), node.position
    if node.operator in ("=", "!="):
        return _equality(left, right, node.operator == "=")
    low, high = _SIGNS[node.operator][0], _SIGNS[node.operator][-1]
    direct = _DIRECT[node.operator]

    def compare(s: Scope) -> bool | None:
        a, b = left(s), right(s)
        kind, other = type(a), type(b)
        if (kind is Decimal or kind is int) and (other is Decimal or other is int):
            return direct(a, b)
        s.run.charge(8)
        sign = order(a, b)
        if sign is None:
            s.run.note(
                position, f"{kind_of(a)} 与 {kind_of(b)} 不可比较", f"{kind_of(a)} and {kind_of(b)} cannot be compared"
            )
            return None
        return low <= sign <= high

    if isinstance(node.right, syntax.Literal) and type(node.right.value) is Decimal:
        number = _quick(node.right.value)

        def compare_with_number(s: Scope) -> bool | None:
            a = left(s)
            kind = type(a)
            return direct(a, number) if kind is int or kind is Decimal else compare(s)

        return compare_with_number
    return compare


def _quick(number: Decimal) -> Any:
    """A small whole number as int: the quickest to compare with."""
    return int(number) if number == number.to_integral_value() and abs(number) < 10**15 else number


def _equality(left: Closure, right: Closure, positive: bool) -> Closure:
    def compare(s: Scope) -> bool | None:
        a, b = left(s), right(s)
        if type(a) is str and type(b) is str:
            return (a == b) is positive
        answer = equal(a, b, s.run)
        return answer if positive or answer is None else not answer

    return compare


def _logic(c: Compiler, node: syntax.Logic) -> Closure:
    operands = [c.compile(operand) for operand in node.operands]
    decisive = node.operator == "or"

    def decide(s: Scope) -> bool | None:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(s)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                result = None
        return result

    return decide


def _between(c: Compiler, node: syntax.Between) -> Closure:
    value, low, high = c.compile(node.value), c.compile(node.low), c.compile(node.high)
    return lambda s: in_range(value(s), Range(low(s), high(s), True, True))


def _in(c: Compiler, node: syntax.In) -> Closure:
    value = c.compile(node.value)
    tests = [compile_test(c, test) for test in node.tests]

    def check(s: Scope) -> bool | None:
        subject = value(s)
        return any_test(tests, s, subject)

    return check


def _instance(c: Compiler, node: syntax.InstanceOf) -> Closure:
    value, kind = c.compile(node.value), node.type
    return lambda s: is_instance(value(s), kind)


# --- flow ------------------------------------------------------------------------------------------------------------


def _if(c: Compiler, node: syntax.If) -> Closure:
    condition, then, otherwise = c.compile(node.condition), c.compile(node.then), c.compile(node.otherwise)
    return lambda s: then(s) if condition(s) is True else otherwise(s)


def _domains(c: Compiler, domains: list[tuple[str, Node]]) -> list[tuple[str, Closure]]:
    """Each domain sees the names before it; leaves the names bound (the caller pops)."""
    names: set[str] = set()
    c.bound.append(names)
    compiled = []
    for name, domain in domains:
        compiled.append((name, c.compile(domain)))
        names.add(name)
    return compiled


def _for(c: Compiler, node: syntax.For) -> Closure:
    domains = _domains(c, node.domains)
    body, weight = c.weighed(node.body, "partial")
    c.bound.pop()
    position = node.position

    def loop(s: Scope) -> Any:
        results: list[Any] = []
        charge = s.run.charge

        def level(index: int, scope: Scope) -> bool:
            if index == len(domains):
                charge(weight + 2)
                if len(results) >= 10_000:
                    s.run.charge_list(len(results) + 1)
                results.append(body(scope))
                return True
            name, domain = domains[index]
            items = iterate(domain(scope), s.run)
            if items is None:
                return False
            for item in items:
                charge(1)
                values = {name: item} if index else {"partial": results, name: item}
                if not level(index + 1, Scope(values, scope, s.run)):
                    return False
            return True

        if not level(0, s):
            return s.run.note(position, "for 的取值不能遍历", "the domain of `for` cannot be iterated")
        return results

    return loop


def _quantified(c: Compiler, node: syntax.Quantified) -> Closure:
    domains = _domains(c, node.domains)
    body, weight = c.weighed(node.body)
    c.bound.pop()
    decisive, position = node.kind == "some", node.position

    def loop(s: Scope) -> bool | None:
        charge = s.run.charge
        result: bool | None = not decisive

        def level(index: int, scope: Scope) -> bool | None:
            """True: decided. None: not iterable."""
            nonlocal result
            if index == len(domains):
                charge(weight + 2)
                value = body(scope)
                if value is not True and value is not False:
                    result = None
                return value is decisive
            name, domain = domains[index]
            items = iterate(domain(scope), s.run)
            if items is None:
                return None
            for item in items:
                charge(1)
                done = level(index + 1, Scope({name: item}, scope, s.run))
                if done is not False:
                    return done
            return False

        done = level(0, s)
        if done is None:
            s.run.note(position, "some/every 的取值不能遍历", "the domain of the quantifier cannot be iterated")
            return None
        return decisive if done else result

    return loop


# --- paths, filters, calls -------------------------------------------------------------------------------------------


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
        s.run.note(position, f"{kind_of(value)} 没有“{name}”", f"{kind_of(value)} has no {name!r}")
        return None

    return read


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


_CONSTANT = frozenset(("date", "time", "date and time", "duration"))


def _call(c: Compiler, node: syntax.Call) -> Closure:
    position, names = node.position, node.names
    name = node.function.name if isinstance(node.function, syntax.Name) else ""
    builtin = BUILTINS.get(name)
    arguments = [c.compile(argument) for argument in node.arguments]
    function = c.compile(node.function)
    if builtin is None:
        c.weight += 2
        return _call_value(function, arguments, names, position)
    c.weight += builtin.weight
    if name in _CONSTANT and not c.is_bound(name) and all(isinstance(a, syntax.Literal) for a in node.arguments):
        value = invoke(Run(), builtin.function, [argument.value for argument in node.arguments], names, position)  # type: ignore[attr-defined]
        if value is not None:
            return lambda s: value
    general = _call_value(function, arguments, names, position, builtin.function)
    return general if names else _call_directly(builtin, function, arguments, position, general)


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
        if function(s) is not known and type(function(s)) is Function:
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
        fits, value = (True, argument) if kind is ANY else coerce(argument, kind)
        if not fits:
            return run.note(
                position, f"参数“{name}”应为 {kind}", f"argument {name!r} should be {kind}, not {kind_of(argument)}"
            )
        bound.append(value)
    return function.call(run, bound)


# --- unary tests -----------------------------------------------------------------------------------------------------


def compile_test(c: Compiler, node: Node, uses_input: bool = False) -> Test:
    """One test of a value. A test that reads `?` is its own answer; any other expression is what is looked for."""
    c.weight += 1
    if isinstance(node, syntax.Like):
        operand = c.compile(node.operand)
        return lambda s, value: equal(value, operand(s), s.run)
    if isinstance(node, syntax.Unlike):
        other = c.compile(node.operand)
        return lambda s, value: _opposite(equal(value, other(s), s.run))
    closure = c.compile(node)
    if isinstance(node, syntax.RangeOf):

        def within(s: Scope, value: Any) -> bool | None:
            interval = closure(s)
            return None if interval is None else in_range(value, interval)

        return within
    if uses_input:

        def answer(s: Scope, value: Any) -> bool | None:
            result = closure(s)
            return result if type(result) is bool or result is None else meets(value, result, s.run)

        return answer
    return lambda s, value: meets(value, closure(s), s.run)


def _opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def meets(value: Any, wanted: Any, run: Run) -> bool | None:
    """Is the value what is wanted: equal to it, in that range, or in that list?"""
    kind = type(wanted)
    if kind is list:
        run.charge(len(wanted))
        if type(value) is list and equal(value, wanted, run) is True:
            return True
        answer: bool | None = False
        for item in wanted:
            found = in_range(value, item) if type(item) is Range else equal(value, item, run)
            if found is True:
                return True
        return answer
    if kind is Range:
        return in_range(value, wanted)
    if kind is Unequal:
        return _opposite(equal(value, wanted.value, run))
    if kind is bool and type(value) is not bool:
        return wanted
    return equal(value, wanted, run)


def any_test(tests: list[Test], s: Scope, value: Any) -> bool | None:
    """True when one holds; null when none holds and one has no answer."""
    result: bool | None = False
    for test in tests:
        answer = test(s, value)
        if answer is True:
            return True
        if answer is None:
            result = None
    return result


_COMPILE: dict[type, Callable[[Compiler, Any], Closure]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.ListOf: _list,
    syntax.ContextOf: _context,
    syntax.RangeOf: _range,
    syntax.Like: _like,
    syntax.Unlike: _unlike,
    syntax.FunctionOf: _function,
    syntax.Arithmetic: _arithmetic,
    syntax.Negation: _negation,
    syntax.Comparison: _comparison,
    syntax.Logic: _logic,
    syntax.Between: _between,
    syntax.In: _in,
    syntax.InstanceOf: _instance,
    syntax.If: _if,
    syntax.For: _for,
    syntax.Quantified: _quantified,
    syntax.Path: _path,
    syntax.Filter: _filter,
    syntax.Call: _call,
}
