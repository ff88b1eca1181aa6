"""Parameters that are read from the stored text itself: quantities, pairs of code and value, meta, texts of codes.

They cost nothing when a resource is written, and so they are slower to search by than the indexed ones: a pair of code
and value looks its code up in the index first. Pure: what is asked becomes a JSON path with its variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_adapters.terminology import same_system

HL7 = "http://hl7.org/fhir/SearchParameter"
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_NUMBER = re.compile(r"([a-z]{2})?(-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?)")
_COMPARED = {
    "eq": "@.{v} >= $low && @.{v} < $high",
    "ap": "@.{v} >= $low && @.{v} <= $high",
    "ne": "@.{v} < $low || @.{v} >= $high",
    "gt": "@.{v} > $value",
    "sa": "@.{v} > $value",
    "lt": "@.{v} < $value",
    "eb": "@.{v} < $value",
    "ge": "@.{v} >= $value",
    "le": "@.{v} <= $value",
}


class Unreadable(Exception):
    """The value is none of this kind."""

    def __init__(self, zh: str, en: str, allowed: str) -> None:
        self.zh, self.en, self.allowed = zh, en, allowed


@dataclass(frozen=True, slots=True)
class Test:
    """One of the alternatives: a JSON path over the `body` or the `meta`, and what its variables are."""

    path: str
    variables: Mapping[str, Any]


Reader = Callable[[str], list[Test]]


@dataclass(frozen=True, slots=True)
class Computed:
    """`kind` as in FHIR. `read` turns one value into tests. `code`: the indexed parameter that the first part of a
    composite is looked up by."""

    kind: str
    read: Reader
    column: str = "body"
    code: str | None = None
    shared: str | None = None

    def definition(self, type_: str, name: str) -> str:
        return f"{HL7}/{self.shared or type_}-{name.removeprefix('_')}"


def quantity(*roots: str) -> Reader:
    """`[prefix]number[|system|code]`; without a system the code or the unit as it is written."""

    def read(text: str) -> list[Test]:
        condition, variables = _quantity(text)
        return [Test(f"{root} ? ({condition})", variables) for root in roots]

    return read


def number(root: str) -> Reader:
    """`[prefix]number`."""

    def read(text: str) -> list[Test]:
        prefix, variables = _range(text)
        return [Test(f"{root} ? ({_COMPARED[prefix].replace('@.{v}', '@')})", variables)]

    return read


def pair(value: Callable[[str], tuple[str, dict[str, Any]]], *roots: str) -> Reader:
    """`code$value`, both of one Observation or of one of its components."""

    def read(text: str) -> list[Test]:
        code, dollar, rest = text.partition("$")
        if not dollar or not code or not rest:
            raise Unreadable("应为 代码$值", "code$value is expected", "[system|]code$value")
        named, variables = _coding(code, "c")
        condition, more = value(rest)
        path = f"(exists(@.code.coding ? ({named})) && exists({condition}))"
        return [Test(f"{root} ? {path}", {**variables, **more}) for root in roots]

    return read


def valued(text: str) -> tuple[str, dict[str, Any]]:
    condition, variables = _quantity(text)
    return f"@.valueQuantity ? ({condition})", variables


def coded(text: str) -> tuple[str, dict[str, Any]]:
    condition, variables = _coding(text, "v")
    return f"@.valueCodeableConcept.coding ? ({condition})", variables


def meta_coding(element: str) -> Reader:
    def read(text: str) -> list[Test]:
        condition, variables = _coding(text, "m")
        return [Test(f"$.{element} ? ({condition})", variables)]

    return read


def meta_uri(element: str) -> Reader:
    return lambda text: [Test(f"$.{element} ? (@ == $uri)", {"uri": text})]


def around(name: str, modifier: str, text: str) -> list[Test]:
    """`:below` of a uri: what begins like it, a whole segment at a time; `:above`: what it begins like."""
    element, stem = name.removeprefix("_"), text.rstrip("/")
    if modifier == "below":
        return [Test(f"$.{element} ? (@ == $uri || @ starts with $under)", {"uri": stem, "under": f"{stem}/"})]
    parts = stem.split("/")
    over = ["/".join(parts[:number]) for number in range(len(parts), 0, -1)]
    return [Test(f"$.{element} ? (@ == $uri)", {"uri": one}) for one in over if one and not one.endswith(":")]


def texts(paths: tuple[str, ...], text: str) -> list[Test]:
    """`:text`: a code whose text or display begins like this."""
    names = [f"$.{path}.{part}" for path in paths for part in ("text", "display", "coding.display")]
    return [Test(f"{name} ? (@ starts with $text)", {"text": text}) for name in names]


def identified(paths: tuple[str, ...], text: str) -> list[Test]:
    """`:identifier`: a reference by the identifier it carries."""
    system, bar, value = text.partition("|")
    if not bar:
        return [Test(f"$.{path}.identifier ? (@.value == $value)", {"value": text}) for path in paths]
    found = {"system": system, "value": value}
    return [Test(f"$.{path}.identifier ? (@.system == $system && @.value == $value)", found) for path in paths]


def _coding(text: str, name: str) -> tuple[str, dict[str, Any]]:
    system, bar, code = text.partition("|")
    if not bar:
        return f"@.code == ${name}", {name: text}
    condition = f"@.system == ${name}s" + (f" && @.code == ${name}" if code else "")
    return condition, {f"{name}s": same_system(system), **({name: code} if code else {})}


def _quantity(text: str) -> tuple[str, dict[str, Any]]:
    figure, bar, unit = text.partition("|")
    prefix, variables = _range(figure)
    condition = f"({_COMPARED[prefix].replace('{v}', 'value')})"
    if not bar:
        return condition, variables
    system, bar, code = unit.partition("|")
    if not bar:
        raise Unreadable("单位应写作 |系统|代码", "a unit is written |system|code", "[prefix]number|system|code")
    if system:
        return f"{condition} && @.system == $system && @.code == $code", {**variables, "system": system, "code": code}
    return f"{condition} && (@.code == $code || @.unit == $code)", {**variables, "code": code}


def _range(text: str) -> tuple[str, dict[str, Any]]:
    """The prefix, the number, and the interval that its digits stand for: 5.4 is 5.35 to 5.45."""
    found = _NUMBER.fullmatch(text)
    prefix = (found[1] or "eq") if found else ""
    if found is None or prefix not in PREFIXES:
        raise Unreadable("不是数字", "not a number", "[eq|ne|gt|lt|ge|le|sa|eb|ap]number")
    value = Decimal(found[2])
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    if prefix == "ap":  # R4: a tenth of the number; of nought, what its digits leave open
        half = max(half, abs(value) / 10)
    if prefix in ("eq", "ne", "ap"):
        return prefix, {"low": _plain(value - half), "high": _plain(value + half)}
    return prefix, {"value": _plain(value)}


def _plain(value: Decimal) -> Decimal:
    """Without an exponent in its digits."""
    return Decimal(format(value, "f"))


_OWN, _PARTS = "$", "$.component[*]"
COMPUTED: dict[str, dict[str, Computed]] = {
    "Observation": {
        "value-quantity": Computed("quantity", quantity("$.valueQuantity")),
        "component-value-quantity": Computed("quantity", quantity("$.component.valueQuantity")),
        "combo-value-quantity": Computed("quantity", quantity("$.valueQuantity", "$.component.valueQuantity")),
        "code-value-quantity": Computed("composite", pair(valued, _OWN), code="code"),
        "component-code-value-quantity": Computed("composite", pair(valued, _PARTS), code="component-code"),
        "combo-code-value-quantity": Computed("composite", pair(valued, _OWN, _PARTS), code="combo-code"),
        "code-value-concept": Computed("composite", pair(coded, _OWN), code="code"),
        "component-code-value-concept": Computed("composite", pair(coded, _PARTS), code="component-code"),
        "combo-code-value-concept": Computed("composite", pair(coded, _OWN, _PARTS), code="combo-code"),
    },
    "RiskAssessment": {"probability": Computed("number", number("$.prediction.probabilityDecimal"))},
}
COMMON_COMPUTED: dict[str, Computed] = {
    "_tag": Computed("token", meta_coding("tag"), "meta", shared="Resource"),
    "_security": Computed("token", meta_coding("security"), "meta", shared="Resource"),
    "_profile": Computed("uri", meta_uri("profile"), "meta", shared="Resource"),
    "_source": Computed("uri", meta_uri("source"), "meta", shared="Resource"),
}


def computed(type_: str, name: str) -> Computed | None:
    return COMPUTED.get(type_, {}).get(name) or COMMON_COMPUTED.get(name)
