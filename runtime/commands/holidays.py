"""`yuntu holidays list|check|add`: until when working days are known, and the file of a new year."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.timers import known_until, shipped_years
from runtime import holidays, start
from runtime import settings as configuration
from runtime.commands.output import json_option, services, show

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def group() -> None:
    """节假日 / The holidays by which working days are counted."""


@group.command("list")
@json_option
def known(as_json: bool) -> None:
    """到哪一天 / Until which day they are known, and what the installation added."""
    settings = configuration.read()
    holidays.use(settings.holidays)
    shipped = shipped_years()
    told = {
        "shipped": [shipped.start, shipped.stop - 1],
        "added": [int(path.stem) for path in holidays.files(settings.holidays)],
        "known_until": known_until().isoformat(),
        "folder": str(settings.holidays),
    }
    show(told, as_json, lambda: "\n".join(f"{name}: {value}" for name, value in told.items()))


@group.command("check")
@file_argument
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """检查 / The form of a file: dates, swapped weekends, and what no notice has had. 0 good, 1 something was found."""
    found = holidays.read(file.read_text("utf-8"))
    show(_told(found), as_json, lambda: _lines(found) or "✓")
    ctx.exit(1 if found.findings else 0)


@group.command("add")
@file_argument
@click.option("--accept-doubts", is_flag=True, help="the notice does say so / 通知确实如此")
@click.option("--dry-run", is_flag=True, help="say what would change, change nothing / 试运行")
@json_option
def add(file: Path, accept_doubts: bool, dry_run: bool, as_json: bool) -> None:
    """加一年 / Count with this file from the next start of the processes. Leaves a row in the audit.

    Example: yuntu holidays add 2027.yaml --dry-run
    """
    text = file.read_text("utf-8")
    found = holidays.read(text)
    if found.year is None or any(not (one.is_doubt and accept_doubts) for one in found.findings):
        raise click.ClickException(f"没有改动 / nothing was changed\n{_lines(found)}")
    settings = configuration.read()
    target = settings.holidays / f"{found.year.year}.yaml"
    told = {
        "year": found.year.year,
        "file": str(target),
        "replaces": target.exists(),
        "dry_run": dry_run,
        **_told(found),
    }
    if not dry_run:
        with services() as built:
            detail = {"year": found.year.year, "replaces": target.exists(), **holidays.as_dates(found.year)}
            built.people.audit(start.AT_THE_MACHINE, "add", "holidays", str(found.year.year), detail)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        partial.write_text(text, "utf-8")
        partial.replace(target)
    show(
        told,
        as_json,
        lambda: f"{target}{' (dry run)' if dry_run else ': 重新启动各进程后生效 / restart the processes'}",
    )


def _told(found: holidays.Read) -> dict[str, Any]:
    return {
        "findings": [
            {"doubt": one.is_doubt, "message": {"zh": one.message.zh, "en": one.message.en}} for one in found.findings
        ],
        **(holidays.as_dates(found.year) if found.year else {}),
    }


def _lines(found: holidays.Read) -> str:
    return "\n".join(f"{'?' if one.is_doubt else '✗'} {one.message.zh} / {one.message.en}" for one in found.findings)
