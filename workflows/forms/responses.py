"""Answers as the items of a QuestionnaireResponse: groups nested, tables repeated, quantities with their unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from workflows.forms import urls
from workflows.forms.items import ABSENT, CHOICES, NUMBERS, Item
from workflows.forms.schema import blank

ELEMENT = {
    "boolean": "valueBoolean",
    "integer": "valueInteger",
    "decimal": "valueDecimal",
    "quantity": "valueQuantity",
    "string": "valueString",
    "text": "valueString",
    "date": "valueDate",
    "dateTime": "valueDateTime",
    "time": "valueTime",
    "choice": "valueCoding",
    "open-choice": "valueCoding",
}

_DAY = r"\d{4}-\d\d-\d\d"
_WRITTEN = {
    "date": re.compile(_DAY),
    "dateTime": re.compile(_DAY + r"T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "time": re.compile(r"\d\d:\d\d:\d\d(\.\d+)?"),
}


def response_items(items: tuple[Item, ...], answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = []
    for item in items:
        if item.type == "group":
            for row in _rows(answers.get(item.link_id)) if item.repeats else (answers,):
                inside = response_items(item.items, row)
                if inside:
                    written.append({"linkId": item.link_id, "text": item.text.zh, "item": inside})
            continue
        value = answers.get(item.link_id)
        if value is not None and item.is_question and not blank(value):
            found = value if isinstance(value, list) else [value]
            answers_here = [_answer(item, one) for one in found if _is_of_kind(item, one)]
            if answers_here:
                written.append({"linkId": item.link_id, "text": item.text.zh, "answer": answers_here})
    return written


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []


def _is_of_kind(item: Item, value: Any) -> bool:
    if item.type == "boolean":
        return isinstance(value, bool)
    if item.type in NUMBERS and not (isinstance(value, str) and value in ABSENT):
        kinds = int if item.type == "integer" else int | Decimal
        return isinstance(value, kinds) and not isinstance(value, bool)
    if item.type == "choice":
        return item.option(value) is not None
    if item.type in _WRITTEN:
        return isinstance(value, str) and _WRITTEN[item.type].fullmatch(value) is not None
    return isinstance(value, str)


def _answer(item: Item, value: Any) -> dict[str, Any]:
    if item.type in NUMBERS and isinstance(value, str):
        reason = {"extension": [{"url": urls.DATA_ABSENT_REASON, "valueCode": value}]}
        return {"valueQuantity": reason} if item.type == "quantity" else {f"_{ELEMENT[item.type]}": reason}
    if item.type == "quantity":
        unit = item.unit
        assert unit is not None  # a quantity without a unit is refused when the form is read
        system = {"system": unit.system} if unit.system else {}
        return {"valueQuantity": {"value": value, "unit": unit.display, **system, "code": unit.code}}
    if item.type in CHOICES:
        option = item.option(value)
        if option is None:
            return {"valueString": value}
        system = {"system": option.system} if option.system else {}
        return {"valueCoding": {**system, "code": option.code, "display": option.text.zh}}
    return {ELEMENT[item.type]: value}
