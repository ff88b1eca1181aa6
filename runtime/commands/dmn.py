"""`yuntu dmn check PATH…` and `yuntu dmn tck FOLDER`: decision files and the DMN test kit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from engine.dmn.bench import measure
from engine.dmn.check import Report, check_definitions
from engine.dmn.files import load
from engine.dmn.tck import run_folder, summary
from engine.feel.plain import to_plain
from engine.problems import Refused
from engine.store import plain


@click.group()
def dmn() -> None:
    """决策表 · decision tables"""


group = dmn


@dmn.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON")
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """检查决策文件：语法、名称、类型、重叠、空隙、测试用例 · check decision files"""
    files = [check_file(path) for path in _files(paths)]
    result = {
        "files": files,
        "summary": {
            "files": len(files),
            "open": sum(file["opens"] for file in files),
            "executable": sum(file["executable"] for file in files),
        },
    }
    if as_json:
        click.echo(plain.dumps(result).decode())
    else:
        _print_check(files)
    sys.exit(0 if all(file["executable"] for file in files) else 1)


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.dmn")) if path.is_dir() else [path]


def check_file(path: Path) -> dict[str, Any]:
    """One file as the contract shows it; `.cases.csv` beside it is run."""
    cases_path = path.with_suffix(".cases.csv")
    cases = cases_path.read_bytes().decode("utf-8", errors="replace") if cases_path.exists() else None
    try:
        report = check_definitions(load(path, lenient=True), cases=cases)
    except Refused as refused:
        report = Report(refused=list(refused.problems))
    return _as_json(path, report, cases_path.name if cases is not None else None)


def _as_json(path: Path, report: Report, cases: str | None) -> dict[str, Any]:
    definitions = report.definitions
    found: dict[str, list[dict[str, Any]]] = {"overlap": [], "gap": [], "unreachable": []}
    for table, finding, message in report.findings:
        found[finding.kind].append(
            {
                "table": table,
                "rules": list(finding.rules),
                "example": {label: to_plain(value) for label, value in finding.example.items()},
                "message": {"zh": message.zh, "en": message.en},
            }
        )
    return {
        "path": str(path),
        "opens": definitions is not None,
        "executable": definitions is not None and not report.refused,
        "processes": [],
        "decisions": [
            {"id": decision.id, "name": decision.name, "inputs": list(decision.inputs)}
            for decision in (definitions.decisions.values() if definitions else ())
        ],
        "refused": [problem.as_json() for problem in report.refused],
        "warnings": [problem.as_json() for problem in report.warnings],
        "overlaps": found["overlap"],
        "gaps": found["gap"],
        "unreachable": found["unreachable"],
        "cases": cases,
        "round_trip_lost": [],
        "twin": None,
        "soundness": None,
    }


def _print_check(files: list[dict[str, Any]]) -> None:
    for file in files:
        click.echo(f"{'✓' if file['executable'] else '✗'} {file['path']}")
        for mark, key in (("  ✗", "refused"), ("  !", "warnings")):
            for problem in file[key]:
                click.echo(f"{mark} {problem['element_id'] or ''} {problem['message']['zh']}")


@dmn.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON")
def tck(folder: Path, as_json: bool) -> None:
    """运行 DMN 兼容性测试集 · run the DMN test kit"""
    started = time.perf_counter()
    outcomes = list(run_folder(folder))
    result = summary(outcomes, time.perf_counter() - started)
    if as_json:
        click.echo(plain.dumps(result).decode())
    else:
        figures = result["summary"]
        for failed in result["failed"]:
            click.echo(f"✗ {failed['folder']} {failed['case']} {failed['result_node']}: {failed['error'] or ''}")
        click.echo(
            f"{figures['passed']} / {figures['tests']}, non-null {figures['non_null']['passed']} / "
            f"{figures['non_null']['tests']}, {figures['seconds']} s"
        )
    sys.exit(0 if outcomes and not result["failed"] else 1)


def bench_feel() -> dict[str, Any]:
    """What `yuntu bench feel` prints: evaluations of a large table per second and the cost of a simple condition."""
    started = time.perf_counter()
    figures = measure(_timed)
    return {
        "name": "feel",
        "seconds": round(time.perf_counter() - started, 3),
        "rate": figures["table_evaluations_per_s"],
        "unit": "evaluations/s",
        "p50_ms": figures["table_p50_ms"],
        "p95_ms": None,
        "p99_ms": figures["table_p99_ms"],
        "bytes_per_instance": None,
        "pgbench_rate": None,
        "ratio": None,
        "details": {**figures, "clock": "CPU time of one process"},
    }


def _timed(action: Callable[[], Any], rounds: int, batch: int) -> list[float]:
    """CPU seconds per call, a figure per round of `batch` calls, sorted: what others do on the machine is not ours."""
    figures = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(batch):
            action()
        figures.append((time.process_time() - started) / batch)
    return sorted(figures)
