"""The outlines of deployed diagrams, read once per content: a version never changes."""

from __future__ import annotations

from typing import Any

from engine.store import reads
from web.diagram import Outline, outline

_KNOWN: dict[str, Outline] = {}  # by the content's SHA-256


def of(services: Any, conn: Any, key: str, version: int | None = None) -> Outline | None:
    """The outline of one version of a process, the newest without `version`; None where there is none."""
    found = reads.definition(conn, services.region_id, "process", key, version)
    return _read(found.sha256, found.xml) if found else None


def newest(services: Any, conn: Any) -> dict[str, Outline]:
    """Process key -> outline of its newest version."""
    rows: dict[str, Any] = {}
    for row in reads.definitions(conn, services.region_id):
        if row.kind == "process" and (row.key not in rows or rows[row.key].version < row.version):
            rows[row.key] = row
    known = {}
    for key, row in sorted(rows.items()):
        found = _KNOWN.get(row.sha256) or of(services, conn, key, row.version)
        if found is not None:
            known[key] = found
    return known


def _read(sha256: str, xml: bytes) -> Outline:
    if sha256 not in _KNOWN:
        _KNOWN[sha256] = outline(xml)
    return _KNOWN[sha256]
