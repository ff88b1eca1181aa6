"""A screening that says "yes" to syphilis or HIV is not everybody's to read."""

from __future__ import annotations

import pytest

from fhir_adapters.labels import labelled
from fhir_adapters.types import labels_of


def screening(**answers):
    items = [{"linkId": name, "answer": [{"valueCoding": {"code": code}}]} for name, code in answers.items()]
    group = [{"linkId": "s_6", "item": items}]
    return {"resourceType": "QuestionnaireResponse", "questionnaire": "x/Questionnaire/risk-screening|1", "item": group}


@pytest.mark.parametrize("item", ["s_6_3", "s_6_4"])
def test_a_screening_that_found_an_infection_is_restricted(item):
    assert set(labels_of(labelled(screening(**{"s_6_1": "yes", item: "yes"})))) == {"R"}


@pytest.mark.parametrize("answer", ["no", "unknown"])
def test_a_screening_that_found_none_is_everybodys(answer):
    assert not labels_of(labelled(screening(s_6_1="yes", s_6_3=answer, s_6_4=answer)))
