"""What an Observation measures, by what code and in what unit (§14.1): an invented LOINC number and a unit that cannot
be turned into that of the item are refused at their place, instead of being stored and never counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_adapters.facts import name_of
from fhir_adapters.issues import Issue
from fhir_adapters.terminology import LOINC, item_of
from fhir_adapters.tolerances import loinc
from fhir_adapters.units import UNITLESS, commensurable, unit_of

INVENTED = "MCH-V-0107"
NOT_MEANT = frozenset({"entered-in-error", "cancelled"})  # what is taken back may say what it said


def measured_issues(observation: Mapping[str, Any], root: str) -> Iterator[Issue]:
    """Of an Observation whose structure has no fault."""
    if observation.get("status") in NOT_MEANT:
        return
    parts = [(root, observation)]
    parts += [(f"{root}.component[{number}]", one) for number, one in enumerate(observation.get("component", ()))]
    for at, part in parts:
        yield from _codes(part.get("code", {}), f"{at}.code")
        if "valueQuantity" in part:
            yield from _unit(part, f"{at}.valueQuantity")


def _codes(code: Mapping[str, Any], at: str) -> Iterator[Issue]:
    for number, coding in enumerate(code.get("coding", ())):
        if coding.get("system") == LOINC and "code" in coding and not loinc.is_possible(coding["code"]):
            yield Issue(
                type="code-invalid",
                code=INVENTED,
                zh="不是 LOINC 号（形式或校验位不对）",
                en="no LOINC number (its form or its check digit is wrong)",
                expression=f"{at}.coding[{number}].code",
                allowed="a LOINC number, or a code of another system",
            )


def _unit(part: Mapping[str, Any], at: str) -> Iterator[Issue]:
    name, quantity = name_of(part.get("code", {})), part["valueQuantity"]
    wanted = item_of(name).unit if name else None
    if wanted is None or "value" not in quantity:
        return
    unit, possible = unit_of(quantity), commensurable(wanted)
    if unit in possible or (unit is None and wanted in UNITLESS):
        return
    is_there = next((element for element in ("code", "unit") if element in quantity), None)
    zh, en = ("单位不能换算为此项目的单位", "the unit cannot be turned into that of this item")
    if unit is None:
        zh, en = ("此项目须有单位", "this item needs a unit")
    yield Issue(
        type="code-invalid" if unit is not None else "required",
        code="MCH-V-0106",
        zh=zh,
        en=en,
        expression=f"{at}.{is_there}" if is_there else at,
        allowed=" | ".join(possible),
    )
