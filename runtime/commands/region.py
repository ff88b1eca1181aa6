"""`yuntu region check FILE…`: may cases be started by these packs, and where does each value come from?"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from runtime.commands import relocation
from workflows.regions import Pack, Source, check_file, load_pack
from workflows.regions.pack import MARKS


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


@group.command()
@click.argument("pack_id")
@click.option("--marks", "only", help="only these marks, by commas / 只列这些标记：known,default")
@click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")
def show(pack_id: str, only: str | None, as_json: bool) -> None:
    """Every value of a pack with its sentence and mark, and where sources contradict each other.

    Example: yuntu region show cn-xf-2022 --marks known,default
    """
    pack = load_pack(pack_id)
    wanted = only.split(",") if only else list(MARKS)
    rows = [(key, value, source) for key, value, source in pack.leaves() if source.mark in wanted]
    if as_json:
        click.echo(json.dumps(_shown(pack, rows), ensure_ascii=False, default=str))
        return
    if (reason := pack.only_shown(date.today())) is not None:
        click.echo(f"! {reason.zh}")
    for key, value, source in rows:
        click.echo(f"{key} = {value}    [{source.mark}] {source.text}")
    for told in pack.contradictions:
        click.echo(f"≠ {told['id']}  {told['says']} / {told['other']} → {told['decided']}")


def _shown(pack: Pack, rows: list[tuple[str, Any, Source]]) -> dict[str, Any]:
    reason = pack.only_shown(date.today())
    return {
        **_summary(pack),
        "only_shown": {"zh": reason.zh, "en": reason.en} if reason is not None else None,
        "values": [{"key": key, "value": value, "mark": s.mark, "text": s.text} for key, value, s in rows],
        "contradictions": [dict(told) for told in pack.contradictions],
    }


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
        "contradictions": len(pack.contradictions),
        "only_shown": reason.zh if (reason := pack.only_shown(date.today())) is not None else None,
    }


def _say(report: dict[str, Any]) -> None:
    click.echo(f"{'✓' if report['executable'] else '✗'} {report['path']}")
    for found in report["refused"]:
        click.echo(f"    {found['element_id'] or ''}  {found['message']['zh']} / {found['message']['en']}")
    if report["pack"]:
        marks = "  ".join(f"[{mark}] {count}" for mark, count in sorted(report["pack"]["marks"].items()))
        click.echo(f"    {marks}")
        if report["pack"]["only_shown"]:
            click.echo(f"    ! {report['pack']['only_shown']}")
