"""What is written through a stencil is, to the letter, what the mapping writes at length."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_adapters.mappings import encounter, observation
from fhir_adapters.mappings.common import person
from fhir_adapters.mappings.observation_rows import observation_row, visit_row
from fhir_adapters.mappings.task import to_task
from fhir_adapters.mappings.task_rows import task_row
from fhir_adapters.stencils import Stencil, Uncut, mark
from fhir_adapters.store.resources import Draft, row
from tests.fhir.samples import NOW, PREGNANCY, case, task
from workflows.forms import Form, example_answers, forms_on_disk
from workflows.forms.items import columns

REGION = "r"
days = st.sampled_from(["2025-10-20", "2026-01-11", "2026-01-12", "2026-02-19"])
instants = st.sampled_from(["2026-01-12T09:29:59+08:00", "2026-01-12T01:30:00.000001Z", "2026-01-19T23:59:59+08:00"])
ids = st.sampled_from(["m1", "a.b-C", "754935cd-3f41-42a4-964a-480d9294196c"])


def at_length(resource: dict[str, Any], episode: str | None) -> dict[str, Any]:
    return row(REGION, (resource["resourceType"], resource["id"]), Draft(resource=resource, episode_id=episode))


def sorted_entries(made: dict[str, Any]) -> dict[str, Any]:
    tokens = sorted(set(made["tokens"].strip("{}").split(",")))
    return {**made, "tokens": tokens, "dates": sorted(map(tuple, made["dates"]))}


@settings(deadline=None, max_examples=400)
@given(
    state=st.sampled_from(["created", "claimed", "completed", "cancelled"]),
    data=st.fixed_dictionaries(
        {
            "due": days | instants | st.none(),
            "until": days | instants | st.none(),
            "window_from": days | instants | st.none(),
            "organisation": st.sampled_from(["org-1", None]),
            "candidate_roles": st.sampled_from([[], ["R-OB"], ["R-OB", "R-MCHW"]]),
            "form": st.sampled_from(["risk-grading", None]),
            "form_version": st.sampled_from([3, None]),
            "name": st.sampled_from(['100 % "复诊"\n', "%s", None]),
            "priority": st.sampled_from([50, 75, 95]),
            "clock": st.sampled_from(["T-04", None]),
        }
    ),
    assignee=st.sampled_from(["doctor", "n-1", None]),
    patient=ids | st.none(),
    pregnancy=st.sampled_from([PREGNANCY, None]),
    response=ids | st.none(),
    later=st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_a_task_through_its_stencil_is_the_task_at_length(state, data, assignee, patient, pregnancy, response, later):
    about = case(patient_id=patient, pregnancy_id=pregnancy, at=NOW + later)
    one = task(state, assignee, **data)
    one = replace(one, completed_at=about.at if state == "completed" else None)

    made = task_row(REGION, one, about, response)

    assert made is not None
    assert sorted_entries(made) == sorted_entries(at_length(to_task(one, about, response_id=response), pregnancy))


FORMS = forms_on_disk()
performers = st.sampled_from([None, person("nurse")])


@settings(deadline=None, max_examples=60)
@given(
    form_id=st.sampled_from(sorted(FORMS)),
    chance=st.randoms(use_true_random=False),
    response=ids,
    patient=ids | st.none(),
    pregnancy=st.sampled_from([PREGNANCY, None]),
    encounter_id=ids | st.none(),
    effective=days | st.sampled_from(["2026-01-12T09:29:59+08:00", "2026-01-12T09:30:00.000001+08:00"]),
    performer=performers,
)
def test_a_measurement_through_its_stencil_is_the_observation_at_length(
    form_id, chance, response, patient, pregnancy, encounter_id, effective, performer
):
    form, about = FORMS[form_id], case(patient_id=patient, pregnancy_id=pregnancy)
    source = observation.Source(
        response_id=response, effective=effective, encounter_id=encounter_id, performer=performer
    )

    for fact in observation.facts(form, varied(form, chance)):
        made = observation_row(REGION, form, fact, about, source)
        resource = observation.to_observation(fact, about, source)

        if made is not None:
            assert sorted_entries(made) == sorted_entries(at_length(resource, pregnancy))
        else:
            assert not {"valueQuantity", "valueBoolean", "dataAbsentReason"} & resource.keys(), resource


def varied(form: Form, chance: Random) -> dict[str, Any]:
    """The example's answers, with other numbers, or a reason why there is none."""
    answers = example_answers(form.id)
    for item in columns(form.items):
        value = answers.get(item.link_id)
        if isinstance(value, Decimal | int) and not isinstance(value, bool):
            other = [value, -value, Decimal("0.10"), Decimal("1E+2"), 864209753101, *item.absent]
            answers[item.link_id] = chance.choice(other)
        elif item.absent and chance.random() < 0.2:
            reason = chance.choice(item.absent)
            answers[item.link_id] = [reason] if item.repeats else reason
    return answers


@pytest.mark.parametrize("form_id", sorted(encounter.VISITS))
@pytest.mark.parametrize("on", ["2026-01-12", "2026-01-12T09:30:00+08:00"])
def test_a_visit_through_its_stencil_is_the_encounter_at_length(form_id, on):
    for about in (case(), case(pregnancy_id=None, organisation=None)):
        made = visit_row(REGION, form_id, {}, about, id_="visit-1", on=on)
        resource = encounter.to_visit(form_id, {}, about, id_="visit-1", on=on)

        assert made is not None
        assert sorted_entries(made) == sorted_entries(at_length(resource, about.pregnancy_id))


@pytest.mark.parametrize(
    "change", [{"assignee": '"; DROP'}, {"created_at": NOW + timedelta(days=1)}, {"completed_at": NOW - timedelta(1)}]
)
def test_what_fits_no_gap_is_written_at_length(change):
    assert task_row(REGION, replace(task("claimed", "doctor"), **change), case(), None) is None


def test_a_task_that_rests_is_written_at_length():
    assert task_row(REGION, task("claimed", "doctor"), case(is_suspended=True), None) is None


def test_a_mark_where_no_gap_can_be_is_refused():
    twice = {"resourceType": "Task", "id": "x", "identifier": [{"system": "urn:x:" + mark("a"), "value": mark("a")}]}
    named = {"resourceType": "Patient", "id": "x", "name": [{"text": mark("a")}]}

    for resource in (twice, named):
        with pytest.raises(Uncut):
            Stencil(REGION, resource, [mark("a")])
