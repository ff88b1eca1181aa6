"""A real PostgreSQL for every test that asks for one: `server` once per run, `database` new and migrated per test."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from runtime.database.roles import as_application


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a server to make databases on: `YUNTU_DATABASE_URL`, or an embedded one for this run."""
    if url := os.environ.get("YUNTU_DATABASE_URL"):
        yield url
        return
    with embedded.throw_away(is_fleeting=True) as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """Name of a migrated database that the tests copy."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    with _administration(server) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        migrate.migrate(make_conninfo(server, dbname=name))
        yield name
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """Address of a new, migrated, empty database, as the role that owns it: the application's is `as_application`."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _administration(server) as admin:
        _copy(admin, template, name)
    yield make_conninfo(server, dbname=name)
    with _administration(server) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with open_pool(as_application(database), max_size=10) as opened:
        yield opened


def _copy(admin: psycopg.Connection, template: str, name: str) -> None:
    """By cloning files where the file system can, which takes a tenth of the time."""
    try:
        admin.execute("SET file_copy_method = clone")
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    except psycopg.Error:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _administration(server: str) -> psycopg.Connection:
    return psycopg.connect(server, autocommit=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, or the one that CHROMIUM names; one for all rooms, since it keeps a loop in its thread."""
    from playwright.sync_api import sync_playwright

    quiet = ["quic", "first-run", "background-networking", "component-update", "sync"]
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        *(f"--disable-{word}" for word in quiet if word != "first-run"),
    ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=flags
        )
        yield started
        started.close()
