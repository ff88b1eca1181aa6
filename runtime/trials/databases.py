"""Databases that live as long as a trial."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

from engine.store.connections import configure
from runtime.database import embedded, migrate

RELEASE = """
UPDATE timer SET locked_until = NULL WHERE locked_until < 'infinity';
UPDATE job SET locked_until = '2000-01-01' WHERE state = 'running'
"""  # the time that a dead worker's claims take to run out


@contextmanager
def looking(pool: Any) -> Iterator[Connection[Any]]:
    """As the owner, to whom no policy applies: what whoever judges sees and changes beside the application."""
    with psycopg.connect(make_conninfo(pool.conninfo, user=embedded.ROLE)) as conn:
        configure(conn)
        yield conn


@contextmanager
def trial_database(server: str | None = None) -> Iterator[str]:
    """Address of a new, migrated database: on the given server, or on one of its own that is gone afterwards."""
    if server is None:
        with embedded.throw_away() as url, trial_database(url) as database:
            yield database
        return
    with empty_database(server) as database:
        migrate.migrate(database)
        yield database


@contextmanager
def empty_database(server: str, template: str = "template1") -> Iterator[str]:
    """`template`: name of a database to copy, that nobody is connected to."""
    name = f"trial_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        admin.execute(copied)
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
