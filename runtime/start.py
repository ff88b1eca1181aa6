"""Making an installation ready: schema, clock, definitions, and at first start the demonstration county."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from engine.commands.contracts import Actor, Deploy, Deployed
from runtime.clock import ManualClock
from runtime.database import embedded
from runtime.database.migrate import migrate
from runtime.settings import Settings
from workflows.people.model import Principal
from workflows.services import Services

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = (
    ("bpmn", "*.bpmn"),
    ("bpmn/decisions", "*.dmn"),
    ("bpmn/decisions", "*.cases.csv"),  # a table whose cases fail is not deployed
    ("workflows/forms/questionnaires", "*.json"),
)
INSTALLER = Actor(id="yuntu", kind="engine")
AT_THE_MACHINE = Principal(id="yuntu", kind="engine", login="yuntu", name="yuntu", organisation="")


def prepare_database(settings: Settings) -> None:
    """The newest schema; a manual clock stands where it is told to begin, once."""
    with _owner_url(settings) as url:
        migrate(url)
        if settings.manual_clock_at is not None:
            clock = ManualClock(url)
            clock.set_once(settings.manual_clock_at)
            clock.close()


def gather_statistics(settings: Settings) -> None:
    """After many rows came at once: without statistics the first minute's reports are planned for empty tables."""
    with _owner_url(settings) as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")


@contextmanager
def _owner_url(settings: Settings) -> Iterator[str]:
    server = None if settings.database_url else embedded.attach(settings.home)
    try:
        yield settings.owner_url or settings.database_url or (server.url() if server else "")
    finally:
        if server:
            server.release()


def empty_database(settings: Settings) -> None:
    """Forget everything in the embedded database of this home."""
    server = embedded.attach(settings.home)
    try:
        with psycopg.connect(server.url(), autocommit=True) as conn:
            conn.execute("DROP SCHEMA IF EXISTS public, procrastinate CASCADE")
            conn.execute("CREATE SCHEMA public")
    finally:
        server.release()


def definitions_on_disk(root: Path = ROOT) -> dict[str, bytes]:
    """Every diagram, table and form that this release brings."""
    return {
        path.name: path.read_bytes()
        for folder, pattern in DEFINITIONS
        for path in sorted((root / folder).glob(pattern))
    }


def deploy_shipped(services: Services) -> list[Deployed]:
    """Deploy what the release brings; a file that did not change makes no new version."""
    files = definitions_on_disk()
    return services.engine.execute(Deploy(files=files), by=INSTALLER) if files else []


def is_empty(services: Services) -> bool:
    """Nobody has an account yet: a first start."""
    return not services.people.organisations()


def report(deployed: list[Deployed]) -> dict[str, Any]:
    return {"deployed": sum(item.created for item in deployed), "unchanged": sum(not item.created for item in deployed)}
