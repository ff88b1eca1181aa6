"""`yuntu bpmn check PATH...`: may these diagrams be deployed, do two interpreters agree, can anyone get stuck?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from lxml import etree

from engine.errors import EngineError, Text
from engine.model import read_bpmn
from engine.problems import Problem, Refused
from engine.rehearsal.soundness import examine
from engine.twin import compare
from engine.twin.rewrite import rewrite
from engine.twin.walk import guesses_for
from runtime.commands.shelf import Shelf, files_of, values_beside

CANNOT_END = frozenset({"deadlock", "dead-join", "cannot-end"})  # somebody who comes there stays for ever
SHOWN = 3  # differences of one file that people are shown; programs get all


@click.group()
def group() -> None:
    """流程图 / Diagrams."""


@group.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--paths", "walks", default=20, show_default=True, help="random paths on both interpreters, per process")
@click.option("--seed", default=1, show_default=True)
@click.option("--states", default=3000, show_default=True, help="how many states the search looks at, per process")
@click.option("--json", "as_json", is_flag=True)
def check(paths: tuple[str, ...], walks: int, seed: int, states: int, as_json: bool) -> None:
    """Check each file as a deployment would; then walk it on both interpreters and search its states.

    Ends with 1 where a file is refused, where the interpreters differ, and where a token can get stuck for ever.

    Example: yuntu bpmn check bpmn/ --json
    """
    files = files_of(paths, ".bpmn")
    if not files:
        raise click.UsageError("没有流程图 / no diagram (.bpmn, .bpmn20.xml) there")
    reports = [check_file(path, walks=walks, seed=seed, states=states) for path in files]
    summary = {
        "files": len(reports),
        "open": sum(r["opens"] for r in reports),
        "executable": sum(r["executable"] for r in reports),
    }
    if as_json:
        click.echo(json.dumps({"files": reports, "summary": summary}, ensure_ascii=False, default=str))
    else:
        for report in reports:
            _say(report)
        click.echo("{executable} of {files} executable".format(**summary))
    faulty = any(_differs(report) or _cannot_end(report) for report in reports)
    sys.exit(0 if summary["executable"] == summary["files"] and not faulty else 1)


def check_file(path: Path, *, walks: int = 20, seed: int = 1, states: int = 3000) -> dict[str, Any]:
    """The report of one file, in the shape of the contract. Never raises for what is in the file."""
    report: dict[str, Any] = {
        "path": str(path),
        "opens": False,
        "executable": False,
        "processes": [],
        "refused": [],
        "warnings": [],
        "round_trip_lost": [],
        "twin": {"paths": 0, "agreed": 0, "skipped": [], "differences": []},
        "soundness": {"states": 0, "complete": False, "findings": []},
    }
    try:
        xml = path.read_bytes()
        report["opens"], report["round_trip_lost"] = _round_trip(xml)
        shelf = Shelf([])
        model = read_bpmn(xml)
        report["warnings"] = [problem.as_json() for problem in (*model.warnings, *model.ignored)]
        shelf.add(path)
    except Refused as refused:
        report["refused"] = [p.as_json() for p in refused.problems if p.severity == "error"]
        report["warnings"] += [p.as_json() for p in refused.problems if p.severity != "error"]
        return report
    except (EngineError, OSError) as error:
        report["refused"] = [_unreadable(error).as_json()]
        return report
    report["executable"] = True
    for process_id in model.processes:
        program = shelf.library.programs[process_id]
        report["processes"].append({"id": process_id, "elements": len(program.elements)})
        _try(shelf, process_id, report, walks=walks, seed=seed, states=states)
    return report


def _try(shelf: Shelf, process_id: str, report: dict[str, Any], *, walks: int, seed: int, states: int) -> None:
    """Add what the twin and the search say of one process; what it calls and is not beside it is a warning."""
    shelf.complete(process_id)
    try:
        closure = shelf.library.closure(process_id)
    except Refused as refused:
        report["warnings"] += [p.as_json() for p in refused.problems]
        return
    diagrams = shelf.diagrams(closure.programs)
    twin = report["twin"]
    start, known = values_beside(Path(report["path"]))
    compared = compare(closure, process_id, diagrams, paths=walks, seed=seed, variables=start, known=known).as_json()
    for name in ("paths", "agreed"):
        twin[name] += compared[name]
    for name in ("skipped", "differences"):
        twin[name] += [item for item in compared[name] if item not in twin[name]]
    guesses = guesses_for([rewrite(xml) for xml in diagrams], known)
    found = examine(closure, guesses, variables=start, limit=states).as_json()
    soundness = report["soundness"]
    first = soundness["states"] == 0
    soundness["states"] += found["states"]
    soundness["complete"] = found["complete"] and (first or soundness["complete"])
    soundness["findings"] += found["findings"]


def _round_trip(xml: bytes) -> tuple[bool, list[str]]:
    """Can the file be read at all, and is it the same document after reading and writing it?"""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return False, []
    again = etree.fromstring(etree.tostring(tree, xml_declaration=True, encoding="UTF-8"), parser)
    same = etree.tostring(tree, method="c14n") == etree.tostring(again, method="c14n")
    return tree.tag.endswith("}definitions"), [] if same else ["document"]


def _unreadable(error: Exception) -> Problem:
    text = error.message if isinstance(error, EngineError) else Text(zh="文件无法读取", en="the file cannot be read")
    return Problem(element_id=None, element_type=None, code="unreadable", message=text)


def _differs(report: dict[str, Any]) -> bool:
    return bool(report["twin"]["differences"])


def _cannot_end(report: dict[str, Any]) -> bool:
    return any(finding["kind"] in CANNOT_END for finding in report["soundness"]["findings"])


def _say(report: dict[str, Any]) -> None:
    twin, soundness = report["twin"], report["soundness"]
    mark = "✓" if report["executable"] else "✗"
    click.echo(
        f"{mark} {report['path']}  twin {twin['agreed']}/{twin['paths']}  states {soundness['states']}"
        f"{'' if soundness['complete'] else '+'}  findings {len(soundness['findings'])}"
    )
    for problem in report["refused"]:
        click.echo(f"    ✗ {_place(problem)}{_both(problem['message'])}")
    for problem in report["warnings"]:
        click.echo(f"    ! {_place(problem)}{_both(problem['message'])}")
    for finding in soundness["findings"]:
        click.echo(
            f"    {'✗' if finding['severity'] == 'error' else '!'} {finding['kind']}: {_both(finding['message'])}"
        )
        if finding["path"]:
            click.echo(f"        {' → '.join(finding['path'])}")
    for difference in twin["differences"][:SHOWN]:
        click.echo(f"    ✗ {_difference(difference)}")
    if (more := len(twin["differences"]) - SHOWN) > 0:
        click.echo(f"      … +{more} (--json)")


def _place(problem: dict[str, Any]) -> str:
    return f"{problem['element_id']}: " if problem["element_id"] else ""


def _both(message: dict[str, str]) -> str:
    return f"{message['zh']} / {message['en']}"


def _difference(difference: dict[str, Any]) -> str:
    """Where two interpreters part, and how to get there."""
    way = " → ".join(f"{move['what']} {move['path']}" for move in difference["path"]) or "start"
    return (
        f"两个解释器不一致（种子 {difference['seed']}） / the two interpreters part with seed {difference['seed']}: "
        f"{difference['what']}: {difference['ours']} | SpiffWorkflow {difference['twin']}\n        {way}"
    )
