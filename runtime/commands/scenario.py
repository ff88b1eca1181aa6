"""`yuntu scenario run FILE...`: play scenario files on the interpreter with a manual clock, without a server."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import yaml

from engine.errors import EngineError
from engine.interpreter import Program
from engine.problems import Refused
from engine.rehearsal.rehearsal import Rehearsal
from engine.rehearsal.scenario import Report, play
from runtime.commands.shelf import PlainLoader, Shelf, files_of


@click.group()
def group() -> None:
    """场景文件 / Scenario files."""


@group.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True)
def run(files: tuple[str, ...], as_json: bool) -> None:
    """Run scenario files (or folders of them).

    Example: yuntu scenario run tests/bpmn/scenarios --json
    """
    coverage = Coverage()
    found = (*files_of(files, ".yaml"), *_yml(files))
    if not found:
        raise click.UsageError("没有场景文件 / no scenario file (.yaml, .yml) there")
    reports = [run_file(path, coverage) for path in found]
    if as_json:
        click.echo(json.dumps({"files": reports, "coverage": coverage.as_json()}, ensure_ascii=False, default=_plain))
    else:
        for report in reports:
            click.echo(f"{'✓' if report['pass'] else '✗'} {report['path']}  {report['steps']} steps")
            if not report["pass"]:
                click.echo(f"    step {report['failed_at']}: expected {report['expected']}, was {report['actual']}")
        click.echo(f"{sum(r['pass'] for r in reports)} of {len(reports)} passed")
    sys.exit(0 if all(r["pass"] for r in reports) else 1)


def _yml(files: tuple[str, ...]) -> list[Path]:
    return files_of([f for f in files if Path(f).is_dir()], ".yml")


def run_file(path: Path, coverage: Coverage) -> dict[str, Any]:
    """The report of one file in the shape of the contract; what is wrong with file or diagram fails it, in words."""
    try:
        scenario = read_scenario(path)
        shelf, process_id = _diagrams(path, scenario)
        closure = shelf.library.closure(process_id)
    except Refused as refused:
        return _failed(path, "a diagram that deploys", {"refused": [p.as_json() for p in refused.problems]})
    except (EngineError, OSError, ValueError, yaml.YAMLError) as error:
        return _failed(path, "a scenario file", {"error": str(error)})
    except (TypeError, AttributeError, RecursionError) as error:  # `diagram: 7`, a text where a list is wanted
        return _failed(path, "a scenario file", {"error": f"this file cannot be read: {error!r}"})
    report = play(closure, scenario)
    if report.rehearsal is not None:
        coverage.add(closure.programs, report.rehearsal)
    return _as_json(path, report)


def read_scenario(path: Path) -> dict[str, Any]:
    """The file as plain data: numbers exact, dates and times as ISO text."""
    scenario = yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)  # a SafeLoader
    if not isinstance(scenario, dict) or "diagram" not in scenario:
        raise ValueError("a scenario names its `diagram`")
    return scenario


def _diagrams(path: Path, scenario: Mapping[str, Any]) -> tuple[Shelf, str]:
    named = scenario["diagram"]
    files = [path.parent / name for name in ([named] if isinstance(named, str) else named)]
    shelf = Shelf(file for file in files if file.suffix != ".dmn")
    for file in files:
        if file.suffix == ".dmn":
            shelf.library.add_decisions(file.read_bytes())
    process_id = scenario.get("process") or next(iter(shelf.library.programs), None)
    if process_id not in shelf.library.programs:
        raise ValueError(f"no executable process '{process_id}' in {named}")
    shelf.complete(process_id)
    return shelf, process_id


class Coverage:
    """Which elements and flows of each process the scenarios reached."""

    def __init__(self) -> None:
        self._programs: dict[str, Program] = {}
        self._visited: dict[str, set[str]] = defaultdict(set)
        self._taken: dict[str, set[str]] = defaultdict(set)

    def add(self, programs: Mapping[str, Program], run: Rehearsal) -> None:
        self._programs |= programs
        entered = {h.element_id for h in run.happened if h.event in ("entered", "started")}
        for key, program in programs.items():
            self._visited[key] |= entered & set(program.elements)
            self._taken[key] |= run.taken & flows_of(program)

    def as_json(self) -> dict[str, Any]:
        return {
            key: {
                "elements": len(program.elements),
                "visited": len(self._visited[key]),
                "flows": len(flows_of(program)),
                "taken": len(self._taken[key]),
                "never": sorted(set(program.elements) - self._visited[key]),
            }
            for key, program in sorted(self._programs.items())
        }


def flows_of(program: Program) -> set[str]:
    return {flow.id for node in program.nodes.values() for flow in node.outgoing}


def _as_json(path: Path, report: Report) -> dict[str, Any]:
    return {
        "path": str(path),
        "pass": report.passed,
        "steps": report.steps,
        "failed_at": report.failed_at,
        "expected": report.expected,
        "actual": report.actual,
    }


def _failed(path: Path, expected: Any, actual: Any) -> dict[str, Any]:
    return {"path": str(path), "pass": False, "steps": 0, "failed_at": 0, "expected": expected, "actual": actual}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
