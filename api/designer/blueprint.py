"""`/api/definitions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from api.answers import definition_json, reply
from api.designer.statistics import statistics_json
from api.requests import idempotency, only, principal, query_flag
from engine.commands.contracts import Deploy, Deployed
from engine.errors import Malformed, NotFound
from engine.store import insight, reads
from workflows import audited
from workflows.services import Services
from workflows.soundness import searched

KINDS = ("process", "decision", "form")


def blueprint(services: Services) -> Blueprint:
    bp = Blueprint("definitions", __name__, url_prefix="/api/definitions")

    @bp.post("")
    def deploy() -> Response:
        """Check and deploy one BPMN or DMN file (or a Questionnaire). 422 with every reason at its element."""
        only("dry_run")
        dry_run = query_flag("dry_run")
        command = Deploy(files={f"upload{_kind(request.get_data())}": request.get_data()}, dry_run=dry_run)
        deployed = audited.execute(
            services, command, principal(), "definition", action="deploy", idempotency=idempotency()
        )
        deployed = _searched(services, command, deployed)
        first = deployed_json(deployed[0])
        return reply({**first, "deployed": [deployed_json(item) for item in deployed]}, 200 if dry_run else 201)

    @bp.get("")
    def definitions() -> Response:
        """Every definition and version."""
        only()
        with services.engine.read() as conn:
            found = reads.definitions(conn, services.region_id)
        return reply({"items": [definition_json(d) for d in found]})

    @bp.get("/<key>/<int:version>")
    def definition(key: str, version: int) -> Response:
        """One version."""
        return reply(definition_json(_found(services, key, version)))

    @bp.get("/<key>/<int:version>.bpmn")
    @bp.get("/<key>/<int:version>.dmn")
    @bp.get("/<key>/<int:version>.json")
    def definition_xml(key: str, version: int) -> Response:
        """The file byte for byte as it was uploaded."""
        found = _found(services, key, version)
        kind = "application/json" if found.kind == "form" else "application/xml"
        return Response(found.xml, content_type=kind, headers={"ETag": f'"{found.sha256}"'})

    @bp.get("/<key>/<int:version>/statistics")
    def statistics(key: str, version: int) -> Response:
        """Counts and times by element, and how often each rule matched, over all instances of one version."""
        only()
        with services.engine.read() as conn:
            found = insight.statistics(conn, services.region_id, key, version, services.clock())
        return reply(statistics_json(found))

    return bp


def _searched(services: Services, command: Deploy, deployed: Sequence[Deployed]) -> list[Deployed]:
    """With what the soundness search says of each process among the warnings."""
    more = searched(services, command.files)
    return [replace(item, warnings=(*item.warnings, *more.get(item.key, ()))) for item in deployed]


def deployed_json(item: Deployed) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "key": item.key,
        "version": item.version,
        "sha256": item.sha256,
        "created": item.created,
        "warnings": [warning.as_json() for warning in item.warnings],
    }


def _kind(content: bytes) -> str:
    """By its first letter and the namespace it declares; the reader of that kind does the checking."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"{"):
        return ".json"
    if not head.startswith(b"<"):
        raise Malformed("内容应为 BPMN 或 DMN 文件", "the body must be a BPMN or DMN file", code="not-xml")
    return ".dmn" if b"/DMN/" in content[:65536] and b"/BPMN/" not in content[:65536] else ".bpmn"


def _found(services: Services, key: str, version: int) -> Any:
    with services.engine.read() as conn:
        for kind in KINDS:
            found = reads.definition(conn, services.region_id, kind, key, version)
            if found is not None:
                return found
    raise NotFound("没有此定义", "no such definition")
