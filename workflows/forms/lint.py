"""What can only be seen when the whole form has been read: names that lead nowhere, circles, numbers without a unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.errors import Text
from engine.problems import Problem
from workflows.forms.expressions import Expression
from workflows.forms.items import ABSENT, CHOICES, NUMBERS, Item


def lint(items: tuple[Item, ...], context: Iterable[str]) -> Iterator[Problem]:
    everything = [each for item in items for each in item.walk()]
    seen: set[str] = set()
    for item in everything:
        if item.link_id in seen:
            yield _error(item, "duplicate", "linkId 重复", "this linkId stands twice")
        seen.add(item.link_id)
    names = seen | set(context) | {"today"}
    for item in everything:
        yield from _shape(item)
        yield from _references(item, seen, names)
    yield from _circles(everything)


def _shape(item: Item) -> Iterator[Problem]:
    if item.type in CHOICES and not item.options:
        yield _error(item, "no-options", "选择题没有选项", "a choice without options")
    if item.type == "quantity" and item.unit is None:
        yield _error(item, "no-unit", "数量没有单位", "a quantity without a unit")
    if item.is_measured and not item.codes:
        yield _error(item, "no-code", "要提取的项目没有编码", "extracted, but without a code")
    if item.items and not item.is_group:
        yield _error(item, "nested", "只有分组可以含有下级", "only a group may hold items")
    if item.repeats and item.is_group and any(each.is_table for child in item.items for each in child.walk()):
        yield _error(item, "nested-table", "重复分组不能再含重复分组", "a repeating group inside a repeating group")
    if item.zero_by is not None and item.type not in NUMBERS:
        yield _error(item, "zero", "只有数值题可以按 0 计", "only a number can count as 0")
    if item.absent and (item.type not in NUMBERS or not set(item.absent) <= ABSENT.keys()):
        yield _error(item, "absent", "缺失原因只用于数值题", "absent reasons: numeric items, two codes only")
    if item.is_group and not item.items:
        yield _error(item, "empty", "分组是空的", "an empty group")


def _references(item: Item, questions: set[str], names: set[str]) -> Iterator[Problem]:
    for condition in item.conditions:
        if condition.question not in questions or condition.question == item.link_id:
            where = condition.question
            yield _error(item, "enable-when", f"显示条件引用了不存在的 {where}", f"enableWhen names {where}, not here")
    for expression in expressions(item):
        for name in sorted(expression.names - names):
            yield _error(item, "unknown-name", f"表达式引用了未知的 %{name}", f"the expression reads unknown %{name}")


def expressions(item: Item) -> list[Expression]:
    rules = item.calculated, item.enabled_by, item.required_by, item.zero_by
    own = [*rules, *(each.expression for each in item.constraints)]
    return [expression for expression in own if expression is not None]


def _circles(items: list[Item]) -> Iterator[Problem]:
    needs = {item.link_id: item.calculated.names for item in items if item.calculated}
    for start in needs:
        todo, met = [start], set()
        while todo:
            for name in needs.get(todo.pop(), frozenset()):
                if name == start:
                    item = next(each for each in items if each.link_id == start)
                    yield _error(item, "circle", "计算项互相引用", "calculated items refer to each other in a circle")
                    todo = []
                    break
                if name not in met:
                    met.add(name)
                    todo.append(name)


def _error(item: Item, code: str, zh: str, en: str) -> Problem:
    return Problem(element_id=item.link_id, element_type=item.type, code=code, message=Text(zh=zh, en=en))
