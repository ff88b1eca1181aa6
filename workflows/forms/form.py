"""A form: one Questionnaire, and everything one may ask of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from marshmallow import Schema

from engine.errors import Fault, Incorrect, Text
from engine.problems import Problem, Refused
from workflows.forms import lunar_dates, urls
from workflows.forms.assess import REQUIRED, Assessment, assess, when
from workflows.forms.extensions import value_of
from workflows.forms.items import Item
from workflows.forms.layout import Layout, layout
from workflows.forms.lint import lint
from workflows.forms.parse import Reader
from workflows.forms.response_reader import read_items
from workflows.forms.responses import response_items
from workflows.forms.schema import build_schema, load
from workflows.forms.shape import misshapen

_TOP_KEYS = frozenset(
    {
        "resourceType", "id", "meta", "url", "identifier", "version", "name", "title", "_title", "status",
        "experimental", "subjectType", "date", "publisher", "description", "purpose", "code", "item", "contained",
        "extension",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """What was accepted: `values` holds everything, entered and calculated; `warnings` ask for a second look."""

    values: dict[str, Any]
    calculated: dict[str, Any]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Form:
    id: str
    version: int
    url: str
    title: Text
    items: tuple[Item, ...]
    context: frozenset[str]  # names that the process may give: edd, lmp, …
    questionnaire: Mapping[str, Any] = field(repr=False, compare=False)  # as it was read, for whoever asks for it
    problems: tuple[Problem, ...] = ()  # warnings of the reading

    @classmethod
    def parse(cls, questionnaire: Mapping[str, Any]) -> Form:
        """Raises Refused with every problem, each at its linkId."""
        _require_shape(questionnaire)
        reader = Reader(questionnaire)
        head = _head(questionnaire, reader)
        context = {str(value_of(each)) for each in questionnaire.get("extension", []) if each["url"] == urls.CONTEXT}
        items = reader.items(questionnaire.get("item", []))
        problems = [*reader.problems, *lint(items, context)]
        if any(problem.severity == "error" for problem in problems):
            raise Refused([problem for problem in problems if problem.severity == "error"])
        return cls(
            **head, items=items, context=frozenset(context), questionnaire=questionnaire, problems=tuple(problems)
        )

    @cached_property
    def schema(self) -> Schema:
        """One for all who fill the form in: making it copies every field."""
        return build_schema(self.items)()

    @cached_property
    def layout(self) -> Layout:
        return layout(self.items)

    @cached_property
    def by_link_id(self) -> dict[str, Item]:
        return {each.link_id: each for item in self.items for each in item.walk()}

    def validate(
        self, answers: Any, *, on: date | datetime, complete: bool = True, context: Mapping[str, Any] | None = None
    ) -> Answers:
        """`on`: the moment at which it is filled in, after which nothing in it can have happened; a day stands for its
        end. Raises Incorrect with every fault by linkId. `complete=False`: a draft, nothing is required yet."""
        found, unread = self._assess(answers, on, context)
        faults = [*unread, *found.faults]
        if not complete:
            faults = [fault for fault in faults if fault.message is not REQUIRED]
        if faults:
            raise Incorrect("表单填写有误", "the form is not filled in correctly", code="form", faults=faults)
        return Answers(found.values, found.calculated, tuple(found.warnings))

    def evaluate(self, answers: Any, on: date | datetime, context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """For the open page: never raises. `on` as in `validate`. Keys calculated, enabled, required, faults,
        warnings, taken."""
        found, unread = self._assess(answers, on, context)
        return {
            "calculated": found.calculated,
            "enabled": found.enabled,
            "required": found.required,
            "faults": [_shown(fault) for fault in [*unread, *found.faults]],
            "warnings": [_shown(fault) for fault in found.warnings],
            "taken": lunar_dates.taken(self.lunar_items, answers, when(on).on),
        }

    @cached_property
    def lunar_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.by_link_id.values() if item.lunar is not None)

    def _assess(
        self, answers: Any, on: date | datetime, context: Mapping[str, Any] | None
    ) -> tuple[Assessment, list[Fault]]:
        at = when(on)
        for one in lunar_dates.taken(self.lunar_items, answers, at.on):
            answers = {**answers, **one["answers"]}
        values, unread = load(self.schema, self.layout, answers, at.on)
        values |= _zeros(self.layout, values)
        known = {name: value for name, value in (context or {}).items() if name in self.context and value is not None}
        found = assess(self.layout, values, at, known)
        if not unread:
            return found, []
        hidden = {path for path, shown in found.enabled.items() if not shown}
        calculated = set(found.calculated)
        kept = [fault for fault in unread if not _is_under(fault.path, hidden | calculated)]
        wrong = {fault.path for fault in kept}
        found.faults = [fault for fault in found.faults if fault.path not in wrong]
        return found, kept

    def to_response(self, answers: Mapping[str, Any], **header: Any) -> dict[str, Any]:
        """A QuestionnaireResponse; `header`: id, status, authored, author, subject …

        What is not of its item's kind, as in a draft, is left out: a response holds only what it can say.
        """
        return {
            "resourceType": "QuestionnaireResponse",
            **{"status": "completed", **header},
            "questionnaire": f"{self.url}|{self.version}",
            "item": response_items(self.items, answers),
        }

    def answers_from_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Incorrect where an item is unknown, stands twice, or holds another kind of value."""
        answers, faults = read_items(self.items, response.get("item", []))
        named = response.get("questionnaire")
        if named not in (None, self.url, f"{self.url}|{self.version}"):
            text = Text(zh=f"应为 {self.url}|{self.version}", en=f"must be {self.url}|{self.version}")
            faults.append(Fault(path="questionnaire", message=text))
        if faults:
            raise Incorrect("问卷答复与表单不符", "the response does not fit the form", code="form", faults=faults)
        return answers


def _require_shape(questionnaire: Any) -> None:
    if not isinstance(questionnaire, Mapping):
        questionnaire = {"item": questionnaire}
    found = [
        Problem(
            element_id=path,
            element_type=None,
            code="shape",
            message=Text(zh=f"{path} 的 JSON 结构不对", en=f"{path} must be {wanted}"),
        )
        for path, wanted in misshapen(questionnaire)
    ]
    if found:
        raise Refused(found)


def _head(questionnaire: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    if questionnaire.get("resourceType") != "Questionnaire":
        reader.problem(None, "resource-type", "不是 Questionnaire", "this is no Questionnaire")
    for key in questionnaire.keys() - _TOP_KEYS:
        reader.problem(None, "element", f"不支持的元素 {key}", f"element {key} is not supported")
    for extension in questionnaire.get("extension", []):
        if extension.get("url") != urls.CONTEXT:
            url = extension.get("url")
            reader.problem(None, "extension", f"不支持的扩展 {url}", f"extension {url} is not supported")
    form_id, version = str(questionnaire.get("id", "")), str(questionnaire.get("version", ""))
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", form_id):
        reader.problem(None, "id", "id 只能用小写字母、数字和连字符", "id: lower case, digits and - only")
    if not re.fullmatch(r"[1-9]\d{0,5}", version):
        reader.problem(None, "version", "version 应为正整数", "version must be a whole number, counted from 1")
    url = questionnaire.get("url")
    if not isinstance(url, str) or not url:
        reader.problem(None, "url", "缺少 url", "url is missing")
    title = reader.text(None, questionnaire, "title")
    return {"id": form_id, "version": int(version) if version.isdigit() else 0, "url": str(url), "title": title}


def _zeros(layout: Layout, values: Mapping[str, Any]) -> dict[str, int]:
    """Numbers that need no typing, as the rest of the form stands: of a first pregnancy, how many there were before."""
    untyped = [(item.link_id, item.zero_by) for item in layout.zeros if item.link_id not in values]
    return {
        name: 0
        for name, rule in untyped
        if rule is not None and rule.is_true({each: values.get(each, []) for each in rule.names})
    }


def _is_under(path: str, roots: set[str]) -> bool:
    return path in roots or path.split("[")[0] in roots


def _shown(fault: Fault) -> dict[str, Any]:
    code = "required" if fault.message is REQUIRED else "value"
    return {"path": fault.path, "code": code, "message": {"zh": fault.message.zh, "en": fault.message.en}}
