"""Decision models: requirements, functions, services, types, imports, bad files."""

from __future__ import annotations

import pytest

from engine.dmn import read_decisions
from engine.feel import to_plain
from engine.problems import Refused
from tests.unit.dmn.tables import decision_file, literal, table

BMI = decision_file(
    '<inputData id="w" name="weight"><variable name="weight" typeRef="number"/></inputData>'
    '<inputData id="h" name="height in m"><variable name="height in m" typeRef="number"/></inputData>'
    '<businessKnowledgeModel id="bmi" name="body mass index"><variable name="body mass index"/><encapsulatedLogic>'
    '<formalParameter name="kg" typeRef="number"/><formalParameter name="m" typeRef="number"/>'
    + literal("kg / (m * m)")
    + '</encapsulatedLogic></businessKnowledgeModel><decision id="index" name="index"><variable name="index"/>'
    '<informationRequirement><requiredInput href="#w"/></informationRequirement>'
    '<informationRequirement><requiredInput href="#h"/></informationRequirement>'
    '<knowledgeRequirement><requiredKnowledge href="#bmi"/></knowledgeRequirement>'
    + literal("decimal(body mass index(weight, height in m), 1)")
    + '</decision><decision id="class" name="class"><variable name="class"/>'
    '<informationRequirement><requiredDecision href="#index"/></informationRequirement><decisionTable>'
    "<input><inputExpression><text>index</text></inputExpression></input><output/>"
    '<rule><inputEntry><text>&gt;= 28</text></inputEntry><outputEntry><text>"obese"</text></outputEntry></rule>'
    '<rule><inputEntry><text>&lt; 28</text></inputEntry><outputEntry><text>"not obese"</text></outputEntry></rule>'
    '</decisionTable></decision><decisionService id="s" name="classify"><outputDecision href="#class"/>'
    '<encapsulatedDecision href="#index"/><inputData href="#w"/><inputData href="#h"/></decisionService>'
)


def test_a_decision_asks_the_decisions_and_functions_it_requires_and_the_trace_shows_each():
    evaluation = read_decisions(BMI).evaluate("class", {"weight": 80, "height in m": 2})

    assert evaluation.value == "not obese"
    assert evaluation.trace["rules"] == [2]
    assert evaluation.trace["tables"] == [{"table": "class", "inputs": {"index": 20}, "rules": [2]}]
    assert evaluation.trace["required"][0]["decision"] == "index"
    assert evaluation.trace["required"][0]["inputs"] == {"weight": 80, "height in m": 2}
    assert evaluation.trace["required"][0]["output"] == 20


def test_a_decision_service_is_a_function_of_its_inputs():
    assert read_decisions(BMI).invoke("s", {"weight": 112, "height in m": 2}).value == "obese"


def test_a_decision_tells_which_data_it_needs():
    assert read_decisions(BMI).decisions["class"].inputs == ("height in m", "weight")


def test_a_value_outside_its_item_definition_is_an_error_that_names_it():
    items = (
        '<itemDefinition name="tColour"><typeRef>string</typeRef>'
        '<allowedValues><text>"green","red"</text></allowedValues></itemDefinition>'
    )
    xml = table(["colour"], ["y"], [("-", "1")], types={"colour": "tColour"}, items=items)

    evaluation = read_decisions(xml).evaluate("d", {"colour": "blue"})

    assert [error.en for error in evaluation.errors] == ['colour: a string does not conform to tColour ("green","red")']


def test_inside_a_context_or_list_the_error_names_the_path():
    items = (
        '<itemDefinition name="tVisit"><itemComponent name="weight"><typeRef>number</typeRef></itemComponent>'
        '</itemDefinition><itemDefinition name="tVisits" isCollection="true"><typeRef>tVisit</typeRef></itemDefinition>'
    )
    xml = table(["visits"], ["y"], [("-", "1")], types={"visits": "tVisits"}, items=items)

    evaluation = read_decisions(xml).evaluate("d", {"visits": [{"weight": 60}, {"weight": "61"}]})

    assert [error.en for error in evaluation.errors] == ["visits[2].weight: a string does not conform to number"]


def test_a_declared_date_takes_the_iso_text_of_a_variable():
    xml = table(["on"], ["y"], [('< date("2026-01-05")', '"before"'), ("-", '"later"')], "FIRST", types={"on": "date"})

    assert read_decisions(xml).evaluate("d", {"on": "2026-01-04"}).value == "before"


def test_what_a_model_does_not_declare_may_still_be_a_variable():
    xml = decision_file(f'<decision id="d" name="d">{literal("a + 1")}</decision>')

    assert to_plain(read_decisions(xml).evaluate("d", {"a": 1}).value) == 2


def test_one_model_uses_functions_and_types_of_another():
    library = read_decisions(
        b'<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="urn:lib" name="lib" id="l">'
        b'<itemDefinition name="tAge"><typeRef>number</typeRef></itemDefinition>'
        b'<businessKnowledgeModel id="f" name="is adult"><variable name="is adult"/><encapsulatedLogic>'
        b'<formalParameter name="age" typeRef="tAge"/><literalExpression><text>age &gt;= 18</text></literalExpression>'
        b"</encapsulatedLogic></businessKnowledgeModel></definitions>"
    )
    xml = decision_file(
        '<import name="law" namespace="urn:lib" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        '<inputData id="a" name="age"><variable name="age" typeRef="law.tAge"/></inputData><decision id="d" name="d">'
        '<informationRequirement><requiredInput href="#a"/></informationRequirement>'
        '<knowledgeRequirement><requiredKnowledge href="urn:lib#f"/></knowledgeRequirement>'
        + literal("law.is adult(age)")
        + "</decision>"
    )

    assert read_decisions(xml, imported=[library]).evaluate("d", {"age": 17}).value is False


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
    ],
)
def test_files_of_every_version_of_the_standard_open(namespace):
    xml = decision_file(f'<decision id="d" name="d">{literal("1 + 1")}</decision>', namespace)

    assert to_plain(read_decisions(xml).evaluate("d", {}).value) == 2


def test_an_external_function_is_null_and_says_so():
    xml = decision_file(
        '<businessKnowledgeModel id="j" name="cosine"><variable name="cosine"/><encapsulatedLogic kind="Java">'
        '<formalParameter name="x"/></encapsulatedLogic></businessKnowledgeModel><decision id="d" name="d">'
        '<knowledgeRequirement><requiredKnowledge href="#j"/></knowledgeRequirement>'
        + literal("cosine(1)")
        + "</decision>"
    )

    evaluation = read_decisions(xml).evaluate("d", {})

    assert evaluation.value is None
    assert "not supported" in evaluation.errors[0].en


def test_decisions_that_require_each_other_are_refused():
    def ask(other):
        return f'<informationRequirement><requiredDecision href="#{other}"/></informationRequirement>{literal(other)}'

    xml = decision_file(
        f'<decision id="a" name="a">{ask("b")}</decision><decision id="b" name="b">{ask("a")}</decision>'
    )

    with pytest.raises(Refused) as refused:
        read_decisions(xml)

    assert [problem.code for problem in refused.value.problems] == ["cycle", "cycle"]
    assert "requires itself" in read_decisions(xml, lenient=True).evaluate("a", {}).errors[0].en


def test_another_expression_language_than_feel_is_refused():
    juel = literal("a + 1", ' expressionLanguage="juel"')
    xml = decision_file(f'<decision id="d" name="d">{juel}</decision>')

    with pytest.raises(Refused) as refused:
        read_decisions(xml)

    assert [problem.code for problem in refused.value.problems] == ["language"]


def test_a_version_tag_of_the_modelling_tool_is_known():
    tag = '<z:versionTag xmlns:z="http://camunda.org/schema/zeebe/1.0" value="2026"/>'
    tag = f"<extensionElements>{tag}</extensionElements>"
    xml = decision_file(f'<decision id="d" name="d">{tag}{literal("1")}</decision>')

    assert read_decisions(xml).decisions["d"].version_tag == "2026"


@pytest.mark.parametrize("policy", ["PRIORITY", "OUTPUT ORDER"])
def test_priorities_that_nobody_listed_are_refused(policy):
    with pytest.raises(Refused) as refused:
        read_decisions(table(["x"], ["y"], [("-", '"a"')], policy))

    assert [problem.code for problem in refused.value.problems] == ["no-priorities"]


def test_two_elements_with_one_id_are_refused():
    xml = decision_file(f'<decision id="a" name="a">{literal("1")}</decision>' * 2)

    with pytest.raises(Refused) as refused:
        read_decisions(xml)

    assert [problem.code for problem in refused.value.problems] == ["doubled-id"]


@pytest.mark.parametrize(
    "xml, code",
    [
        (b"", "not-xml"),
        (b"<a>", "not-xml"),
        (b"\xff\xfe<", "not-xml"),
        (b"<a/>", "not-dmn"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "doctype"),
        (b"<a>" * 300 + b"</a>" * 300, "too-deep"),
        (b" " * 6_000_000, "too-large"),
    ],
)
def test_a_file_that_is_no_decision_model_is_refused(xml, code):
    with pytest.raises(Refused) as refused:
        read_decisions(xml)

    assert refused.value.problems[0].code == code


def test_every_cell_that_cannot_be_read_is_named_by_table_row_and_column():
    xml = table(["age", "colour"], ["y"], [("> ", '"red"', "1"), ("< 5", '"green', "1 +")])

    with pytest.raises(Refused) as refused:
        read_decisions(xml)

    assert [problem.element_id for problem in refused.value.problems] == ["d/1/age", "d/2/colour", "d/2/y"]
    assert all(problem.message.zh and problem.message.en for problem in refused.value.problems)
