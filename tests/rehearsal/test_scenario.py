"""Scenario files: what a designer writes is played, and what is wrong is named."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from runtime.commands.scenario import group
from tests.twin.diagrams import END, START, process, task, timer

VISIT = process(
    START + task("visit") + timer("late", "visit", "P3D", interrupting=False) + task("remind") + END,
    ("f1", "start", "visit"),
    ("f2", "visit", "end"),
    ("f3", "late", "remind"),
)


def ran(tmp_path, steps: str, diagram: bytes = VISIT):
    (tmp_path / "visit.bpmn").write_bytes(diagram)
    (tmp_path / "visit.yaml").write_text(
        f"diagram: visit.bpmn\nnow: 2026-01-05T08:00:00+08:00\nsteps:\n{steps}", "utf-8"
    )
    result = CliRunner().invoke(group, ["run", str(tmp_path / "visit.yaml"), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_a_scenario_plays_from_due_time_to_due_time(tmp_path):
    steps = """
  - expect: {open: [visit], state: active, timers: {late: 2026-01-08T08:00:01+08:00}}
  - advance: P3D
  - expect: {open: [visit, remind], not_open: [end]}
  - complete: visit
    with: {systolic: 165.50, seen_on: 2026-01-08}
  - complete: remind
  - expect: {state: completed, ended_at: [end], visited: [late]}
  - expect: {variables: {systolic: 165.5, seen_on: "2026-01-08", other: null}}
"""

    code, report = ran(tmp_path, steps)

    assert (code, report["files"][0]["pass"], report["files"][0]["steps"]) == (0, True, 7)
    assert report["coverage"]["p"] == {"elements": 5, "visited": 5, "flows": 3, "taken": 3, "never": []}


@pytest.mark.parametrize(
    ("step", "wrong"),
    [
        ("- expect: {open: []}", "open"),
        ("- expect: {open: [visit, visit]}", "open"),
        ("- expect: {state: completed}", "state"),
        ("- expect: {variables: {x: 1}}", "variables"),
        ("- expect: {timers: {late: 2026-01-08T08:00:05+08:00}}", "timers"),
        ("- expect: {visited: [remind]}", "visited"),
        ("- expect: {ended_at: [end]}", "ended_at"),
        ("- expect: {incidents: [visit]}", "incidents"),
        ("- expect: {opened: [visit]}", "unknown"),
        ("- complete: remind", "error"),
        ("- wait: P3D", "step"),
    ],
)
def test_what_does_not_hold_is_named_with_its_step(tmp_path, step, wrong):
    code, report = ran(tmp_path, f"  - expect: {{open: [visit]}}\n  {step}\n")

    file = report["files"][0]
    assert (code, file["pass"], file["failed_at"]) == (1, False, 2)
    assert wrong in file["actual"]


def test_an_incident_that_nobody_expects_fails_the_step(tmp_path):
    broken = process(
        START + task("ask") + '<bpmn:exclusiveGateway id="which"/>' + END,
        ("f1", "start", "ask"),
        ("f2", "ask", "which"),
        ("f3", "which", "end", "colour"),
        ("f4", "which", "ask", "false"),
    )

    code, report = ran(tmp_path, "  - complete: ask\n  - expect: {state: active}\n", broken)

    assert code == 1
    assert report["files"][0]["actual"] == {"incidents": ["which"]}


def test_a_refused_element_fails_the_file_with_the_refusal(tmp_path):
    refused = process(
        START + '<bpmn:complexGateway id="which"/>' + END, ("f1", "start", "which"), ("f2", "which", "end")
    )

    code, report = ran(tmp_path, "  - advance: P1D\n", refused)

    assert code == 1
    assert [p["element_id"] for p in report["files"][0]["actual"]["refused"]] == ["which"]


ODD = [None, 7, "x", [], [7], {}, {"x": 7}, {"name": "m"}, True]
NAMES = ["complete", "message", "signal", "advance", "error", "expect"]


def test_whatever_stands_in_a_step_fails_the_file_with_its_place_and_never_with_a_trace(tmp_path):
    steps = [{name: odd} for name in NAMES for odd in ODD]
    steps += [
        {"expect": {name: odd}} for name in ("open", "variables", "timers", "visited", "incidents") for odd in ODD
    ]
    steps += [{"complete": "task_ask", "nth": odd} for odd in (0, 9, "x", [])] + [{"complete": "task_ask", "with": 3}]
    steps += [{"advance": "P7"}, {"advance": "P999999999D"}, {"message": {"name": "m", "key": "k", "ttl": "soon"}}]
    (tmp_path / "p.bpmn").write_bytes(
        process(START + task("task_ask") + END, ("a", "start", "task_ask"), ("b", "task_ask", "end"))
    )
    for number, step in enumerate(steps):
        written = {"diagram": "p.bpmn", "steps": [step]}
        (tmp_path / f"{number:03}.yaml").write_text(json.dumps(written), encoding="utf-8")

    answer = CliRunner().invoke(group, ["run", str(tmp_path), "--json"])

    files = json.loads(answer.output)["files"]
    assert len(files) == len(steps) and not isinstance(answer.exception, (TypeError, ValueError))
    assert all(file["pass"] or (file["failed_at"] is not None and file["actual"]) for file in files)
    assert next(f for f in files if "P7'" in str(f["expected"]))["actual"]["error"]["zh"]


@pytest.mark.parametrize(
    "written", ["", "7", "[]", "diagram: 7", "diagram: [7]", "diagram: []", "diagram: p.bpmn\nsteps: 7", "a: &a [*a]"]
)
def test_a_file_that_is_no_scenario_fails_in_words(tmp_path, written):
    (tmp_path / "p.bpmn").write_bytes(
        process(START + task("task_ask") + END, ("a", "start", "task_ask"), ("b", "task_ask", "end"))
    )
    (tmp_path / "s.yaml").write_text(written, encoding="utf-8")

    answer = CliRunner().invoke(group, ["run", str(tmp_path / "s.yaml"), "--json"])

    assert (answer.exit_code, json.loads(answer.output)["files"][0]["pass"]) == (1, False)


def test_a_folder_in_which_nothing_is_to_be_checked_is_wrong_usage(tmp_path):
    assert CliRunner().invoke(group, ["run", str(tmp_path)]).exit_code == 2
