"""Process diagrams: the list, the drawing board, the gate, and going live as a new version."""

from __future__ import annotations

from typing import Any

from flask import Response, g, jsonify, render_template, request

from engine.commands.contracts import Deploy
from engine.errors import Malformed, NotFound
from engine.problems import Problem, Refused
from engine.store import reads
from web import outlines
from web.language import current
from web.pages.blueprint import bp, services
from workflows import audited
from workflows.soundness import searched

LARGEST = 2_000_000  # bytes of XML
TABLE = b"/spec/DMN/"  # in the namespace of every decision table


@bp.get("/design")
def definitions() -> str:
    """Every process with its versions and the instances that run on each."""
    with services().engine.read() as conn:
        region = services().region_id
        known = [d for d in reads.definitions(conn, region) if d.kind == "process"]
        processes: dict[str, list[Any]] = {}
        for definition in sorted(known, key=lambda d: (d.key, -d.version)):
            processes.setdefault(definition.key, []).append(definition)
        running = {key: _running(conn, key) for key in processes}
        called_by: dict[str, list[str]] = {}
        calling = set()
        for key, known_outline in outlines.newest(services(), conn).items():
            for called in sorted({one.calls for one in known_outline.elements.values() if one.calls}):
                called_by.setdefault(called, []).append(known_outline.name or key)
                calling.add(key)
    return render_template(
        "definitions.html",
        processes=processes,
        running=running,
        called_by=called_by,
        calling=calling,
        done=request.args.get("done") == "1",
    )


@bp.get("/design/<key>")
def designer(key: str) -> str:
    """The drawing board with one version of a process, the newest unless the address names another."""
    wanted = request.args.get("version", "")
    with services().engine.read() as conn:
        region = services().region_id
        shown = _definition(conn, key, int(wanted) if wanted.isdecimal() else None)
        every = reads.definitions(conn, region)
        running = _running(conn, key)
        waiting = reads.waiting_counts(conn, region, key, shown.version)
    versions = sorted({d.version for d in every if d.kind == "process" and d.key == key}, reverse=True)
    g.shows_diagram = True
    return render_template(
        "designer.html",
        definition=shown,
        versions=versions,
        running=running,
        choices=_choices(every, waiting),
    )


def _running(conn: Any, key: str) -> dict[int, int]:
    """Open instances by version."""
    counts = reads.instance_counts(conn, services().region_id, key)
    open_ones = {v: c.get("active", 0) + c.get("suspended", 0) for v, c in counts.items()}
    return {version: count for version, count in open_ones.items() if count}


def _choices(every: Any, waiting: dict[str, int]) -> dict[str, Any]:
    """What the panel offers to choose from, and the counts to draw on the elements."""
    by_kind: dict[str, dict[str, str]] = {"form": {}, "decision": {}, "process": {}}
    for definition in every:
        by_kind.setdefault(definition.kind, {})[definition.key] = definition.name or definition.key
    return {
        "forms": by_kind["form"],
        "decisions": by_kind["decision"],
        "processes": by_kind["process"],
        "waiting": waiting,
        "lang": current(),
    }


@bp.get("/design/<key>/<int:version>.bpmn")
def definition_xml(key: str, version: int) -> Response:
    """The diagram as it was uploaded, for the viewer and the drawing board."""
    with services().engine.read() as conn:
        found = _definition(conn, key, version)
    return Response(found.xml, mimetype="application/xml")


@bp.post("/design/check")
def check_definition() -> Response:
    """What the gate and the search for dead ends say of this XML, each at its element. Nothing is stored."""
    return _through_the_gate(dry_run=True)


@bp.post("/design/deploy")
def deploy_definition() -> Response:
    """201 as a new version; 422 with every finding. Running instances stay on their version."""
    return _through_the_gate(dry_run=False)


def _through_the_gate(*, dry_run: bool) -> Response:
    """A diagram, or a decision table by the namespace that it names."""
    xml = request.get_data(cache=False)
    if not xml or len(xml) > LARGEST:
        raise Malformed("图为空或过大", "the diagram is empty or too large")
    try:
        command = Deploy(files={"table.dmn" if TABLE in xml[:2000] else "diagram.bpmn": xml}, dry_run=dry_run)
        deployed = audited.execute(services(), command, g.principal, "definition", action="deploy")
    except Refused as refused:
        return _json({"problems": [_finding(p) for p in refused.problems], "deployed": []}, 422)
    found = searched(services(), command.files)
    warnings = [_finding(p) for d in deployed for p in (*d.warnings, *found.get(d.key, ()))]
    named = [{"kind": d.kind, "key": d.key, "version": d.version, "created": d.created} for d in deployed]
    return _json({"problems": warnings, "deployed": named}, 200 if dry_run else 201)


def _finding(problem: Problem) -> dict[str, Any]:
    return problem.as_json() | {"severity": problem.severity}


def _json(value: dict[str, Any], status: int) -> Response:
    answer = jsonify(value)
    answer.status_code = status
    return answer


def _definition(conn: Any, key: str, version: int | None) -> Any:
    found = reads.definition(conn, services().region_id, "process", key, version)
    if found is None:
        raise NotFound("没有这个流程或版本", "no such process or version")
    return found
