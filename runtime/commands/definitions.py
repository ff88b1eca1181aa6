"""`yuntu deploy`, `yuntu definitions`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.clock import CHINA
from engine.commands.contracts import Deploy
from engine.problems import Refused
from engine.store import plain, reads
from runtime import start
from runtime.commands.holding import resume, suspend
from runtime.commands.output import json_option, services, show, table
from runtime.commands.shelf import OTHER_NAME
from workflows.soundness import searched

ENDINGS = (".bpmn", ".dmn", ".json")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="check only / 只检查")
@json_option
@click.pass_context
def deploy(ctx: click.Context, paths: tuple[Path, ...], dry_run: bool, as_json: bool) -> None:
    """部署 / Deploy diagrams, decision tables and forms; all of them or, where one is refused, none.

    Example: yuntu deploy bpmn/ --dry-run
    """
    files = {_named(path): path.read_bytes() for path in _files(paths)}
    if not files:
        raise click.UsageError("nothing to deploy: no .bpmn, .dmn or .json file")
    with services() as built:
        try:
            deployed = built.engine.execute(Deploy(files=files, dry_run=dry_run), by=start.INSTALLER)
        except Refused as error:
            refused = [problem.as_json() for problem in error.problems]
            show({"refused": refused}, as_json, lambda: table([_line(p) for p in refused]))
            ctx.exit(1)
        more = searched(built, files)
    found = [
        {
            "kind": d.kind,
            "key": d.key,
            "version": d.version,
            "sha256": d.sha256,
            "created": d.created,
            "warnings": [w.as_json() for w in (*d.warnings, *more.get(d.key, ()))],
        }
        for d in deployed
    ]
    show({"deployed": found}, as_json, lambda: _told(found))


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def definitions(ctx: click.Context, as_json: bool) -> None:
    """已部署的定义 / Every definition and version."""
    if ctx.invoked_subcommand is not None:
        return
    with services() as built, built.engine.read() as conn:
        found = [
            {
                "kind": d.kind,
                "key": d.key,
                "version": d.version,
                "name": d.name,
                "sha256": d.sha256,
                "deployed_at": d.deployed_at.astimezone(CHINA).isoformat(),
                "deployed_by": d.deployed_by,
                "suspended": d.suspended,
            }
            for d in reads.definitions(conn, built.region_id)
        ]
    show({"items": found}, as_json, lambda: table([_row(d) for d in found]))


definitions.add_command(suspend)
definitions.add_command(resume)


def _told(found: list[dict[str, Any]]) -> str:
    """What is live now, and what somebody should look at before a case stands there."""
    warnings = [("!", d["key"], *_line(w)) for d in found for w in d["warnings"]]
    return "\n".join(filter(None, [table([(d["kind"], d["key"], d["version"]) for d in found]), table(warnings)]))


def _row(definition: dict[str, Any]) -> tuple[Any, ...]:
    held = "已暂停启动 / suspended" if definition["suspended"] else ""
    return (definition["kind"], definition["key"], definition["version"], definition["name"] or "", held)


def _files(paths: tuple[Path, ...]) -> list[Path]:
    found = []
    for path in paths:
        found += [p for p in sorted(path.rglob("*")) if _is_deployed(p)] if path.is_dir() else _by_name([path])
    cases = [p.with_suffix(".cases.csv") for p in found if p.suffix == ".dmn"]
    return found + [path for path in cases if path.exists()]


def _by_name(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.suffix in ENDINGS or path.name.endswith(OTHER_NAME)]


def _is_deployed(path: Path) -> bool:
    """Of a folder: what has the right ending, and of JSON files only forms."""
    return bool(_by_name([path])) and (path.suffix != ".json" or _is_form(path))


def _named(path: Path) -> str:
    """The kind of a file is known by its ending."""
    return f"{path.name.removesuffix(OTHER_NAME)}.bpmn" if path.name.endswith(OTHER_NAME) else path.name


def _is_form(path: Path) -> bool:
    document: Any = plain.loads(path.read_bytes())
    return isinstance(document, dict) and document.get("resourceType") == "Questionnaire"


def _line(problem: dict[str, Any]) -> tuple[str, ...]:
    return (problem["element_id"] or "-", problem["code"], problem["message"]["zh"], problem["message"]["en"])
