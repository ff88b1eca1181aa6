"""A visit's measurements -> Observations and its Encounter as rows for the store, through stencils: the same as their
mappings written at length. A visit has eight, which differ in a value or two."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from fhir_adapters.mappings.case import Case
from fhir_adapters.mappings.common import Json, person
from fhir_adapters.mappings.encounter import to_visit
from fhir_adapters.mappings.observation import Fact, Source, observation_id, to_observation
from fhir_adapters.stencils import Row, Stencils, is_id, mark
from workflows.forms import ABSENT, Form
from workflows.forms.items import CHOICES, NUMBERS
from workflows.forms.items import Item as FormItem

_RESPONSE, _PATIENT, _PREGNANCY = mark("response"), mark("patient"), mark("pregnancy")
_ENCOUNTER, _PERSON = mark("encounter"), mark("person")
_ON = {False: "1975-05-05T05:05:05.555555+08:00", True: "1975-12-25"}  # by whether it is a day
_NUMBERS = (864209753101, 975310864202)
_NUMBER = ("number",)
_DAY = 10  # letters
MOST_FORMS = 256

_visits = Stencils()
_of_forms: dict[int, tuple[Form, Stencils]] = {}  # by identity, and held so that it stays theirs


def observation_row(region_id: str, form: Form, fact: Fact, case: Case, source: Source) -> Row | None:
    """None for what has to be written at length: free text, dates, an id that is no plain word."""
    shapes, numbers = [], []
    for item, value in zip(fact.items, fact.values, strict=True):
        shape = _shape(item, value)
        if shape is None:
            return None
        shapes.append(shape)
        if shape is _NUMBER:
            numbers.append(str(value))
    patient, pregnancy, encounter_id, effective = (
        case.patient_id,
        case.pregnancy_id,
        source.encounter_id,
        source.effective,
    )
    for one in (source.response_id, patient, pregnancy, encounter_id, case.by):
        if one is not None and not is_id(one):
            return None
    if source.performer is not None and source.performer != person(case.by):
        return None
    is_day = len(effective) == _DAY
    key = (
        *(fact.is_pressure, fact.fetus, *(item.link_id for item in fact.items), *shapes),
        *(patient is None, pregnancy is None, encounter_id is None, source.performer is None, is_day),
    )
    stencil = _stencils_of(form).of(region_id, key, partial(_example, fact, case, source, is_day))
    if stencil is None:
        return None
    values = (source.response_id, patient, pregnancy, encounter_id, case.by, effective, *numbers)
    return stencil.row(observation_id(fact, source), pregnancy, values)


def _shape(item: FormItem, value: Any) -> Hashable:
    """What of an answer is alike in many: `_NUMBER` for one that has a gap of its own, None for what has no stencil."""
    kind = type(value)
    if item.type in NUMBERS and (kind is int or (kind is Decimal and value.is_finite())):
        return _NUMBER
    if kind is bool and item.type == "boolean":
        return (value,)
    if kind is str and (value in ABSENT or (item.type in CHOICES and item.option(value) is not None)):
        return (value,)
    if kind is list and item.type in CHOICES and all(type(one) is str and item.option(one) for one in value):
        return tuple(value), "several"
    return None


def _example(fact: Fact, case: Case, source: Source, is_day: bool) -> tuple[Json, tuple[str, ...]]:
    """The Observation with marks, and these in the order of the values."""
    free = iter(_NUMBERS)
    values = tuple(next(free) if _shape(*pair) is _NUMBER else pair[1] for pair in zip(fact.items, fact.values))
    about = replace(
        case, patient_id=case.patient_id and _PATIENT, pregnancy_id=case.pregnancy_id and _PREGNANCY, by=_PERSON
    )
    marked = Source(
        response_id=_RESPONSE,
        effective=_ON[is_day],
        encounter_id=source.encounter_id and _ENCOUNTER,
        performer=source.performer and person(_PERSON),
    )
    made = to_observation(fact._replace(values=values), about, marked)
    return made, (_RESPONSE, _PATIENT, _PREGNANCY, _ENCOUNTER, _PERSON, _ON[is_day], *map(str, _NUMBERS))


def _stencils_of(form: Form) -> Stencils:
    found = _of_forms.get(id(form))
    if found is None or found[0] is not form:
        if len(_of_forms) >= MOST_FORMS:
            _of_forms.clear()
        found = _of_forms[id(form)] = form, Stencils()
    return found[1]


def visit_row(region_id: str, form_id: str, answers: Any, case: Case, *, id_: str, on: str) -> Row | None:
    """As above, of the Encounter."""
    patient, pregnancy = case.patient_id, case.pregnancy_id
    if not all(one is None or is_id(one) for one in (patient, pregnancy)):
        return None
    is_day = len(on) == _DAY
    key = (form_id, case.organisation, patient is None, pregnancy is None, is_day)
    stencil = _visits.of(region_id, key, partial(_visit, form_id, answers, case, is_day))
    return None if stencil is None else stencil.row(id_, pregnancy, (patient, pregnancy, on))


def _visit(form_id: str, answers: Any, case: Case, is_day: bool) -> tuple[Json, tuple[str, ...]]:
    about = replace(case, patient_id=case.patient_id and _PATIENT, pregnancy_id=case.pregnancy_id and _PREGNANCY)
    made = to_visit(form_id, answers, about, id_=_ENCOUNTER, on=_ON[is_day])
    return made, (_PATIENT, _PREGNANCY, _ON[is_day])
