"""`yuntu region check FILE…`: may cases be started by these packs, and where does each value come from?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from runtime.commands import relocation
from workflows.regions import Pack, check_file


@click.group()
def group() -> None:
    """区域参数包与区域迁移 / Region packs, and regions that move."""


for _command in relocation.COMMANDS:
    group.add_command(_command)


@group.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Check packs; a folder stands for the .yaml files in it, deeper ones too.

    Example: yuntu region check workflows/regions/packs --json
    """
    reports = [report_of(path) for path in _packs(files)]
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
    sys.exit(0 if 0 < summary["files"] == summary["executable"] else 1)


def _packs(files: tuple[Path, ...]) -> list[Path]:
    return [path for given in files for path in (sorted(given.rglob("*.yaml")) if given.is_dir() else [given])]


def report_of(path: Path) -> dict[str, Any]:
    """One file as the contract shows it, with what is still to be confirmed beside it."""
    pack, problems = check_file(path)
    refused = [found for found in problems if found.severity == "error"]
    return {
        "path": str(path),
        "opens": not any(found.code in ("not_yaml", "not_a_pack", "too_large") for found in refused),
        "executable": pack is not None,
        "processes": [],
        "refused": [found.as_json() for found in refused],
        "warnings": [found.as_json() for found in problems if found.severity != "error"],
        "round_trip_lost": [],
        "pack": _summary(pack) if pack is not None else None,
    }


def _summary(pack: Pack) -> dict[str, Any]:
    marks: dict[str, int] = {}
    for _, _, source in pack.leaves():
        marks[source.mark] = marks.get(source.mark, 0) + 1
    return {
        "id": pack.id,
        "name": pack.name,
        "version": pack.version,
        "status": pack.status,
        "valid_from": pack.valid_from.isoformat() if pack.valid_from else None,
        "valid_to": pack.valid_to.isoformat() if pack.valid_to else None,
        "marks": marks,
    }


def _say(report: dict[str, Any]) -> None:
    click.echo(f"{'✓' if report['executable'] else '✗'} {report['path']}")
    for found in report["refused"]:
        click.echo(f"    {found['element_id'] or ''}  {found['message']['zh']} / {found['message']['en']}")
    if report["pack"]:
        marks = "  ".join(f"[{mark}] {count}" for mark, count in sorted(report["pack"]["marks"].items()))
        click.echo(f"    {marks}")
