"""List functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel.builtins.registry import builtin
from engine.feel.errors import Fail
from engine.feel.invoke import invoke
from engine.feel.meter import Run
from engine.feel.operators import add, equal, multiply, order
from engine.feel.values import NUMBERS, Function, integer, is_number, kind_of


def spread(run: Run, items: tuple[Any, ...]) -> list[Any]:
    """`sum([1,2])` and `sum(1,2)` mean the same list."""
    if not items:
        raise Fail("缺少参数", "an argument is missing")
    if len(items) == 1:
        if items[0] is None:
            raise Fail("参数为 null", "the argument is null")
        found = items[0] if isinstance(items[0], list) else [items[0]]
    else:
        found = list(items)
    run.charge(len(found))
    return found


def numbers(run: Run, items: tuple[Any, ...]) -> list[Any]:
    found = spread(run, items)
    if not all(is_number(item) for item in found):
        raise Fail("列表应只含数字", "the list should hold numbers only")
    return found


@builtin("list contains", "list: list, element: any")
def list_contains(run: Run, items: list[Any], element: Any) -> bool:
    run.charge(len(items))
    return any(equal(item, element, run) is True for item in items)


@builtin("count", "list: list")
def count(run: Run, items: list[Any]) -> Decimal:
    return Decimal(len(items))


def _extreme(run: Run, items: tuple[Any, ...], sign: int) -> Any:
    found = spread(run, items)
    if not found:
        raise Fail("列表为空", "the list is empty")
    best = found[0]
    for item in found:
        compared = order(item, best)
        if compared is None:
            raise Fail("列表中的值不可比较", "the values cannot be compared")
        if compared == sign:
            best = item
    return best


@builtin("min", "list: list", "c...: any")
def minimum(run: Run, *items: Any) -> Any:
    return _extreme(run, items, -1)


@builtin("max", "list: list", "c...: any")
def maximum(run: Run, *items: Any) -> Any:
    return _extreme(run, items, 1)


@builtin("sum", "list: list", "n...: any")
def total(run: Run, *items: Any) -> Any:
    return _fold(spread(run, items), add)


def _fold(found: list[Any], operation: Callable[[Any, Any], Any]) -> Any:
    if not found:
        raise Fail("列表为空", "the list is empty")
    exact = NUMBERS.add if operation is add else NUMBERS.multiply
    result = found[0]
    if not is_number(result) and (operation is multiply or "duration" not in kind_of(result)):
        raise Fail("列表应只含数字", "the list should hold numbers only")
    result = Decimal(result) if is_number(result) else result
    for item in found[1:]:
        both = is_number(result) and is_number(item)
        result = exact(result, item) if both else operation(result, item)
        if result is None or (not both and type(result) is not type(item)):
            raise Fail("列表应只含数字", "the list should hold numbers only")
    return result


@builtin("product", "list: list", "n...: any")
def product(run: Run, *items: Any) -> Any:
    return _fold(numbers(run, items), multiply)


@builtin("mean", "list: list", "n...: any")
def mean(run: Run, *items: Any) -> Any:
    found = numbers(run, items)
    return NUMBERS.divide(_fold(found, add), Decimal(len(found)))


@builtin("median", "list: list", "n...: any")
def median(run: Run, *items: Any) -> Any:
    found = sorted(Decimal(item) for item in numbers(run, items))
    if not found:
        raise Fail("列表为空", "the list is empty")
    middle = len(found) // 2
    if len(found) % 2:
        return found[middle]
    return NUMBERS.divide(NUMBERS.add(found[middle - 1], found[middle]), Decimal(2))


@builtin("stddev", "list: list", "n...: any", weight=20)
def stddev(run: Run, *items: Any) -> Any:
    found = numbers(run, items)
    if len(found) < 2:
        raise Fail("至少需要两个数", "needs at least two numbers")
    run.charge(3 * len(found))
    middle = NUMBERS.divide(_fold(found, add), Decimal(len(found)))
    squares = [NUMBERS.power(NUMBERS.subtract(Decimal(item), middle), 2) for item in found]
    return NUMBERS.sqrt(NUMBERS.divide(_fold(squares, add), Decimal(len(found) - 1)))


@builtin("mode", "list: list", "n...: any")
def mode(run: Run, *items: Any) -> list[Any]:
    counted: dict[Decimal, int] = {}
    for item in numbers(run, items):
        key = Decimal(item)
        counted[key] = counted.get(key, 0) + 1
    most = max(counted.values(), default=0)
    return sorted(item for item, times in counted.items() if times == most)


def _logic(run: Run, items: tuple[Any, ...], decisive: bool) -> bool | None:
    found = spread(run, items)
    if any(item is decisive for item in found):
        return decisive
    if any(not isinstance(item, bool) for item in found):
        raise Fail("列表应只含布尔值", "the list should hold booleans only")
    return not decisive


@builtin("all", "list: list", "b...: any")
def every(run: Run, *items: Any) -> bool | None:
    return _logic(run, items, False)


@builtin("any", "list: list", "b...: any")
def some(run: Run, *items: Any) -> bool | None:
    return _logic(run, items, True)


# --- parts and combinations ------------------------------------------------------------------------------------------


def _place(items: list[Any], position: Any) -> int:
    """From 0."""
    place = integer(position)
    if not place or abs(place) > len(items):
        raise Fail(f"列表没有第 {position} 项", f"the list has no item {position}")
    return place - 1 if place > 0 else len(items) + place


@builtin("sublist", "list: list, start position: number, length?: number|null")
def sublist(run: Run, items: list[Any], start: Any, length: Any = None) -> list[Any]:
    run.charge(len(items))
    begin = _place(items, start)
    if length is None:
        return items[begin:]
    size = integer(length)
    if size is None or size < 0 or begin + size > len(items):
        raise Fail("长度超出列表", "the length goes beyond the list")
    return items[begin : begin + size]


@builtin("append", "list: list|null, item...: any")
def append(run: Run, items: list[Any] | None, *more: Any) -> list[Any]:
    if items is None:
        raise Fail("列表为 null", "the list is null")
    run.charge_list(len(items) + len(more))
    return [*items, *more]


@builtin("concatenate", "list...: list")
def concatenate(run: Run, *lists: list[Any]) -> list[Any]:
    if not lists:
        raise Fail("缺少参数", "an argument is missing")
    run.charge_list(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("insert before", "list: list, position: number, newItem: any")
def insert_before(run: Run, items: list[Any], position: Any, item: Any) -> list[Any]:
    run.charge_list(len(items) + 1)
    at = _place(items, position)
    return [*items[:at], item, *items[at:]]


@builtin("remove", "list: list, position: number")
def remove(run: Run, items: list[Any], position: Any) -> list[Any]:
    run.charge(len(items))
    at = _place(items, position)
    return items[:at] + items[at + 1 :]


@builtin("list replace", "list: list, position: number, newItem: any")
def list_replace(run: Run, items: list[Any], position: Any, item: Any) -> list[Any]:
    run.charge(len(items))
    at = _place(items, position)
    return [*items[:at], item, *items[at + 1 :]]


@builtin("list replace", "list: list, match: function, newItem: any")
def list_replace_matching(run: Run, items: list[Any], match: Function, item: Any) -> list[Any]:
    run.charge(len(items))
    replaced = []
    for old in items:
        found = call(run, match, [old, item])
        if not isinstance(found, bool):
            raise Fail("匹配函数应返回布尔值", "the match function should answer a boolean")
        replaced.append(item if found else old)
    return replaced


@builtin("reverse", "list: list")
def reverse(run: Run, items: list[Any]) -> list[Any]:
    run.charge(len(items))
    return items[::-1]


@builtin("index of", "list: list, match: any")
def index_of(run: Run, items: list[Any], match: Any) -> list[Any]:
    run.charge(len(items))
    return [Decimal(place) for place, item in enumerate(items, 1) if equal(item, match, run) is True]


@builtin("union", "list...: list", weight=10)
def union(run: Run, *lists: list[Any]) -> list[Any]:
    return distinct_values(run, concatenate(run, *lists))


_PLAIN = (str, Decimal, int, bool, type(None))


@builtin("distinct values", "list: list", weight=10)
def distinct_values(run: Run, items: list[Any]) -> list[Any]:
    run.charge(len(items))
    kept: list[Any] = []
    plain: set[Any] = set()
    others: list[Any] = []
    for item in items:
        if isinstance(item, _PLAIN):
            key = (isinstance(item, bool), item)
            if key not in plain:
                plain.add(key)
                kept.append(item)
            continue
        run.charge(len(others))
        if not any(equal(item, other, run) is True for other in others):
            others.append(item)
            kept.append(item)
    return kept


@builtin("flatten", "list: list")
def flatten(run: Run, items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    _flatten(run, items, flat)
    return flat


def _flatten(run: Run, items: list[Any], flat: list[Any]) -> None:
    run.charge_list(len(items))
    run.enter()
    for item in items:
        if isinstance(item, list):
            _flatten(run, item, flat)
        else:
            flat.append(item)
    run.depth -= 1


@builtin("sort", "list: list, precedes: function", weight=10)
def sort(run: Run, items: list[Any], precedes: Function) -> list[Any]:
    if precedes.bind is None and len(precedes.parameters) != 2:
        raise Fail("比较函数应有两个参数", "the precedes function should take two arguments")

    def compare(a: Any, b: Any) -> int:
        run.charge(2)
        if call(run, precedes, [a, b]) is True:
            return -1
        return 1 if call(run, precedes, [b, a]) is True else 0

    return sorted(items, key=functools.cmp_to_key(compare))


def call(run: Run, function: Function, arguments: list[Any]) -> Any:
    """A function given as an argument."""
    return invoke(run, function, arguments, None, 0)
