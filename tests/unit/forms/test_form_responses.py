"""Answers travel as a QuestionnaireResponse and come back unchanged; a response of another shape is refused by name."""

import copy
from datetime import date
from decimal import Decimal

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Incorrect
from engine.problems import Refused
from workflows.forms import Form, example_answers, forms_on_disk, questionnaires_on_disk
from workflows.forms.items import CHOICES, columns

FORMS = forms_on_disk()
TODAY = date(2026, 1, 5)
TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
DAYS = st.dates(date(1980, 1, 1), TODAY).map(date.isoformat)


def numbers(item):
    low = item.limits.low if item.limits.low is not None else Decimal(0)
    high = item.limits.high if item.limits.high is not None else Decimal(500)
    if item.type == "integer":
        return st.integers(int(low), int(high))
    return st.decimals(low, high, places=item.decimal_places or 0, allow_nan=False, allow_infinity=False)


def answers_to(item):
    if item.is_table:
        return st.lists(rows_of(item.items).filter(bool), min_size=1, max_size=3)
    kinds = {
        "boolean": st.booleans(),
        "date": DAYS,
        "dateTime": DAYS.map(lambda day: f"{day}T08:30:00+08:00"),
        "integer": numbers(item),
        "quantity": numbers(item),
    }
    one = st.sampled_from([o.code for o in item.options]) if item.type in CHOICES else kinds.get(item.type, TEXT)
    if item.absent:
        one = one | st.sampled_from(item.absent)
    return st.lists(one, min_size=1, max_size=3) if item.repeats else one


def rows_of(items):
    return st.fixed_dictionaries({}, optional={item.link_id: answers_to(item) for item in columns(items)})


@pytest.mark.parametrize("form_id", FORMS)
def test_any_answers_come_back_from_their_response_as_they_went(form_id):
    form = FORMS[form_id]

    @settings(max_examples=15, deadline=None, database=None)
    @given(rows_of(form.items))
    def holds(answers):
        response = form.to_response(answers)

        assert form.answers_from_response(response) == answers
        QuestionnaireResponse.model_validate(response)

    holds()


def response(form_id="anc-visit"):
    form = FORMS[form_id]
    return form.to_response(form.validate(example_answers(form_id), on=TODAY).values)


def item_of(resource, link_id):
    for item in resource.get("item", []):
        found = item if item["linkId"] == link_id else item_of(item, link_id)
        if found:
            return found


def refused(resource, form_id="anc-visit"):
    with pytest.raises(Incorrect) as error:
        FORMS[form_id].answers_from_response(resource)
    return [fault.path for fault in error.value.faults]


@pytest.mark.parametrize(
    "link_id, answer",
    [
        ("weight", {"valueDecimal": 56}),
        ("weight", {"valueQuantity": {"value": 56, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "g"}}),
        ("weight", {"valueQuantity": {"value": "56", "code": "kg"}}),
        ("weight", {"valueQuantity": {"value": 56}}),
        ("weight", {"valueQuantity": {"value": 56, "code": "kg", "comparator": "<"}}),
        ("complaint", {"valueInteger": 1}),
        ("urged_only", {"valueBoolean": "true"}),
        ("visit_date", {"valueDateTime": "2026-01-05"}),
        ("urine_protein", {"valueCoding": {"system": "http://loinc.org", "code": "neg"}}),
        ("urine_protein", {"valueCoding": {"code": "purple"}}),
        ("urine_protein", {"valueString": "neg"}),
    ],
)
def test_a_value_of_another_kind_unit_or_code_is_refused_at_its_item(link_id, answer):
    resource = response()
    item_of(resource, link_id)["answer"] = [answer]

    assert refused(resource) == [link_id]


def test_an_unknown_item_a_second_answer_and_a_second_item_are_refused():
    resource = response()
    item_of(resource, "sbp")["answer"] *= 2
    resource["item"] += [{"linkId": "shoe_size"}, copy.deepcopy(item_of(resource, "dbp"))]

    assert refused(resource) == ["sbp", "shoe_size", "dbp"]


def test_a_response_to_another_form_or_version_is_refused():
    assert refused({**response(), "questionnaire": "http://elsewhere/Questionnaire/anc-visit"}) == ["questionnaire"]
    assert refused({**response(), "questionnaire": FORMS["anc-visit"].url + "|99"}) == ["questionnaire"]


def test_a_sender_who_does_not_keep_the_grouping_is_understood():
    flat = []

    def flatten(items):
        for item in items:
            flatten(item["item"]) if "item" in item else flat.append(item)

    flatten(response()["item"])

    assert FORMS["anc-visit"].answers_from_response({**response(), "item": flat}) == FORMS[
        "anc-visit"
    ].answers_from_response(response())


def test_not_done_travels_as_the_reason_why_there_is_no_value():
    resource = FORMS["anc-visit"].to_response({"hb": "not-performed"})

    [answer] = item_of(resource, "hb")["answer"]
    [reason] = answer["valueQuantity"]["extension"]
    assert (reason["url"].rsplit("/", 1)[1], reason["valueCode"]) == ("data-absent-reason", "not-performed")


def test_digits_survive_the_way_there_and_back():
    form = FORMS["anc-visit"]
    weight = form.answers_from_response(form.to_response({"weight": Decimal("56.50")}))["weight"]

    assert str(weight) == "56.50"


def test_a_draft_is_written_as_far_as_it_can_be_said():
    draft = {"weight": "5O", "visit_date": "0105", "complaint": "无不适", "fhr": ["x", 140]}

    assert FORMS["anc-visit"].answers_from_response(FORMS["anc-visit"].to_response(draft, status="in-progress")) == {
        "complaint": "无不适",
        "fhr": [140],
    }


JUNK = st.sampled_from([None, True, 0, -1, 10**30, "", "%x", [], {}, [1], [{}], {"a": 1}, [[{}]], {"extension": [1]}])


def places(node, path=()):
    found = [path] if path else []
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        found += places(value, (*path, key))
    return found


def spoilt(document, path, junk):
    document = copy.deepcopy(document)
    node = document
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = junk
    return document


@settings(max_examples=300, deadline=None, database=None)
@given(st.data(), JUNK)
def test_no_response_however_spoilt_is_more_than_refused(data, junk):
    whole = response("delivery")
    sent = spoilt(whole, data.draw(st.sampled_from(places(whole))), junk)

    try:
        FORMS["delivery"].validate(FORMS["delivery"].answers_from_response(sent), on=TODAY)
    except Incorrect as error:
        assert error.faults


@settings(max_examples=300, deadline=None, database=None)
@given(st.data(), JUNK)
def test_no_questionnaire_however_spoilt_is_more_than_refused(data, junk):
    whole = questionnaires_on_disk()["tracing"]
    sent = spoilt(whole, data.draw(st.sampled_from(places(whole))), junk)

    try:
        Form.parse(sent)
    except Refused as error:
        assert error.problems
