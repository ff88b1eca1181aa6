"""One resource against FHIR R4: structure, bindings, reference targets, invariants. Every problem at once,
with its place.

`check` walks the document by the shapes; what they say is precise in place and language. The R4B models are
asked last, as a second opinion: what they alone refuse is refused too. They cost as much as all the rest, and are not
asked about the types for which a test shows that they have nothing to add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from engine.errors import Malformed
from engine.store import plain
from fhir_adapters.issues import Issue
from fhir_adapters.rules.bindings import CODEABLE
from fhir_adapters.rules.contained import contained_issues
from fhir_adapters.rules.invariants import INVARIANTS
from fhir_adapters.rules.measured import measured_issues
from fhir_adapters.rules.primitives import FORM, fits
from fhir_adapters.rules.shapes import Element, Shape, shape

MAX_ISSUES = 100
# Ours refuse all that the models do: tests/fhir/test_second_opinion.py
PROVEN = frozenset({"Observation", "Condition", "Encounter", "Procedure"})
_RELATIVE = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?")


def check(resource: Any, *, type_: str, at: str | None = None) -> list[Issue]:
    """Every problem of the resource; empty when it is valid. `at` is how the root is called in expressions."""
    root = at or type_
    if not isinstance(resource, Mapping):
        return [_issue("structure", "MCH-V-0001", "应为 JSON 对象", "a JSON object is expected", root)]
    if resource.get("resourceType") != type_:
        return [
            _issue(
                "invalid",
                "MCH-V-0002",
                "resourceType 与此处要求的类型不符",
                "resourceType is not the type that is expected here",
                f"{root}.resourceType",
                type_,
            )
        ]
    issues = own_issues(resource, type_, root)
    if not issues and (type_ not in PROVEN or "contained" in resource):
        issues = list(second_opinion(resource, type_, root))
    if not issues and type_ == "Observation":
        issues = list(measured_issues(resource, root))
    return issues[:MAX_ISSUES]


def own_issues(resource: Mapping[str, Any], type_: str, root: str) -> list[Issue]:
    """What our rules find, without the models."""
    if "contained" in resource:  # then one element's references are another one's business
        return [*_object(resource, shape(type_), root, is_resource=True), *contained_issues(resource, root)]
    shape_ = shape(type_)
    found: list[Issue] = []
    fragments: list[Issue] = []
    for name, item in resource.items():
        if name == "resourceType" or (key := _key(type_, name, item)) in _faultless:
            continue
        its, lost = list(_member(name, item, shape_, root)), list(contained_issues({name: item}, root))
        if key is not None and not its and not lost:
            _remember(key)
        found += its
        fragments += lost
    return [*found, *_missing(resource, shape_, root), *_broken(resource, shape_, root), *fragments]


# Elements of resources that were found without a fault, by their text: the same codes, categories and references come
# again and again, and what an element may hold depends on nothing around it.
_faultless: set[tuple[str, str, bytes]] = set()
MOST_KNOWN, LONGEST_KNOWN = 1 << 13, 1000


def _key(type_: str, name: str, item: Any) -> tuple[str, str, bytes] | None:
    try:
        text = plain.dumps(item)
    except Malformed:
        return None
    return (type_, name, text) if len(text) <= LONGEST_KNOWN else None


def _remember(key: tuple[str, str, bytes]) -> None:
    if len(_faultless) >= MOST_KNOWN:
        _faultless.clear()
    _faultless.add(key)


def _issue(type_: str, code: str, zh: str, en: str, at: str, allowed: str | None = None) -> Issue:
    return Issue(type=type_, code=code, zh=zh, en=en, expression=at, allowed=allowed)


def _object(value: Mapping[str, Any], shape_: Shape, at: str, *, is_resource: bool = False) -> Iterator[Issue]:
    if not value:
        yield _issue("structure", "MCH-V-0003", "对象不能为空（ele-1）", "an object must not be empty (ele-1)", at)
        return
    for name, item in value.items():
        if is_resource and name == "resourceType":
            continue
        yield from _member(name, item, shape_, at)
        if isinstance(item, list) and None in item:
            yield from _holes(value, name, shape_, at)
    yield from _missing(value, shape_, at)
    yield from _broken(value, shape_, at)


def _broken(value: Mapping[str, Any], shape_: Shape, at: str) -> Iterator[Issue]:
    for rule in INVARIANTS.get(shape_.name, ()):
        if not rule.holds(value):
            yield _issue("invariant", "MCH-V-0201", rule.zh, f"{rule.en} ({rule.key})", at)


def _member(name: str, item: Any, shape_: Shape, at: str) -> Iterator[Issue]:
    element = shape_.elements.get(name.removeprefix("_"))
    if element is None or (name.startswith("_") and not element.primitive):
        yield _issue("structure", "MCH-V-0004", "没有此元素", "no such element", f"{at}.{_shown(name)}")
        return
    here = f"{at}.{element.name}"
    if item is None:
        yield _issue("structure", "MCH-V-0005", "不允许 null", "null is not allowed", here)
        return
    if element.many != isinstance(item, list):
        wanted = ("应为数组", "an array is expected") if element.many else ("不能是数组", "an array is not allowed")
        yield _issue("structure", "MCH-V-0006", *wanted, here)
        return
    if element.many and not item:
        yield _issue("structure", "MCH-V-0003", "数组不能为空", "an array must not be empty", here)
        return
    values = enumerate(item) if element.many else [(None, item)]
    for index, one in values:
        place = here if index is None else f"{here}[{index}]"
        yield from _value(one, element, shape_, place, extension_of=name.startswith("_"))


def _holes(value: Mapping[str, Any], name: str, shape_: Shape, at: str) -> Iterator[Issue]:
    """null keeps the place of a value that has only an extension, or of an extension that is not there; not of both."""
    element = shape_.elements.get(name.removeprefix("_"))
    beside = value.get(name.removeprefix("_") if name.startswith("_") else f"_{name}")
    there = beside if isinstance(beside, list) else []
    for index, one in enumerate(value[name]) if element is not None and element.primitive else ():
        if one is None and (index >= len(there) or there[index] is None):
            yield _issue("structure", "MCH-V-0005", "不允许 null", "null is not allowed", f"{at}.{name}[{index}]")


def _value(value: Any, element: Element, shape_: Shape, at: str, *, extension_of: bool) -> Iterator[Issue]:
    if extension_of:
        yield from _primitive_extension(value, element, at)
    elif element.primitive:
        if value is None and element.many:
            return  # the place of an element that has only an extension
        yield from _primitive(value, element, at)
    elif element.type == "Resource":
        yield from _inner_resource(value, at)
    elif not isinstance(value, Mapping):
        yield _issue("structure", "MCH-V-0001", "应为 JSON 对象", "a JSON object is expected", at)
    else:
        yield from _object(value, shape(element.type), at)
        if element.type == "Reference":
            yield from _target(value, element, at)
        bound = CODEABLE.get(f"{shape_.name}.{element.name}")
        if bound:
            yield from _codeable(value, bound, at)


def _primitive(value: Any, element: Element, at: str) -> Iterator[Issue]:
    if not fits(element.type, value):
        yield _issue(
            "value",
            "MCH-V-0101",
            f"不是合法的 {element.type}",
            f"not a well-formed {element.type}",
            at,
            FORM.get(element.type),
        )
    elif element.codes is not None and value not in element.codes:
        yield _issue(
            "code-invalid",
            "MCH-V-0102",
            "值不在必需值集中",
            "the value is not in the required value set",
            at,
            " | ".join(sorted(element.codes)),
        )


def _primitive_extension(value: Any, element: Element, at: str) -> Iterator[Issue]:
    if value is None and element.many:
        return
    if not isinstance(value, Mapping) or not value or set(value) - {"id", "extension"}:
        yield _issue("structure", "MCH-V-0004", "只能含 id 和 extension", "only id and extension are possible", at)
        return
    for name, item in value.items():
        yield from _member(name, item, shape("Element"), at)


def _inner_resource(value: Any, at: str) -> Iterator[Issue]:
    name = value.get("resourceType") if isinstance(value, Mapping) else None
    try:
        inner = shape(name) if isinstance(name, str) else None
    except KeyError:
        inner = None
    if inner is None or "meta" not in inner.elements or name in ("Resource", "DomainResource", "Bundle"):
        yield _issue("structure", "MCH-V-0007", "未知的资源类型", "unknown resource type", f"{at}.resourceType")
        return
    if "contained" in value:
        yield _issue(
            "invariant", "MCH-V-0201", "内含资源不能再内含（dom-2）", "nested contained (dom-2)", f"{at}.contained"
        )
    yield from _object(value, inner, at, is_resource=True)


def _target(value: Mapping[str, Any], element: Element, at: str) -> Iterator[Issue]:
    reference = value.get("reference")
    if not element.targets or "Resource" in element.targets or not isinstance(reference, str):
        return
    found = _RELATIVE.fullmatch(reference.partition("?")[0]) or re.match(r"([A-Z][A-Za-z]+)\?", reference)
    if found and found[1] not in element.targets:
        yield _issue(
            "value",
            "MCH-V-0103",
            "此处不能引用这种资源",
            "this type of resource cannot be referenced here",
            f"{at}.reference",
            " | ".join(sorted(element.targets)),
        )


def _codeable(value: Mapping[str, Any], bound: tuple[str, frozenset[str]], at: str) -> Iterator[Issue]:
    system, codes = bound
    codings = value.get("coding")
    for coding in codings if isinstance(codings, list) else ():
        code = coding.get("code") if isinstance(coding, Mapping) and coding.get("system") == system else None
        if isinstance(code, str) and code in codes:
            return
    yield _issue(
        "code-invalid",
        "MCH-V-0102",
        "值不在必需值集中",
        "the value is not in the required value set",
        f"{at}.coding",
        " | ".join(sorted(codes)),
    )


def _missing(value: Mapping[str, Any], shape_: Shape, at: str) -> Iterator[Issue]:
    chosen: dict[str, int] = {}
    for name, element in shape_.elements.items():
        present = name in value or f"_{name}" in value
        if element.choice and present:
            chosen[element.choice] = chosen.get(element.choice, 0) + 1
        if element.required and not present:
            yield _issue("required", "MCH-V-0104", "缺少必填元素", "a required element is missing", f"{at}.{name}")
    for choice, count in chosen.items():
        if count > 1:
            yield _issue(
                "structure",
                "MCH-V-0105",
                "只能有一种取值",
                "only one of the possible types is allowed",
                f"{at}.{choice}",
            )
    for choice in shape_.required_choices - chosen.keys():
        yield _issue("required", "MCH-V-0104", "缺少必填元素", "a required element is missing", f"{at}.{choice}")


def second_opinion(resource: Mapping[str, Any], type_: str, root: str) -> Iterator[Issue]:
    try:
        get_fhir_model_class(type_).model_validate(dict(resource))
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            if any(str(step).startswith("_") for step in problem["loc"]):
                continue  # an extension on a primitive's extension is legal, the models do not know it
            yield _issue(
                "structure",
                "MCH-V-0004",
                "结构不符合 FHIR R4",
                "the structure is not FHIR R4",
                _expression(root, problem["loc"]),
            )


def _expression(root: str, steps: tuple[Any, ...]) -> str:
    text = root
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else "" if step == "root" else f".{step}"
    return text


def _shown(name: str) -> str:
    """A member name as far as it may be repeated: it is the caller's text."""
    return name if re.fullmatch(r"_?[A-Za-z][A-Za-z0-9]{0,63}", name) else "(?)"
