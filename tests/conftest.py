"""A real PostgreSQL for every test that asks for one: `server` once per run, `database` new and migrated per test."""

from __future__ import annotations

import gc
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from engine.store.connections import open_pool
from runtime.database import embedded, migrate
from runtime.database.roles import as_application
from tests.databases import administration, copied


class Compiled(BytecodeCache):
    """Templates of the pages, compiled once for all applications of a run: each test makes its own application."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


# Few tests that take long each: servers, browsers, whole installations. A run should end with short files.
LONG = (
    *("tests/recovery", "tests/journey", "tests/clients", "tests/scale", "tests/twin", "tests/rehearsal"),
    *("tests/fhir/test_two", "tests/fhir/test_consulting", "tests/fhir/test_referred_on", "tests/fhir/test_app_"),
    *("tests/fhir/test_conformance", "tests/fhir/test_scopes", "tests/fhir/test_tolerances", "tests/fhir/test_bursts"),
    *("tests/api/test_serve", "tests/api/test_command_line", "tests/api/test_background", "tests/operations"),
    *("tests/web", "tests/unit/forms/test_form_in_browser", "tests/inbound/test_mllp", "tests/store/test_embedded"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files begin, each as a whole; the others follow in their order. (Left alone, the scheduler begins with
    the files of many tests, and two workers end with a browser each.)"""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: every later collection would look through all of it again, which
    was a fifth of what a test with an application costs."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    before = Flask.jinja_options
    Flask.jinja_options = {**before, "bytecode_cache": Compiled()}
    yield
    Flask.jinja_options = before


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
    with administration(server) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        migrate.migrate(make_conninfo(server, dbname=name))
        yield name
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(server: str, template: str) -> Iterator[str]:
    """Address of a new, migrated, empty database, as the role that owns it: the application's is `as_application`."""
    with copied(server, template) as url:
        yield url


@pytest.fixture
def pool(database: str) -> Iterator[ConnectionPool]:
    with open_pool(as_application(database), max_size=10) as opened:
        yield opened


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
