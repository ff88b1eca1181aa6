"""A submitted form -> Observations: {canon}/StructureDefinition/mch-anc-observation, mch-fetal-observation.

One Observation per measured item; its id is the response's and the linkId (and the fetus), so that extracting
again changes nothing. SBP and DBP are one panel. 未查 and 不详 are said as the reason why a value is absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import (
    Json,
    coding,
    concept,
    fitted,
    instant,
    kebab,
    quantity,
    reference,
    resource,
    restricted,
)
from fhir_adapters.terminology import ABSENT, BP_PANEL, DATA_ELEMENT, FETUS_INDEX, OBSERVATION_CATEGORY, Item, item_of
from workflows.forms import ABSENT as ABSENT_ANSWERS
from workflows.forms import Form
from workflows.forms import Item as FormItem
from workflows.forms.layout import Layout

NOT_EXTRACTED = frozenset({"risk-screening", "risk-grading"})  # these become RiskAssessments
DATED_ELSEWHERE = frozenset({"lmp", "edd_final", "ga_days"})  # the case's own dating, and what follows from it
_UNKNOWN = {"unknown": "asked-unknown"}
PRESSURE = ("sbp", "dbp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The response that the facts come from."""

    response_id: str
    effective: str
    encounter_id: str | None = None
    performer: Json | None = None


class Fact(NamedTuple):
    """One measured item with its answer, of which fetus; or both pressures, which are one."""

    items: tuple[FormItem, ...]
    values: tuple[Any, ...]
    fetus: int | None
    is_pressure: bool = False


def to_observations(form: Form, answers: Mapping[str, Any], case: Case, source: Source) -> list[Json]:
    """Every measured item of the form that has an answer."""
    return [to_observation(fact, case, source) for fact in facts(form, answers)]


def facts(form: Form, answers: Mapping[str, Any]) -> Iterator[Fact]:
    """What becomes an Observation each, in the order of the form."""
    if form.id in NOT_EXTRACTED:
        return iter(())
    return _facts(form.layout, answers, None)


def _facts(layout: Layout, answers: Mapping[str, Any], fetus: int | None) -> Iterator[Fact]:
    for item in layout.columns:
        value = answers.get(item.link_id)
        if value is None or value == [] or value == "":
            continue
        if item.is_table:
            for number, row in enumerate(value, start=1):
                index = row.get("order") if isinstance(row.get("order"), int) else number
                yield from _facts(layout.rows[item.link_id], row, index)
        elif item.link_id in PRESSURE:
            if item.link_id == "sbp" or answers.get("sbp") is None:
                yield _pressure(layout.columns, answers)
        elif item.is_measured and item.link_id not in DATED_ELSEWHERE:
            if item.repeats and item.type not in ("choice", "open-choice"):  # one value per fetus
                for number, one in enumerate(value, start=1):
                    yield Fact((item,), (one,), number)
            else:
                yield Fact((item,), (value,), fetus)


def _pressure(items: tuple[FormItem, ...], answers: Mapping[str, Any]) -> Fact:
    """What was measured of the two."""
    by_name = {item.link_id: item for item in items if item.link_id in PRESSURE}
    there = [name for name in PRESSURE if answers.get(name) is not None and name in by_name]
    return Fact(tuple(by_name[name] for name in there), tuple(answers[name] for name in there), None, True)


def observation_id(fact: Fact, source: Source) -> str:
    if fact.is_pressure:
        return fitted(source.response_id, "bp")
    parts = [source.response_id, kebab(fact.items[0].link_id)]
    return fitted(*parts) if fact.fetus is None else fitted(*parts, str(fact.fetus))


def to_observation(fact: Fact, case: Case, source: Source) -> Json:
    if fact.is_pressure:
        return _panel(fact, case, source)
    (item,), (value,), fetus = fact.items, fact.values, fact.fetus
    known = item_of(item.link_id)
    return resource(
        "Observation",
        observation_id(fact, source),
        meta=restricted(known.sensitivity) if known.sensitivity else None,
        extension=case.episode_extension + _fetus(fetus),
        **_head(known, case, source),
        code=_code(item, known),
        **_value(item, value),
    )


def _head(known: Item, case: Case, source: Source) -> Json:
    return {
        "status": "final",
        "category": [concept(OBSERVATION_CATEGORY, known.category)],
        "subject": case.subject,
        "encounter": reference("Encounter", source.encounter_id),
        "effectiveDateTime": source.effective,
        "performer": [source.performer] if source.performer else None,
        "derivedFrom": [reference("QuestionnaireResponse", source.response_id)],
    }


def _fetus(fetus: int | None) -> list[Json]:
    return [{"url": FETUS_INDEX, "valuePositiveInt": fetus}] if fetus is not None else []


def _code(item: FormItem, known: Item) -> Json:
    """The form's own code first: a designer's item may have one that our table lacks."""
    own = [dict(c) for c in item.codes]
    if not own:
        own = [coding(known.system, known.code, known.display)]
    elif own[0].get("code") == known.code:
        own[0]["display"] = known.display if known.mark != "O" else item.text.zh
    more = [coding(DATA_ELEMENT, known.data_element, item.text.zh)] if known.data_element else []
    return {"coding": own + more, "text": item.text.zh}


def _value(item: FormItem, value: Any) -> Json:
    if isinstance(value, str) and value in ABSENT_ANSWERS:
        return {"dataAbsentReason": concept(ABSENT, value, ABSENT_ANSWERS[value].zh)}
    if item.type in ("choice", "open-choice"):
        return _choice(item, value)
    if item.type == "boolean":
        return {"valueBoolean": value}
    if item.type == "integer":
        return {"valueInteger": value}
    if item.type in ("quantity", "decimal"):
        unit = item.unit
        return {"valueQuantity": quantity(value, unit.code, unit.display) if unit else {"value": value}}
    if item.type in ("date", "dateTime"):
        return {"valueDateTime": instant(value)}
    return {"valueString": str(value)}


def _choice(item: FormItem, value: Any) -> Json:
    """One answer is a concept; several are components, each of which holds."""
    if not isinstance(value, list):
        reason = _UNKNOWN.get(value)
        if reason:
            return {"dataAbsentReason": concept(ABSENT, reason)}
        return {"valueCodeableConcept": _option(item, value)}
    return {"component": [{"code": _option(item, one), "valueBoolean": True} for one in value]}


def _option(item: FormItem, code: str) -> Json:
    option = item.option(code)
    if option is None or not option.system:
        return {"text": option.text.zh if option else str(code)}
    return concept(option.system, option.code, option.text.zh, text=option.text.zh)


def _panel(fact: Fact, case: Case, source: Source) -> Json:
    """85354-9 with what was measured of the two."""
    components = [
        {"code": _code(item, item_of(item.link_id)), **_value(item, value)}
        for item, value in zip(fact.items, fact.values, strict=True)
    ]
    return resource(
        "Observation",
        observation_id(fact, source),
        extension=case.episode_extension,
        **_head(BP_PANEL, case, source),
        code=concept(BP_PANEL.system, BP_PANEL.code, BP_PANEL.display, text="血压"),
        component=components,
    )
