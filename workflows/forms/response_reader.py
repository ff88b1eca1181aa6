"""A QuestionnaireResponse as answers. Every value[x] must be the one its item asks for; what is wrong is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from engine.errors import Fault, Text
from workflows.forms import urls
from workflows.forms.items import ABSENT, Item
from workflows.forms.responses import ELEMENT


def read_items(items: tuple[Item, ...], sources: Any) -> tuple[dict[str, Any], list[Fault]]:
    reading = _Reading()
    answers = reading.items(items, sources, "")
    return answers, reading.faults


class _Reading:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, zh: str, en: str) -> None:
        self.faults.append(Fault(path=path, message=Text(zh=zh, en=en)))

    def items(self, items: tuple[Item, ...], sources: Any, prefix: str) -> dict[str, Any]:
        """Plain groups are looked through: an answer counts whether or not its sender kept the grouping."""
        here = {each.link_id: each for item in items for each in _reachable(item)}
        answers: dict[str, Any] = {}
        for source in self._objects(sources, prefix):
            link_id = source.get("linkId")
            item = here.get(link_id) if isinstance(link_id, str) else None
            path = f"{prefix}{link_id}"
            if item is None:
                self.fault(path, "表单没有这一项", "the form has no such item")
            elif item.is_table:
                rows = answers.setdefault(item.link_id, [])
                rows.append(self.items(item.items, source.get("item", []), f"{path}[{len(rows)}]."))
            elif item.is_group:
                self._merge(answers, self.items(item.items, source.get("item", []), prefix), prefix)
            elif source.get("item"):
                self.fault(path, "答案不能含有下级", "this item holds no items")
            else:
                self._merge(answers, self._answers(item, source.get("answer", []), path), prefix)
        return answers

    def _merge(self, answers: dict[str, Any], more: dict[str, Any], prefix: str) -> None:
        for link_id, value in more.items():
            if link_id in answers:
                self.fault(prefix + link_id, "同一项出现了两次", "the same item stands twice")
            answers[link_id] = value

    def _objects(self, sources: Any, prefix: str) -> list[Mapping[str, Any]]:
        if not isinstance(sources, list) or not all(isinstance(each, Mapping) for each in sources):
            self.fault(prefix.rstrip("."), "item 应为对象列表", "item must be a list of objects")
            return []
        return sources

    def _answers(self, item: Item, sources: Any, path: str) -> dict[str, Any]:
        if item.type == "display":
            return {}
        found = [self._value(item, source, path) for source in self._objects(sources, path)]
        values = [value for value in found if value is not None]
        if len(values) > 1 and not item.repeats:
            self.fault(path, "只能有一个答案", "only one answer is allowed")
        if not values:
            return {}
        return {item.link_id: values if item.repeats else values[0]}

    def _value(self, item: Item, source: Mapping[str, Any], path: str) -> Any:
        element = ELEMENT[item.type]
        if item.type == "open-choice" and "valueString" in source:
            element = "valueString"
        strange = [key for key in source if key.lstrip("_").startswith("value") and key.lstrip("_") != element]
        if strange or "item" in source:
            self.fault(path, f"应为 {element}", f"must be {element}")
            return None
        value = source.get(element)
        reason = _absent_reason(value) or _absent_reason(source.get(f"_{element}"))
        if reason is not None and reason in item.absent:
            return reason
        read = self._plain(item, element, value)
        if read is None:
            self.fault(path, f"{element} 的内容不对", f"{element} has the wrong content")
        return read

    def _plain(self, item: Item, element: str, value: Any) -> Any:
        match element:
            case "valueQuantity":
                return _quantity(item, value)
            case "valueCoding":
                return _coding(item, value)
            case "valueBoolean":
                return value if isinstance(value, bool) else None
            case "valueInteger":
                return value if isinstance(value, int) and not isinstance(value, bool) else None
            case "valueDecimal":
                return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
        return value if isinstance(value, str) else None


def _quantity(item: Item, value: Any) -> Any:
    """Only the form's own unit, by code; without a code its written unit must be the form's."""
    unit = item.unit
    if unit is None or not isinstance(value, Mapping) or "comparator" in value:
        return None
    if "code" in value:
        matches = value["code"] == unit.code and value.get("system", unit.system) == unit.system
    else:
        matches = value.get("unit") in (unit.code, unit.display)
    number = value.get("value")
    is_number = isinstance(number, int | Decimal) and not isinstance(number, bool)
    return number if matches and is_number else None


def _coding(item: Item, value: Any) -> Any:
    option = item.option(value.get("code")) if isinstance(value, Mapping) else None
    if option is None or value.get("system", option.system) != option.system:
        return None
    return option.code


def _absent_reason(element: Any) -> str | None:
    extensions = element.get("extension") if isinstance(element, Mapping) else None
    for extension in extensions if isinstance(extensions, list) else []:
        reason = extension.get("valueCode") if isinstance(extension, Mapping) else None
        if isinstance(reason, str) and reason in ABSENT and extension.get("url") == urls.DATA_ABSENT_REASON:
            return reason
    return None


def _reachable(item: Item) -> Iterator[Item]:
    yield item
    if not item.is_table:
        for child in item.items:
            yield from _reachable(child)
