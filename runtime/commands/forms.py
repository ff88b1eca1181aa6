"""`yuntu forms check PATH...`: may these Questionnaires be deployed as forms?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from engine.errors import EngineError, Malformed, Text
from engine.problems import Problem, Refused
from engine.store import plain
from workflows.forms import Form


@click.group()
def group() -> None:
    """表单 / Forms."""


@group.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True)
def check(paths: tuple[str, ...], as_json: bool) -> None:
    """Read each Questionnaire as a deployment would and name what it refuses, by linkId.

    Example: yuntu forms check workflows/forms/questionnaires --json
    """
    reports = [check_file(path) for path in files_of(paths)]
    summary = {
        "files": len(reports),
        "open": sum(report["opens"] for report in reports),
        "executable": sum(report["executable"] for report in reports),
    }
    if as_json:
        click.echo(json.dumps({"files": reports, "summary": summary}, ensure_ascii=False))
    else:
        for report in reports:
            _say(report)
        click.echo("{executable} of {files} fit to deploy".format(**summary))
    sys.exit(0 if summary["executable"] == summary["files"] else 1)


def files_of(paths: Sequence[str]) -> list[Path]:
    """Files as given; a folder stands for every JSON file in it, deeper ones too."""
    found: list[Path] = []
    for given in map(Path, paths):
        found += sorted(given.rglob("*.json")) if given.is_dir() else [given]
    return list(dict.fromkeys(found))


def check_file(path: Path) -> dict[str, Any]:
    """The report of one file, in the shape of the contract. Never raises for what is in the file."""
    report: dict[str, Any] = {
        "path": str(path),
        "opens": False,
        "executable": False,
        "processes": [],
        "refused": [],
        "warnings": [],
        "round_trip_lost": [],
    }
    try:
        source = plain.loads(path.read_bytes())
        if not isinstance(source, dict):
            raise Malformed("应为 JSON 对象", "must be a JSON object")
        report["opens"] = True
        report["round_trip_lost"] = [] if plain.loads(plain.dumps(source)) == source else [str(source.get("id"))]
        form = Form.parse(source)
    except Refused as refused:
        report["refused"] = [problem.as_json() for problem in refused.problems]
    except (EngineError, OSError) as error:
        report["refused"] = [_unreadable(error).as_json()]
    else:
        report["executable"] = True
        report["processes"] = [{"id": form.id, "elements": len(form.by_link_id)}]
        report["warnings"] = [problem.as_json() for problem in form.problems]
    return report


def _unreadable(error: Exception) -> Problem:
    text = error.message if isinstance(error, EngineError) else Text(zh="文件无法读取", en="the file cannot be read")
    return Problem(element_id=None, element_type=None, code="unreadable", message=text)


def _say(report: dict[str, Any]) -> None:
    click.echo(f"{'✓' if report['executable'] else '✗'} {report['path']}")
    for problem in report["refused"]:
        click.echo(f"    {problem['element_id']}: {problem['message']['zh']} / {problem['message']['en']}")
