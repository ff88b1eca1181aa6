"""Golden resources: the same record gives the same resource, and every one is valid R4."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store import plain
from fhir_adapters.mappings import encounter, episode, newborn, observation, patient, risk
from fhir_adapters.mappings.task import held, let_go, to_task
from fhir_adapters.rules.check import check
from tests.fhir.samples import NOW, PREGNANCY, TASK, case, samples, task
from workflows.forms import example_answers, forms_on_disk

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def valid(resource: dict[str, Any]) -> None:
    """By our rules and by the R4B models."""
    assert check(resource, type_=resource["resourceType"]) == []
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_every_mapping_has_its_golden_file():
    assert sorted(samples()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_record_becomes_its_golden_resource(name):
    made = samples()[name]

    assert plain.read(plain.dumps(made)) == plain.read((GOLDEN / f"{name}.json").read_bytes())
    for resource in made if isinstance(made, list) else [made]:
        valid(resource)


days = st.dates().map(str) | st.none()
moments = st.datetimes(timezones=st.just(UTC)).map(lambda m: m.isoformat())
colours = st.sampled_from(["green", "yellow", "orange", "red", "pink"])
gradings = st.lists(
    st.fixed_dictionaries(
        {
            "graded_at": st.datetimes(datetime(2026, 1, 5), datetime(2026, 1, 12), timezones=st.just(UTC)).map(str),
            "colour": colours,
            "purple": st.booleans(),
            "criteria": st.lists(st.sampled_from(["O-1.1", "R-2.3", "P-1"])),
        }
    ),
    max_size=4,
).map(lambda many: sorted(many, key=lambda g: g["graded_at"]))
variables = st.fixed_dictionaries(
    {
        "lmp": days,
        "edd": st.dates(max_value=date(9000, 1, 1)).map(str) | st.none(),
        "edd_basis": st.sampled_from(["lmp", "us", "ivf", None]),
        "colour": colours | st.none(),
        "end_code": st.sampled_from(["closed.recovered", "void", "lost", "ended.maternal_death", None]),
        "ended_on": days,
        "gradings": gradings,
        "delivered_on": days,
    }
)


@settings(deadline=None, max_examples=80)
@given(variables, st.booleans(), st.booleans())
def test_whatever_the_variables_are_the_cases_resources_are_valid(values, is_over, is_suspended):
    any_case = case(variables=values, is_over=is_over, is_suspended=is_suspended and not is_over)

    made = [episode.to_episode(any_case), episode.to_care_plan(any_case), episode.to_condition(any_case)]
    made += risk.to_flags(any_case)
    found = risk.gradings_of(any_case)
    made += [risk.to_grading(any_case, n, g, None) for n, g in enumerate(found, start=1)]
    made += [m for m in (encounter.to_delivery(any_case),) if m is not None]

    for resource in made:
        assert check(resource, type_=resource["resourceType"]) == [], resource


of_a_diagram = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1)  # as XML can say it


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["created", "claimed", "completed", "cancelled"]),
    st.fixed_dictionaries(
        {
            "due": moments | st.none(),
            "window_from": st.none(),
            "organisation": st.sampled_from(["org-1", None]),
            "candidate_roles": st.lists(st.sampled_from(["R-OB", "R-MCHW"])),
            "form": st.sampled_from(["risk-grading", None]),
            "name": of_a_diagram.filter(str.strip) | st.none(),
            "priority": st.integers(0, 100),
            "clock": st.sampled_from(["T-04", None]),
        }
    ),
)
def test_whatever_a_task_says_it_is_a_valid_task(state, data):
    one = task(state, **data)
    resource, rests = to_task(one, case()), to_task(one, case(is_suspended=True))

    assert check(resource, type_="Task") == [] == check(rests, type_="Task"), resource
    is_open = state in ("created", "claimed")
    assert (held(resource, NOW) or resource) == rests
    assert (let_go(rests, resource["status"], NOW) or rests) == resource
    assert list(let_go(rests, resource["status"], NOW) or resource) == list(resource)
    assert (rests["status"] == "on-hold") is is_open


@pytest.mark.parametrize("form_id", sorted(forms_on_disk()))
def test_every_form_is_extracted_into_valid_observations(form_id):
    source = observation.Source(response_id=str(TASK), effective="2026-01-12")
    made = observation.to_observations(forms_on_disk()[form_id], example_answers(form_id), case(), source)

    for resource in made:
        valid(resource)
    assert len({r["id"] for r in made}) == len(made)


def test_extracting_again_changes_nothing():
    source = observation.Source(response_id=str(TASK), effective="2026-01-12")
    form, answers = forms_on_disk()["anc-first"], example_answers("anc-first")

    assert observation.to_observations(form, answers, case(), source) == observation.to_observations(
        form, answers, case(), source
    )


def test_unknown_is_said_as_the_reason_not_as_a_value():
    made = {r["code"]["text"]: r for r in samples()["observations_of_a_visit"]}

    hb = made["血红蛋白"]
    assert hb["dataAbsentReason"]["coding"][0]["code"] == "not-performed" and "valueQuantity" not in hb


def test_two_fetuses_are_two_observations():
    rates = [r for r in samples()["observations_of_a_visit"] if "55283-6" in str(r["code"])]

    assert [r["valueQuantity"]["value"] for r in rates] == [140, 138]
    assert [e["valuePositiveInt"] for r in rates for e in r["extension"] if "valuePositiveInt" in e] == [1, 2]


def test_purple_carries_no_reason_and_is_restricted():
    made = samples()["grading_purple"]

    purple = made["prediction"][1]
    assert "extension" not in purple
    assert made["meta"]["security"][0]["code"] == "R"


def test_a_stillborn_child_gets_no_patient():
    assert not newborn.is_live_born({"outcome": "stillbirth_iufd"})
    assert newborn.is_live_born({"outcome": "neonatal_death"})


def test_ids_fit_fhir():
    assert len(newborn.newborn_id(case(), 6)) <= 64 and PREGNANCY in newborn.newborn_id(case(), 6)
    assert patient.to_patient({}, "m1")["id"] == "m1"
