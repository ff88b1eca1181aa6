"""What the extensions of one item say: standard ones, SDC's, and ours. An unknown one is a problem of its item."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.errors import Text
from workflows.forms import urls
from workflows.forms.expressions import Expression, compile_fhirpath
from workflows.forms.items import Constraint, Limits, Lunar, Unit

if TYPE_CHECKING:
    from workflows.forms.parse import Reader

CHECKS = frozenset({"cn-id-card"})
CONTROLS = frozenset({"radio-button", "check-box", "drop-down", "autocomplete"})
MARKS = frozenset({"default", "known"})


class Extensions:
    """The extensions of one item, each turned into a field of `Item` by the table at the end."""

    def __init__(self, reader: Reader, link_id: str, sources: list[Mapping[str, Any]]) -> None:
        self.reader, self.link_id = reader, link_id
        self.known: dict[str, list[Mapping[str, Any]]] = {}
        for source in sources:
            url = source.get("url", "")
            if url not in EXTENSIONS:
                reader.problem(link_id, "extension", f"不支持的扩展 {url}", f"extension {url} is not supported")
            self.known.setdefault(url, []).append(source)

    def first(self, url: str) -> Any:
        return next((value_of(source) for source in self.known.get(url, [])), None)

    def fields(self) -> dict[str, Any]:
        return {
            "limits": self._limits(),
            "unit": self._unit(),
            "decimal_places": self.first(urls.MAX_DECIMAL_PLACES),
            "regex": self.first(urls.REGEX),
            "hint": self._hint(),
            "hidden": self.first(urls.HIDDEN) is True,
            "control": self._control(),
            "is_measured": self.first(urls.OBSERVATION_EXTRACT) is True,
            "date_range": self._one_of(urls.DATE_RANGE, {"past", "future", "any"}) or "past",
            "check": self._one_of(urls.CHECK, CHECKS),
            "lunar": self._lunar(),
            "absent": tuple(str(value_of(each)) for each in self.known.get(urls.ABSENT_REASON, [])),
            "calculated": self._expression(urls.CALCULATED_EXPRESSION),
            "enabled_by": self._expression(urls.ENABLE_WHEN_EXPRESSION),
            "required_by": self._expression(urls.REQUIRED_WHEN),
            "zero_by": self._expression(urls.ZERO_WHEN),
            "constraints": tuple(self._constraint(each) for each in self.known.get(urls.CONSTRAINT, [])),
        }

    def _limits(self) -> Limits:
        soft = {part["url"]: value_of(part) for part in _parts(self.known.get(urls.CONFIRM_LIMITS))}
        return Limits(
            low=_decimal(self.first(urls.MIN_VALUE)),
            high=_decimal(self.first(urls.MAX_VALUE)),
            confirm_low=_decimal(soft.get("low")),
            confirm_high=_decimal(soft.get("high")),
            mark=self._one_of(urls.LIMIT_MARK, MARKS),
        )

    def _unit(self) -> Unit | None:
        coding = self.first(urls.UNIT)
        if coding is None:
            return None
        if not isinstance(coding, Mapping):
            self.reader.problem(self.link_id, "no-unit", "单位须为 valueCoding", "a unit must be a valueCoding")
            return None
        return Unit(code=coding["code"], display=coding.get("display", coding["code"]), system=coding.get("system"))

    def _lunar(self) -> Lunar | None:
        parts = {part["url"]: value_of(part) for part in _parts(self.known.get(urls.LUNAR))}
        if not parts:
            return None
        if not {"told"} <= parts.keys() <= {"told", "calendar"}:
            self.reader.problem(
                self.link_id, "lunar", "应给出 told，可给出 calendar", "give told, and calendar if you like"
            )
        return Lunar(told=str(parts.get("told")), calendar=str(parts["calendar"]) if "calendar" in parts else None)

    def _hint(self) -> Text | None:
        source = next(iter(self.known.get(urls.ENTRY_FORMAT, [])), None)
        if source is None:
            return None
        zh, english = str(value_of(source)), self.first(urls.ENGLISH)
        return Text(zh=zh, en=str(english or zh))

    def _control(self) -> str | None:
        concept = self.first(urls.ITEM_CONTROL)
        if not isinstance(concept, Mapping):
            return None
        code = next((coding["code"] for coding in concept.get("coding", [])), None)
        if code not in CONTROLS:
            self.reader.problem(self.link_id, "control", f"不支持的控件 {code}", f"control {code} is not supported")
        return str(code)

    def _one_of(self, url: str, allowed: set[str] | frozenset[str]) -> str | None:
        value = self.first(url)
        if value is not None and value not in allowed:
            self.reader.problem(self.link_id, "value", f"{value} 不在允许之列", f"{value} is not one of {allowed}")
        return value

    def _expression(self, url: str) -> Expression | None:
        value = self.first(url)
        return None if value is None else self.reader.expression(self.link_id, value)

    def _constraint(self, source: Mapping[str, Any]) -> Constraint:
        parts = {part["url"]: value_of(part) for part in source.get("extension", [])}
        zh = str(parts.get("human", ""))
        expression = self.reader.expression(self.link_id, parts.get("expression"))
        return Constraint(
            key=str(parts.get("key")),
            expression=expression or compile_fhirpath("true"),
            message=Text(zh=zh, en=str(parts.get(urls.ENGLISH) or zh)),
            is_error=parts.get("severity") != "warning",
        )


EXTENSIONS = frozenset(
    {
        urls.UNIT, urls.MIN_VALUE, urls.MAX_VALUE, urls.MAX_DECIMAL_PLACES, urls.REGEX, urls.ENTRY_FORMAT, urls.HIDDEN,
        urls.ITEM_CONTROL, urls.CONSTRAINT, urls.OBSERVATION_EXTRACT, urls.CALCULATED_EXPRESSION,
        urls.ENABLE_WHEN_EXPRESSION, urls.CONFIRM_LIMITS, urls.LIMIT_MARK, urls.ABSENT_REASON, urls.DATE_RANGE,
        urls.REQUIRED_WHEN, urls.ZERO_WHEN, urls.CHECK, urls.ENGLISH, urls.LUNAR,
    }
)  # fmt: skip


def value_of(extension: Mapping[str, Any]) -> Any:
    return next((extension[key] for key in extension if key.startswith("value")), None)


def translation(element: Any) -> str | None:
    """The English translation beside a primitive, or None."""
    for extension in element.get("extension", []) if isinstance(element, Mapping) else []:
        if extension.get("url") == urls.TRANSLATION:
            parts = {part["url"]: value_of(part) for part in extension.get("extension", [])}
            if parts.get("lang") == "en":
                return str(parts.get("content"))
    return None


def _parts(extensions: list[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    return list(extensions[0].get("extension", [])) if extensions else []


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
