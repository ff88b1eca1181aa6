"""What a Questionnaire may say. The rest is refused when it is read, with its linkId, never ignored later."""

import json

import pytest
from click.testing import CliRunner

from engine.problems import Refused
from runtime.commands.forms import group
from workflows.forms import Form
from workflows.forms.catalogue import QUESTIONNAIRES
from workflows.forms.urls import CALCULATED_EXPRESSION, ITEM_CONTROL, OBSERVATION_EXTRACT


def questionnaire(*items, **head):
    return {
        "resourceType": "Questionnaire",
        "id": "small",
        "url": "https://example.org/Questionnaire/small",
        "version": "1",
        "status": "active",
        "title": "小表",
        "item": [{"text": "一", "type": "string", **item} for item in items],
        **head,
    }


def calculated(text):
    return [{"url": CALCULATED_EXPRESSION, "valueExpression": {"language": "text/fhirpath", "expression": text}}]


OUTSIDE = [
    ({"linkId": "a", "type": "url"}, "type"),
    ({"linkId": "a", "type": "attachment"}, "type"),
    ({"linkId": "a", "definition": "http://x#y"}, "element"),
    ({"linkId": "a", "extension": [{"url": "http://example.org/mine", "valueBoolean": True}]}, "extension"),
    ({"linkId": "A-1"}, "link-id"),
    ({"linkId": "a", "type": "choice"}, "no-options"),
    ({"linkId": "a", "type": "choice", "answerValueSet": "http://example.org/vs"}, "value-set"),
    ({"linkId": "a", "type": "quantity"}, "no-unit"),
    ({"linkId": "a", "extension": [{"url": OBSERVATION_EXTRACT, "valueBoolean": True}]}, "no-code"),
    ({"linkId": "a", "enableWhen": [{"question": "b", "operator": "=", "answerString": "x"}]}, "enable-when"),
    ({"linkId": "a", "enableWhen": [{"question": "a", "operator": "~", "answerString": "x"}]}, "operator"),
    ({"linkId": "a", "extension": calculated("%b + 1")}, "unknown-name"),
    ({"linkId": "a", "extension": calculated("%a & 'x'")}, "circle"),
    *[
        ({"linkId": "a", "extension": calculated(text)}, "expression")
        for text in ("1 +", "1 2", "(1", "1)", "= 1", "'open", "1 # 2", "nosuch()", "exists(", "")
    ],
    ({"linkId": "a", "extension": calculated("%resource.repeat(item)")}, "expression"),
    ({"linkId": "a", "extension": calculated("today()")}, "expression"),
    ({"linkId": "a", "item": [{"linkId": "b", "type": "string", "text": "二"}]}, "nested"),
    ({"linkId": "a", "type": "group"}, "empty"),
    ({"linkId": "a", "text": ""}, "no-text"),
    ({"linkId": "a", "required": "yes"}, "shape"),
    (
        {
            "linkId": "a",
            "extension": [{"url": ITEM_CONTROL, "valueCodeableConcept": {"coding": [{"code": "slider"}]}}],
        },
        "control",
    ),
]


@pytest.mark.parametrize("item, code", OUTSIDE, ids=[code for _, code in OUTSIDE])
def test_what_lies_outside_the_subset_is_refused_at_its_item(item, code):
    with pytest.raises(Refused) as refused:
        Form.parse(questionnaire(item))

    found = {problem.code: problem.element_id for problem in refused.value.problems}
    assert code in found
    assert code == "shape" or found[code] == item["linkId"]


def test_one_link_id_stands_for_one_item():
    with pytest.raises(Refused) as refused:
        Form.parse(questionnaire({"linkId": "a"}, {"linkId": "a"}))

    assert [problem.code for problem in refused.value.problems] == ["duplicate"]


@pytest.mark.parametrize("head", [{"version": "1.4.0"}, {"id": "Small Form"}, {"url": ""}, {"resourceType": "List"}])
def test_a_form_needs_a_name_and_a_version_that_counts(head):
    with pytest.raises(Refused):
        Form.parse(questionnaire({"linkId": "a"}, **head))


def test_a_text_without_english_is_a_warning_only():
    form = Form.parse(questionnaire({"linkId": "a"}))

    assert {problem.code for problem in form.problems} == {"no-english"}


def test_the_command_line_checks_every_form_that_ships():
    run = CliRunner().invoke(group, ["check", str(QUESTIONNAIRES), "--json"])

    report = json.loads(run.output)
    assert run.exit_code == 0
    assert report["summary"]["executable"] == report["summary"]["files"] == len(list(QUESTIONNAIRES.glob("*.json")))


def test_the_command_line_names_what_it_refuses(tmp_path):
    (tmp_path / "bad.json").write_text(json.dumps(questionnaire({"linkId": "a", "type": "url"})))
    (tmp_path / "torn.json").write_text('{"resourceType": ')

    run = CliRunner().invoke(group, ["check", str(tmp_path), "--json"])

    bad, torn = json.loads(run.output)["files"]
    assert run.exit_code == 1
    assert (bad["refused"][0]["element_id"], bad["refused"][0]["code"]) == ("a", "type")
    assert (torn["opens"], torn["refused"][0]["code"]) == (False, "unreadable")
