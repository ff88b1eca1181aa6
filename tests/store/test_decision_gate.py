"""What a decision table must pass before it goes live, and what it imports afterwards."""

from __future__ import annotations

import pytest

from engine.commands.contracts import Deploy
from engine.problems import Refused
from runtime.start import definitions_on_disk
from tests.store.store_kit import BEGIN, END, NURSE, bpmn, line, user_task
from tests.unit.dmn.tables import decision_file, literal, table

NUMBER = {"types": {"x": "number", "r": "string"}}
SOUND = table(["x"], ["r"], [("< 10", '"low"'), (">= 10", '"high"')], **NUMBER)
GAP = table(["x"], ["r"], [("< 10", '"low"'), ("> 10", '"high"')], **NUMBER)
LAW = (
    b'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:law" name="law" id="l">'
    b'<businessKnowledgeModel id="f" name="is adult"><variable name="is adult"/><encapsulatedLogic>'
    b'<formalParameter name="age" typeRef="number"/><literalExpression><text>age &gt;= 18</text></literalExpression>'
    b'</encapsulatedLogic></businessKnowledgeModel><decision id="age_limit" name="age limit">'
    b"<literalExpression><text>18</text></literalExpression></decision></definitions>"
)
USES_LAW = decision_file(
    '<import name="law" namespace="urn:law" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    '<inputData id="a" name="age"><variable name="age" typeRef="number"/></inputData><decision id="d" name="d">'
    '<informationRequirement><requiredInput href="#a"/></informationRequirement>'
    '<knowledgeRequirement><requiredKnowledge href="urn:law#f"/></knowledgeRequirement>'
    + literal("law.is adult(age)")
    + "</decision>"
)
ASKS = '<zeebe:calledDecision decisionId="d" resultVariable="adult"/>'
ASKING = bpmn(
    "asking",
    line(
        BEGIN,
        f'<bpmn:businessRuleTask id="ask"><bpmn:extensionElements>{ASKS}</bpmn:extensionElements>@'
        "</bpmn:businessRuleTask>",
        user_task("task_a"),
        END,
    ),
)


def deploy(world, files, dry_run=False):
    return world.engine.execute(Deploy(files=files, dry_run=dry_run), by=NURSE)


def refusal(world, files):
    with pytest.raises(Refused) as refused:
        deploy(world, files)
    return {problem.code: problem for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("rules", "code", "place"),
    [
        ([("< 10 10", '"low"')], "feel-syntax", "d/1/x"),
        ([("< limit", '"low"')], "unknown-name", "d/1/x"),
        ([('"ten"', '"low"')], "type-clash", "d/1/x"),
        ([("< 10", "7")], "type-clash", "d/1/r"),
        ([("< 10", '"low"'), ("< 5", '"lower"')], "overlap", "d/2"),
    ],
)
def test_a_table_that_cannot_be_right_is_refused_at_its_cell_in_both_languages(world, rules, code, place):
    found = refusal(world, {"t.dmn": table(["x"], ["r"], rules, **NUMBER)})

    assert found[code].element_id == place
    assert found[code].message.zh and found[code].message.en


def test_a_gap_is_a_warning_that_names_an_example(world):
    [deployed] = deploy(world, {"t.dmn": GAP})

    assert [(warning.code, "10" in warning.message.zh) for warning in deployed.warnings] == [("gap", True)]


def test_cases_beside_a_table_must_hold(world):
    good, wrong = b"x,expected\n3,low\n10,high\n", b"x,expected\n10,low\n"

    assert deploy(world, {"t.dmn": SOUND, "t.cases.csv": good}, dry_run=True)[0].created
    found = refusal(world, {"t.dmn": SOUND, "t.cases.csv": wrong})

    assert found["case"].element_id == "case/2"


@pytest.mark.parametrize(
    "files",
    [
        {"t.dmn": SOUND, "t.cases.csv": "x,expected\n3,低\n".encode("gb18030")},
        {"other.dmn": SOUND, "t.cases.csv": b"x,expected\n3,low\n"},
        {"t.cases.csv": b"x,expected\n3,low\n"},
        {"t.dmn": SOUND, "t.csv": b"x,expected\n3,low\n"},
    ],
)
def test_cases_that_would_never_be_run_are_refused(world, files):
    assert refusal(world, files)["case"].element_id in ("t.cases.csv", "t.csv")


@pytest.mark.parametrize("separately", [False, True])
def test_what_a_table_imports_is_there_when_a_case_asks_it(world, separately):
    if separately:
        deploy(world, {"law.dmn": LAW})
    [*_, deployed] = deploy(world, {"a.bpmn": ASKING, **({} if separately else {"law.dmn": LAW}), "d.dmn": USES_LAW})

    assert deployed.warnings == ()
    assert world.instance(world.start("asking", age=17)).variables["adult"] is False


def test_what_a_table_imports_stays_as_it_was_when_the_table_was_deployed(world):
    deploy(world, {"a.bpmn": ASKING, "law.dmn": LAW, "d.dmn": USES_LAW})
    deploy(world, {"law.dmn": LAW.replace(b"18", b"16")})

    assert world.instance(world.start("asking", age=17)).variables["adult"] is False


def test_files_that_import_each_other_end(world):
    back = USES_LAW.replace(b'namespace="urn:test"', b'namespace="urn:law"').replace(b'id="d"', b'id="other"')

    found = refusal(world, {"d.dmn": USES_LAW, "law.dmn": back})

    assert "unknown-element" in found


def test_a_table_whose_import_is_nowhere_is_refused(world):
    assert "unknown-element" in refusal(world, {"d.dmn": USES_LAW})


def test_every_shipped_table_passes_with_its_cases(make_world):
    files = {name: source for name, source in definitions_on_disk().items() if name.endswith((".dmn", ".csv"))}

    deployed = deploy(make_world(), files)

    assert {"grading.cases.csv", "screening.cases.csv", "reporting.cases.csv"} <= files.keys()
    assert all(item.created for item in deployed) and len(deployed) >= 4
