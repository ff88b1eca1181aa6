"""Invariants of R4 that the structure alone does not hold, each a small predicate over plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from fhir_adapters.dates import interval

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Invariant:
    key: str
    zh: str
    en: str
    holds: Callable[[Json], bool]


def _in_order(earlier: Any, later: Any) -> bool:
    """True unless both are readable and the later one lies wholly before the earlier."""
    low, high = _edge(earlier, 0), _edge(later, 1)
    return low is None or high is None or low <= high


def _edge(text: Any, index: int) -> datetime | None:
    found = interval(text) if isinstance(text, str) else None
    return found[index] if found else None


def _codes(concept: Any) -> set[tuple[Any, Any]]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    found = [c for c in (codings if isinstance(codings, list) else ()) if isinstance(c, Mapping)]
    return {(str(c.get("system")), c["code"]) for c in found if isinstance(c.get("code"), str)}


def _has_value(node: Json) -> bool:
    return any(name.startswith("value") for name in node)


def _obs_7(node: Json) -> bool:
    if not _has_value(node):
        return True
    own = _codes(node.get("code"))
    components = node.get("component")
    listed = components if isinstance(components, list) else ()
    return not any(own & _codes(c.get("code")) for c in listed if isinstance(c, Mapping))


def _value_or_reason(node: Json) -> bool:
    return not (_has_value(node) and "dataAbsentReason" in node)


def _contact(node: Json) -> bool:
    return any(name in node for name in ("name", "telecom", "address", "organization"))


def _ext_1(node: Json) -> bool:
    return ("extension" in node) != any(name.lstrip("_").startswith("value") for name in node)


def _qrs_1(node: Json) -> bool:
    return not ("answer" in node and "item" in node)


def _any_of(*names: str) -> Callable[[Json], bool]:
    return lambda node: any(name in node for name in names)


def _number(node: Any) -> Decimal | None:
    value = node.get("value") if isinstance(node, Mapping) else None
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _rng_2(node: Json) -> bool:
    low, high = _number(node.get("low")), _number(node.get("high"))
    return low is None or high is None or low <= high


def _rat_1(node: Json) -> bool:
    has = {name in node for name in ("numerator", "denominator")}
    return len(has) == 1 and (True in has or "extension" in node)


def _not_at_home(name: str) -> Callable[[Json], bool]:
    def holds(node: Json) -> bool:
        listed = node.get(name)
        places = listed if isinstance(listed, list) else ()
        return not any(isinstance(place, Mapping) and place.get("use") == "home" for place in places)

    return holds


INVARIANTS: dict[str, tuple[Invariant, ...]] = {
    "Period": (
        Invariant(
            "per-1",
            "开始时间不能晚于结束时间",
            "the start must not lie after the end",
            lambda n: _in_order(n.get("start"), n.get("end")),
        ),
    ),
    "Observation": (
        Invariant("obs-6", "有值时不能有 dataAbsentReason", "dataAbsentReason only without a value", _value_or_reason),
        Invariant(
            "obs-7", "组件代码与主代码相同时主体不能有值", "no value beside a component of the same code", _obs_7
        ),
    ),
    "ObservationComponent": (
        Invariant("obs-6", "有值时不能有 dataAbsentReason", "dataAbsentReason only without a value", _value_or_reason),
    ),
    "ObservationReferenceRange": (
        Invariant(
            "obs-3", "参考范围须有上限、下限或文字", "a range needs low, high or text", _any_of("low", "high", "text")
        ),
    ),
    "ConditionStage": (
        Invariant(
            "con-1", "分期须有结论或评估", "a stage needs a summary or an assessment", _any_of("summary", "assessment")
        ),
    ),
    "ConditionEvidence": (
        Invariant("con-2", "依据须有代码或详情", "evidence needs a code or details", _any_of("code", "detail")),
    ),
    "ImmunizationEducation": (
        Invariant(
            "imm-1",
            "宣教材料须有类型或引用",
            "education needs a type or a reference",
            _any_of("documentType", "reference"),
        ),
    ),
    "Range": (Invariant("rng-2", "下限不能高于上限", "low must not exceed high", _rng_2),),
    "Ratio": (Invariant("rat-1", "分子分母须同时给出", "numerator and denominator come together", _rat_1),),
    "Task": (
        Invariant(
            "inv-1",
            "lastModified 不能早于 authoredOn",
            "lastModified must not lie before authoredOn",
            lambda n: _in_order(n.get("authoredOn"), n.get("lastModified")),
        ),
    ),
    "PatientContact": (
        Invariant(
            "pat-1",
            "联系人须有姓名、电话、地址或机构",
            "a contact needs a name, telecom, address or organization",
            _contact,
        ),
    ),
    "ContactPoint": (
        Invariant(
            "cpt-2",
            "有号码时须有类别",
            "a system is required with a value",
            lambda n: "value" not in n or "system" in n,
        ),
    ),
    "Quantity": (
        Invariant(
            "qty-3", "有单位代码时须有系统", "a unit code needs its system", lambda n: "code" not in n or "system" in n
        ),
    ),
    "Attachment": (
        Invariant(
            "att-1",
            "有数据时须有 contentType",
            "data needs a contentType",
            lambda n: "data" not in n or "contentType" in n,
        ),
    ),
    "Extension": (
        Invariant(
            "ext-1", "扩展须有值或子扩展，二者不可兼有", "an extension has a value or extensions, not both", _ext_1
        ),
    ),
    "Reference": (
        Invariant(
            "ref-1",
            "引用须有内容",
            "a reference must say something",
            lambda n: any(k in n for k in ("reference", "identifier", "display", "extension")),
        ),
    ),
    "QuestionnaireResponseItem": (
        Invariant("qrs-1", "一项不能既有回答又有子项", "an item has answers or items, not both", _qrs_1),
    ),
    "Organization": (
        Invariant(
            "org-1",
            "机构须有名称或标识",
            "an organization needs a name or an identifier",
            lambda n: "name" in n or "identifier" in n,
        ),
        Invariant("org-2", "机构地址不能是住宅", "an organization's address is never a home", _not_at_home("address")),
        Invariant("org-3", "机构电话不能是住宅", "an organization's telecom is never at home", _not_at_home("telecom")),
    ),
    "Condition": (
        Invariant(
            "con-5",
            "录入错误的诊断不能有临床状态",
            "no clinicalStatus when entered in error",
            lambda n: (
                not (
                    ("entered-in-error" in {c for _, c in _codes(n.get("verificationStatus"))})
                    and "clinicalStatus" in n
                )
            ),
        ),
        Invariant(
            "con-4",
            "已终止的诊断不能为活动状态",
            "an abated condition must not be active",
            lambda n: (
                not (
                    any(k.startswith("abatement") for k in n)
                    and {c for _, c in _codes(n.get("clinicalStatus"))} & {"active", "recurrence", "relapse"}
                )
            ),
        ),
    ),
}
