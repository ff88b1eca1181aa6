"""/api/feel/evaluation, /api/decisions/evaluation: trying out an expression or a table."""

from __future__ import annotations

import uuid

import pytest

from engine.commands.contracts import Deploy
from runtime.start import INSTALLER
from tests.api.conftest import problem_of
from tests.unit.dmn.tables import table

FEEL, DECISION = "/api/feel/evaluation", "/api/decisions/evaluation"
KINDS = {"types": {"x": "number", "r": "string"}}
TABLE = table(["x"], ["r"], [("< 10", '"low"'), (">= 10", '"high"')], **KINDS)


def feel(county, expression, who="designer", **more):
    return county.post(FEEL, who, {"expression": expression, **more})


@pytest.fixture
def tabled(county):
    county.services.engine.execute(Deploy(files={"t.dmn": TABLE}), by=INSTALLER)
    return county


def test_an_expression_has_its_value_and_says_what_it_reads(county):
    answer = feel(county, "week + late days + 1.5", context={"week": 12, "late days": 3})

    assert answer.status_code == 200
    assert answer.json == {"value": 16.5, "diagnostics": [], "names": ["late days", "week"]}


def test_a_null_says_where_and_why_in_both_languages(county):
    answer = feel(county, "week + 1 / 0", context={"week": 12})

    [note] = answer.json["diagnostics"][:1]
    assert answer.json["value"] is None
    assert isinstance(note["position"], int) and note["message"]["zh"] and note["message"]["en"]


@pytest.mark.parametrize(
    ("text", "context", "value"),
    [
        ('= date(lmp) + duration("P280D")', {"lmp": "2026-01-05"}, "2026-10-12"),
        ("today()", {}, "2026-01-05"),
        ("woman.family name", {"woman": {"family name": "甲"}}, "甲"),
        ("0.1 + 0.2", {}, 0.3),
        ("{a: [1]}", {}, {"a": [1]}),
    ],
)
def test_what_designers_write_is_understood(county, text, context, value):
    assert feel(county, text, context=context).json["value"] == value


@pytest.mark.parametrize(("value", "passes"), [(150, True), (120, False), (None, None)])
def test_the_cell_of_a_table_is_tried_on_an_input(county, value, passes):
    answer = feel(county, "> limit", kind="unary-tests", input=value, context={"limit": 139})

    assert (answer.json["value"], answer.json["names"]) == (passes, ["limit"])


@pytest.mark.parametrize("text", ["1 +", "= 1 +", "if a then"])
def test_what_cannot_be_read_is_refused_with_its_position_and_what_was_expected(county, text):
    body = problem_of(feel(county, text), 422, "feel-syntax")

    assert body["position"] == len(text)
    assert body["expected"]["zh"] and body["expected"]["en"]
    assert body["errors"][0]["path"] == "expression"


@pytest.mark.parametrize(
    "bomb",
    [
        "for a in 1..9999, b in 1..9999, c in 1..9999 return a * b * c",
        "{f: function(n) f(n + 1) + f(n + 2), r: f(1)}.r",
        "count(1..999999999)",
        'matches("' + "a" * 30_000 + '", "(a*)*(a*)*b")',
        'string join(for i in 1..9999 return string join(for j in 1..9999 return "xxxxxxxx"))',
        "9 ** 9 ** 9 ** 9 ** 9",
        "(" * 16_000 + "1" + ")" * 16_000,
    ],
)
def test_a_bomb_is_an_answer_and_never_a_fault(county, bomb):
    answer = feel(county, bomb)

    assert answer.status_code in (200, 422), answer.get_data(as_text=True)[:300]
    if answer.status_code == 422:
        assert problem_of(answer, 422)["code"] in ("budget", "feel-syntax")
    else:
        assert answer.json["value"] in (None, False) and len(answer.data) < 20_000


def test_an_endless_sum_is_over_budget(county):
    problem_of(feel(county, "sum(for a in 1..9999, b in 1..9999 return a * b)"), 422, "budget")


def test_names_without_number_are_refused_before_they_take_time(county):
    context = {f"a {n:05}": n for n in range(2000)}

    problem_of(feel(county, " + ".join(f"a {n:05}" for n in range(2000)), context=context), 422, "budget")


@pytest.mark.parametrize("path", [FEEL, DECISION])
def test_strangers_and_other_roles_are_refused(county, path):
    body = {"expression": "1", "key": "d"}

    problem_of(county.post(path, None, body), 401)
    for who in ("nurse", "doctor", "officer", "county", "auditor", "his-demo"):
        problem_of(county.post(path, who, body), 403)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (FEEL, {}),
        (FEEL, {"expression": ""}),
        (FEEL, {"expression": 1}),
        (FEEL, {"expression": "x" * 40_000}),
        (FEEL, {"expression": "1", "kind": "python"}),
        (FEEL, {"expression": "1", "context": []}),
        (FEEL, {"expression": "1", "instance": "mine"}),
        (FEEL, {"expression": "1", "store": True}),
        (DECISION, {}),
        (DECISION, {"key": "d", "version": "1"}),
        (DECISION, {"key": "d", "version": 0}),
        (DECISION, {"key": "d", "xml": TABLE.decode(), "decision_id": "d"}),
        (DECISION, {"xml": TABLE.decode()}),
        (DECISION, {"xml": "no xml", "decision_id": "d"}),
        (DECISION, {"xml": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "decision_id": "d"}),
    ],
)
def test_what_does_not_fit_is_refused(county, path, body):
    problem_of(county.post(path, "designer", body), 422)


def test_a_body_that_is_no_json_is_malformed(county):
    problem_of(county.post(FEEL, "designer", data=b"{", content_type="application/json"), 400)


def test_the_trace_names_inputs_rules_output_and_version(tabled):
    answer = tabled.post(DECISION, "designer", {"key": "d", "context": {"x": 12}})

    trace = answer.json["trace"]
    assert answer.json["value"] == "high" and answer.json["diagnostics"] == []
    assert (trace["decision"], trace["version"], trace["inputs"]) == ("d", 1, {"x": 12})
    assert (trace["rules"], trace["output"]) == ([2], "high")


def test_an_older_version_answers_as_it_did(tabled):
    changed = TABLE.replace(b"&gt;= 10", b"&gt;= 11").replace(b"&lt; 10", b"&lt; 11")
    tabled.services.engine.execute(Deploy(files={"t.dmn": changed}), by=INSTALLER)

    answers = [
        tabled.post(DECISION, "designer", {"key": "d", "version": version, "context": {"x": 10}}).json
        for version in (1, 2, None)
    ]

    assert [(answer["value"], answer["trace"]["version"]) for answer in answers] == [
        ("high", 1),
        ("low", 2),
        ("low", 2),
    ]


def test_a_file_is_tried_before_it_is_deployed_and_not_kept(county):
    body = {"xml": TABLE.decode(), "decision_id": "d", "context": {"x": 3}}

    answer = county.post(DECISION, "designer", body)

    assert (answer.json["value"], answer.json["trace"]["rules"], answer.json["trace"]["version"]) == ("low", [1], None)
    problem_of(county.post(DECISION, "designer", {"key": "d"}), 404)


def test_rules_that_contradict_each_other_are_named(county):
    both = table(["x"], ["r"], [("< 10", '"low"'), ("< 20", '"lower"')], **KINDS)

    body = problem_of(
        county.post(DECISION, "designer", {"xml": both.decode(), "decision_id": "d", "context": {"x": 1}}),
        422,
        "decision",
    )

    assert "1" in body["detail"] and "2" in body["detail"]


def test_a_value_outside_its_type_is_an_error_naming_the_input(tabled):
    answer = tabled.post(DECISION, "designer", {"key": "d", "context": {"x": "much"}})

    assert [said["kind"] for said in answer.json["diagnostics"]][:1] == ["error"]
    assert "x" in answer.json["diagnostics"][0]["message"]["zh"]


def test_a_broken_cell_is_refused_at_its_place(county):
    broken = table(["x"], ["r"], [("< 10 10", '"low"')], **KINDS)

    body = problem_of(county.post(DECISION, "designer", {"xml": broken.decode(), "decision_id": "d"}), 422, "refused")

    assert body["refused"][0]["element_id"] == "d/1/x"


@pytest.mark.parametrize("body", [{"key": "nothing"}, {"key": "errand"}, {"key": "d", "version": 2}])
def test_a_decision_that_is_not_there_is_not_found(tabled, body):
    problem_of(tabled.post(DECISION, "designer", body), 404)


def test_an_instances_variables_stand_under_what_is_given_and_the_look_leaves_its_trace(tabled):
    instance = tabled.errand(number="n-1", x=12)

    real = feel(tabled, 'number + "!"', instance=instance)
    given = feel(tabled, 'number + "!"', instance=instance, context={"number": "n-2"})
    decided = tabled.post(DECISION, "it", {"key": "d", "instance": instance})

    assert (real.json["value"], given.json["value"], decided.json["value"]) == ("n-1!", "n-2!", "high")
    rows = tabled.services.people.audit_rows(subject_id=instance)
    assert [(row["actor_id"], row["action"]) for row in rows if row["action"] == "read"] == [
        *[("designer", "read")] * 2,
        ("it", "read"),
    ]


def test_of_a_womans_case_a_designer_reads_no_clinical_variable(county):
    instance = county.errand(patient_id="p-1", colour="red")

    answer = feel(county, "{colour: colour, home: home_organisation}", instance=instance)

    assert answer.json["value"] == {"colour": None, "home": "org-twn-1"}


@pytest.mark.parametrize("path", [FEEL, DECISION])
def test_an_instance_that_is_not_there_is_not_found(tabled, path):
    body = {"expression": "1"} if path == FEEL else {"key": "d"}

    problem_of(tabled.post(path, "designer", {**body, "instance": str(uuid.uuid4())}), 404)


def test_trying_out_stores_nothing_and_moves_nothing(tabled):
    instance = tabled.errand(x=1)
    before = tabled.get(f"/api/instances/{instance}", "it").json

    feel(tabled, "x + 1", instance=instance)
    tabled.post(DECISION, "designer", {"key": "d", "instance": instance})

    assert tabled.get(f"/api/instances/{instance}", "it").json == before
