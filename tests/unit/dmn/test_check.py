"""What a table must pass before it is deployed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from engine.dmn.check import check_decisions
from runtime.commands.dmn import group
from tests.unit.dmn.tables import decision_file, literal, table


def check(xml, cases=None):
    return check_decisions(xml, cases=cases)


def messages(problems, code):
    return [problem.message.en for problem in problems if problem.code == code]


def test_a_whole_table_without_fault_passes():
    report = check(table(["x"], ["y"], [("< 10", "1"), (">= 10", "2")]))

    assert report.refused == []
    assert report.warnings == []


def test_an_overlap_under_unique_is_refused_with_an_example():
    report = check(table(["x"], ["y"], [("<= 10", "1"), (">= 10", "2")]))

    assert messages(report.refused, "overlap") == ["rules 1 and 2 of table 'd' overlap: both match when x = 10"]


def test_rules_that_touch_without_overlapping_pass():
    assert check(table(["x"], ["y"], [("[1..5)", "1"), ("[5..9]", "2")])).refused == []


def test_rules_that_differ_in_one_column_do_not_overlap():
    assert check(table(["a", "b"], ["y"], [("> 5", "true", "1"), ("> 7", "false", "2")])).refused == []


def test_an_overlap_under_any_is_refused_only_where_outputs_differ():
    rules = [("> 1", '"a"'), ("> 2", '"a"'), ("> 3", '"b"')]

    found = check(table(["x"], ["y"], rules, "ANY")).findings

    assert [finding.rules for _, finding, _ in found if finding.kind == "overlap"] == [(1, 3), (2, 3)]


@pytest.mark.parametrize(
    "rules, example",
    [
        ([("< 10", "1"), ("> 10", "2")], {"x": 10}),
        ([('"a"', "1"), ('"b"', "2")], {"x": "…"}),
        ([("true", "1")], {"x": False}),
        ([('< date("2026-01-05")', "1"), ('> date("2026-01-05")', "2")], {"x": "2026-01-05"}),
        ([('not("a")', "1")], {"x": "a"}),
    ],
)
def test_a_gap_comes_with_an_input_that_falls_into_it(rules, example):
    from engine.feel import to_plain

    found = [finding for _, finding, _ in check(table(["x"], ["y"], rules)).findings if finding.kind == "gap"]

    assert to_plain(found[0].example) == example


def test_between_two_days_that_follow_each_other_there_is_no_gap():
    rules = [('<= date("2026-01-05")', "1"), ('>= date("2026-01-06")', "2")]

    assert check(table(["x"], ["y"], rules)).warnings == []


def test_allowed_values_bound_the_search():
    rules = [('"red"', "1"), ('"green"', "2")]

    assert check(table(["x"], ["y"], rules, values={"x": '"red","green"'})).warnings == []
    assert messages(check(table(["x"], ["y"], rules, values={"x": '"red","green","blue"'})).warnings, "gap") == [
        "table 'd' has a gap: no rule matches when x = \"blue\""
    ]


def test_a_gap_across_two_columns_is_found():
    rules = [("< 5", "-", "1"), (">= 5", "true", "2")]

    assert messages(check(table(["a", "b"], ["y"], rules)).warnings, "gap") == [
        "table 'd' has a gap: no rule matches when a = 5, b = false"
    ]


def test_a_rule_hidden_by_earlier_ones_is_unreachable():
    report = check(table(["x"], ["y"], [("> 5", "1"), ("<= 5", "2"), ("3", "3")], "FIRST"))

    assert messages(report.warnings, "unreachable") == ["rule 3 of table 'd' can never take effect"]


def test_a_rule_outside_the_allowed_values_is_unreachable():
    report = check(table(["x"], ["y"], [('"red"', "1"), ('"pink"', "2")], values={"x": '"red"'}))

    assert messages(report.warnings, "unreachable") == ["rule 2 of table 'd' can never take effect"]


def test_an_unknown_name_is_refused_at_its_cell():
    report = check(table(["x"], ["y"], [("> limt", "1")]))

    assert [problem.element_id for problem in report.refused if problem.code == "unknown-name"] == ["d/1/x"]


def test_a_cell_of_another_type_than_its_column_is_refused():
    report = check(table(["x"], ["y"], [('"high"', "1")], types={"x": "number"}))

    assert messages(report.refused, "type-clash") == ["table 'd', row 1, column 'x': string does not fit number"]


def test_an_output_outside_its_values_is_refused():
    report = check(table(["x"], ["y"], [("-", '"pink"')], values={"y": '"red","green"'}))

    assert [problem.element_id for problem in report.refused] == ["d/1/y"]


CASES = """case,x,=>colour,=>refer
# a comment
low,1,green,false
high,12,red,true
nothing,,,
"""
COLOURS = table(["x"], ["colour", "refer"], [("< 10", '"green"', "false"), (">= 10", '"red"', "true")])


def test_cases_that_hold_pass():
    assert check(COLOURS, CASES).refused == []


def test_a_case_that_fails_is_refused_with_its_line_and_both_values():
    wrong = CASES.replace("high,12,red", "high,12,green")

    assert messages(check(COLOURS, wrong).refused, "case") == [
        "test case, line 4 (high): colour should be 'green', is 'red' (rules [2])"
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        ("y,=>colour\n1,red\n", "the column 'y' is no input"),
        ("x,=>colour\n1,green,2\n", "there are more cells than columns"),
        ("x\n1\n", "there is no column of expected results (=>name or expected)"),
        ('x,=>colour\n"1,green\n', "not CSV"),
        ("x,=>colour\n= 1 +,green\n", "found the end"),
        ("decision,x,=>colour\nnone,1,green\n", "there is no decision 'none'"),
        ("now,x,=>colour\nyesterday,1,green\n", "'yesterday' is neither a date nor an instant"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_rather_than_passed(text, message):
    assert any(message in found for found in messages(check(COLOURS, text).refused, "case"))


def test_cases_of_a_plain_result_use_expected_and_any_feel():
    needs = '<informationRequirement><requiredInput href="#a"/></informationRequirement>'
    later = literal('a + duration("P1D")')
    xml = decision_file(f'<inputData id="a" name="a"/><decision id="d" name="d">{needs}{later}</decision>')

    assert check(xml, 'a,expected\n"= date(""2026-01-05"")",2026-01-06\n').refused == []


def test_the_command_prints_the_contract_and_fails_on_a_refused_file(tmp_path):
    (tmp_path / "good.dmn").write_bytes(COLOURS)
    (tmp_path / "good.cases.csv").write_text(CASES, encoding="utf-8")
    (tmp_path / "bad.dmn").write_bytes(table(["x"], ["y"], [("<= 10", "1"), (">= 10", "2")]))

    result = CliRunner().invoke(group, ["check", str(tmp_path), "--json"])
    printed = json.loads(result.output)

    assert result.exit_code == 1
    assert printed["summary"] == {"files": 2, "open": 2, "executable": 1}
    bad, good = printed["files"]
    assert bad["overlaps"][0]["rules"] == [1, 2]
    assert bad["refused"][0]["message"]["zh"].startswith("决策表")
    assert good["executable"] and good["cases"] == "good.cases.csv"


def test_the_kit_command_counts_null_and_non_null_results_apart(tmp_path):
    folder = tmp_path / "compliance-level-2" / "0001-sum"
    folder.mkdir(parents=True)
    (folder / "sum.dmn").write_bytes(decision_file(f'<decision id="d" name="d">{literal("1 + 1")}</decision>'))
    (folder / "sum-test-01.xml").write_text(KIT_TEST, encoding="utf-8")

    result = CliRunner().invoke(group, ["tck", str(tmp_path), "--json"])
    printed = json.loads(result.output)

    assert result.exit_code == 1
    counts = printed["summary"]
    assert (counts["tests"], counts["passed"]) == (3, 1)
    assert counts["non_null"] == {"tests": 2, "passed": 1}
    assert counts["null"] == {"tests": 1, "passed": 0}
    assert counts["by_level"] == {"2": {"tests": 3, "passed": 1}}
    assert printed["failed"][0] == {
        "folder": "0001-sum",
        "case": "2",
        "result_node": "d",
        "expected": 3,
        "actual": 2,
        "error": None,
    }


KIT_TEST = """
<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema"><modelName>sum.dmn</modelName>
<testCase id="1"><resultNode name="d" type="decision"><expected><value xsi:type="xsd:decimal">2.0</value></expected>
</resultNode></testCase>
<testCase id="2"><resultNode name="d" type="decision"><expected><value xsi:type="xsd:decimal">3</value></expected>
</resultNode></testCase>
<testCase id="3"><resultNode name="d" type="decision"><expected><value xsi:nil="true"/></expected></resultNode>
</testCase>
</testCases>
"""


def test_the_measurement_reports_what_the_contract_names():
    from runtime.commands.dmn import bench_feel

    printed = bench_feel()

    assert printed["name"] == "feel"
    assert printed["rate"] > 0
    assert {"colour_table_ms", "colour_table_compile_ms", "condition_us"} <= printed["details"].keys()
