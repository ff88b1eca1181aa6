"""A FHIR Questionnaire read into items. What lies outside the declared subset is refused by linkId, never ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import Text
from engine.problems import Problem
from workflows.forms.expressions import Expression, ExpressionError, compile_fhirpath
from workflows.forms.extensions import Extensions, translation, value_of
from workflows.forms.items import Condition, Item, Option

TYPES = frozenset(
    {
        "group", "display", "boolean", "integer", "decimal", "quantity", "string", "text", "date", "dateTime", "time",
        "choice", "open-choice",
    }
)  # fmt: skip
ITEM_KEYS = frozenset(
    {
        "linkId", "type", "text", "_text", "prefix", "code", "required", "repeats", "readOnly", "maxLength",
        "answerOption", "answerValueSet", "initial", "enableWhen", "enableBehavior", "extension", "item",
    }
)  # fmt: skip
OPERATORS = frozenset({"exists", "=", "!=", ">", "<", ">=", "<="})
_LINK_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Reader:
    """One reading of one Questionnaire; collects every problem instead of stopping at the first."""

    def __init__(self, questionnaire: Mapping[str, Any]) -> None:
        self.problems: list[Problem] = []
        self.source = questionnaire
        self.value_sets = self._value_sets(questionnaire.get("contained", []))

    def problem(self, link_id: str | None, code: str, zh: str, en: str, *, severity: str = "error") -> None:
        text = Text(zh=zh, en=en)
        self.problems.append(
            Problem(element_id=link_id, element_type="item", code=code, message=text, severity=severity)
        )

    def items(self, sources: Any, parent: str | None = None) -> tuple[Item, ...]:
        if not isinstance(sources, list):
            self.problem(parent, "not-a-list", "item 应为列表", "item must be a list")
            return ()
        return tuple(self.item(source) for source in sources if isinstance(source, Mapping))

    def item(self, source: Mapping[str, Any]) -> Item:
        link_id, kind = str(source.get("linkId", "")), str(source.get("type", ""))
        if not _LINK_ID.fullmatch(link_id):
            self.problem(link_id, "link-id", "linkId 只能用小写字母、数字和下划线", "use a-z, 0-9, _ only")
        if kind not in TYPES:
            self.problem(link_id, "type", f"不支持的类型 {kind}", f"type {kind} is not supported")
        for key in source.keys() - ITEM_KEYS:
            self.problem(link_id, "element", f"不支持的元素 {key}", f"element {key} is not supported")
        found = Extensions(self, link_id, source.get("extension", []))
        return Item(
            link_id=link_id,
            type=kind,
            text=self.text(link_id, source, "text"),
            prefix=source.get("prefix"),
            required=source.get("required") is True,
            repeats=source.get("repeats") is True,
            read_only=source.get("readOnly") is True,
            max_length=source.get("maxLength"),
            options=self._options(link_id, source),
            initial=_initial(source.get("initial", [])),
            conditions=tuple(self._condition(link_id, each) for each in source.get("enableWhen", [])),
            any_condition=source.get("enableBehavior") == "any",
            codes=tuple(dict(code) for code in source.get("code", [])),
            items=self.items(source.get("item", []), link_id),
            **found.fields(),
        )

    def text(self, link_id: str | None, source: Mapping[str, Any], key: str) -> Text:
        zh = source.get(key)
        if not isinstance(zh, str) or not zh.strip():
            self.problem(link_id, "no-text", f"缺少 {key}", f"{key} is missing")
            return Text(zh=link_id or "", en=link_id or "")
        english = translation(source.get(f"_{key}", {}))
        if english is None:
            self.problem(link_id, "no-english", "缺少英文", "the English text is missing", severity="warning")
        return Text(zh=zh, en=english or zh)

    def expression(self, link_id: str | None, value: Any) -> Expression | None:
        text = value.get("expression") if isinstance(value, Mapping) else value
        if isinstance(value, Mapping) and value.get("language") != "text/fhirpath":
            self.problem(link_id, "expression", "表达式语言须为 text/fhirpath", "the language must be text/fhirpath")
        try:
            return compile_fhirpath(str(text))
        except ExpressionError as error:
            self.problem(link_id, "expression", f"表达式不能解析：{text}", f"unreadable expression: {error}")
            return None

    def _condition(self, link_id: str, source: Mapping[str, Any]) -> Condition:
        operator = source.get("operator", "")
        if operator not in OPERATORS:
            self.problem(link_id, "operator", f"不支持的比较 {operator}", f"operator {operator} is not supported")
        key = next((key for key in source if key.startswith("answer")), "")
        answer = source.get(key)
        if isinstance(answer, Mapping):
            answer = answer.get("value" if key == "answerQuantity" else "code")
        if answer is None:
            self.problem(link_id, "enable-when", "显示条件没有比较值", "this enableWhen compares with nothing")
        if operator == "exists" and not isinstance(answer, bool):
            self.problem(link_id, "operator", "exists 需要 answerBoolean", "exists needs answerBoolean")
        return Condition(question=str(source.get("question", "")), operator=operator, answer=answer)

    def _options(self, link_id: str, source: Mapping[str, Any]) -> tuple[Option, ...]:
        reference = source.get("answerValueSet")
        if reference is not None:
            if reference not in self.value_sets:
                self.problem(link_id, "value-set", f"找不到值集 {reference}", f"no contained value set {reference}")
            return self.value_sets.get(reference, ())
        codings = [option.get("valueCoding") for option in source.get("answerOption", [])]
        if any(not isinstance(coding, Mapping) for coding in codings):
            self.problem(link_id, "option", "选项须为 valueCoding", "an option must be a valueCoding")
        return tuple(
            Option(
                code=str(coding.get("code")),
                text=self.text(link_id, coding, "display"),
                system=coding.get("system"),
            )
            for coding in codings
            if isinstance(coding, Mapping)
        )

    def _value_sets(self, contained: Any) -> dict[str, tuple[Option, ...]]:
        found = {}
        for resource in contained:
            if resource.get("resourceType") != "ValueSet":
                self.problem(None, "contained", "只能内含值集", "only value sets may be contained")
                continue
            found[f"#{resource.get('id')}"] = tuple(_concepts(resource))
        return found


def _concepts(value_set: Mapping[str, Any]) -> Iterator[Option]:
    for include in value_set.get("compose", {}).get("include", []):
        for concept in include.get("concept", []):
            english = next((d["value"] for d in concept.get("designation", []) if d.get("language") == "en"), None)
            zh = concept.get("display", concept["code"])
            yield Option(code=concept["code"], text=Text(zh=zh, en=english or zh), system=include.get("system"))


def _initial(sources: list[Mapping[str, Any]]) -> Any:
    value = next((value_of(source) for source in sources), None)
    return value.get("code") if isinstance(value, Mapping) else value
