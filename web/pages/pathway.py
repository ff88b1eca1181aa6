"""The pathway to read: every process with its diagram, who does what by when, which clocks run, and the sources."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from flask import g, render_template, request

from engine.errors import NotFound
from engine.store import reads
from web.pages.blueprint import bp, services
from workflows.processes import Process, process, values

STAGE = re.compile(r"P(\d\d)")


@bp.get("/pathway")
def pathway() -> str:
    """Every process in its newest version, with what it is for."""
    with services().engine.read() as conn:
        told = [(version, _told(conn, key, version)) for key, version in sorted(_newest(conn).items())]
    return render_template("pathway.html", processes=sorted(told, key=lambda row: _place(row[1])))


def _place(told: Process) -> tuple[bool, int]:
    """The whole first, then by the stage that each description begins with (P01 … P22), then what names none."""
    stage = STAGE.match(told.chinese)
    return told.key != "pregnancy_journey", int(stage[1]) if stage else 99


@bp.get("/pathway/<key>")
def pathway_process(key: str) -> str:
    """One process. 404 where there is none of this name or version."""
    asked = request.args.get("version", "")
    with services().engine.read() as conn:
        newest = _newest(conn)
        version = int(asked) if asked.isdecimal() else newest.get(key)
        if version is None:
            raise NotFound("没有这个流程或版本", "no such process or version")
        told = _told(conn, key, version)
    g.shows_diagram = True
    policy = services().regions(services().settings.pack).policy()
    return render_template(
        "pathway_process.html",
        told=told,
        version=version,
        newest=newest,
        values=lambda expression: values(expression, policy),
    )


def _newest(conn: Any) -> dict[str, int]:
    """Process key -> its newest version."""
    found: dict[str, int] = {}
    for row in reads.definitions(conn, services().region_id):
        if row.kind == "process":
            found[row.key] = max(row.version, found.get(row.key, 0))
    return found


def _told(conn: Any, key: str, version: int) -> Process:
    found = reads.definition(conn, services().region_id, "process", key, version)
    if found is None:
        raise NotFound("没有这个流程或版本", "no such process or version")
    return _read(found.xml)


@lru_cache(maxsize=200)
def _read(xml: bytes) -> Process:
    """A version never changes."""
    return process(xml)
