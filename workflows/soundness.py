"""What the search for dead ends says of diagrams, with the called processes that are live."""

from __future__ import annotations

from collections.abc import Mapping

from engine.problems import Problem
from engine.rehearsal.soundness.deployment import soundness_warnings
from engine.store import reads
from workflows.services import Services


def searched(services: Services, files: Mapping[str, bytes]) -> dict[str, list[Problem]]:
    """By process the findings, each at its element; files that are no diagrams say nothing."""

    def live(key: str) -> bytes | None:
        with services.engine.read() as conn:
            found = reads.definition(conn, services.region_id, "process", key)
        return None if found is None else bytes(found.xml)

    return soundness_warnings([content for name, content in files.items() if name.endswith(".bpmn")], live)
