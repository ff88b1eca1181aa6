"""Numbered migrations, each applied once, in order, in its own transaction, by one process at a time."""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from engine.errors import Busy
from runtime.database.embedded import program
from runtime.database.roles import ensure_application, is_owner, require_all_rows, require_owner
from runtime.database.security import secure

FOLDER = Path(__file__).parent / "migrations"
SCHEMA_FILE = Path(__file__).parent / "schema.sql"
LOCK = 7_305_811_404_101_221  # any number nobody else uses as an advisory lock
LONGEST_WAIT = "2s"  # for a lock on a table; steps queue behind it meanwhile
PAUSE_S, TRIES = 0.5, 60

_FILE_NAME = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True)
class Migration:
    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class MigrationMismatch(Exception):
    """The database was changed by a migration that this release does not have, or has in another form."""


def on_disk(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order. Raises ValueError for a file name that is not NNNN_name.sql or a number used twice."""
    migrations = []
    for file in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.match(file.name)
        if match is None:
            raise ValueError(f"{file.name}: a migration is named NNNN_name.sql")
        migrations.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    if len({m.version for m in migrations}) != len(migrations):
        raise ValueError("two migrations have one number")
    return migrations


GIVEN_APART = """
CREATE OR REPLACE FUNCTION given_is_apart() RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = public, pg_temp AS 'SELECT true'
"""


def finish_upgrade(url: str) -> bool:
    """What the release before could not read is written from now on. False where it was already. Raises Busy while
    migrations are missing, Forbidden for who does not own the tables."""
    with psycopg.connect(url, autocommit=True) as conn:
        require_owner(conn)
        if _missing(conn):
            raise Busy("数据库结构还未升级：yuntu db migrate", "the schema is not the newest yet: yuntu db migrate")
        with conn.transaction():
            if conn.execute("SELECT given_is_apart()").fetchall() == [(True,)]:
                return False
            conn.execute(GIVEN_APART)
    return True


def migrate(url: str) -> list[Migration]:
    """Bring the database to the newest schema; answers what was applied. Safe to call from every process at start, also
    as the application's role while nothing is missing. Raises Forbidden."""
    with psycopg.connect(url, autocommit=True) as conn:
        if not _missing(conn) and not is_owner(conn):
            return []
        require_owner(conn)
        ensure_application(conn)
        conn.execute("SET row_security = off")  # a migration to which policies apply fails, it does not miss rows
        conn.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        conn.execute(_TABLE)
        missing = _missing(conn)
        conn.execute("SELECT set_config('lock_timeout', %s, false)", [LONGEST_WAIT])
        for migration in missing:
            _between_others(partial(_apply, conn, migration))
        _between_others(partial(secure, conn))
        return missing


def _apply(conn: psycopg.Connection[Any], migration: Migration) -> None:
    with conn.transaction():
        conn.execute(migration.sql.encode())
        conn.execute(
            "INSERT INTO schema_migration (version, name, sha256) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.sha256],
        )


def _between_others(change: Callable[[], None]) -> None:
    """Who waits for a whole table makes everybody behind him wait too: so give way soon, and come again.

    Raises Busy with nothing of the change done."""
    for _ in range(TRIES):
        try:
            return change()
        except errors.LockNotAvailable:
            time.sleep(PAUSE_S)
    raise Busy(
        f"数据库结构升级等不到表锁，已尝试 {TRIES} 次；没有改动，请在空闲时再试",
        f"the migration got no lock on a table in {TRIES} tries; nothing is changed, try again when there is less work",
    )


def owner_connection(url: str) -> psycopg.Connection[Any]:
    """For work on the whole database, as a role that sees all of it; never a part of the rows. Raises Forbidden."""
    conn = psycopg.connect(url, autocommit=True)
    try:
        require_all_rows(conn)
        conn.execute("SET row_security = off")
    except BaseException:
        conn.close()
        raise
    return conn


def status(url: str) -> dict[str, Any]:
    """Which versions are applied, which wait."""
    with psycopg.connect(url, autocommit=True) as conn:
        missing, applied = _missing(conn), _applied(conn)
    return {
        "schema_version": max(applied, default=None),
        "newest": max((m.version for m in on_disk()), default=0),
        "missing": [f"{m.version:04}_{m.name}" for m in missing],
    }


def _missing(conn: psycopg.Connection) -> list[Migration]:
    applied = _applied(conn)
    known = {m.version: m for m in on_disk()}
    for version, sha256 in applied.items():
        if version not in known:
            raise MigrationMismatch(f"the database has migration {version}, which this release does not know")
        if known[version].sha256 != sha256:
            raise MigrationMismatch(f"migration {version} was changed after it had been applied")
    return [m for version, m in sorted(known.items()) if version not in applied]


def _applied(conn: psycopg.Connection) -> dict[int, str]:
    there = conn.execute("SELECT to_regclass('public.schema_migration') IS NOT NULL").fetchone()
    if not (there and there[0]):
        return {}
    return dict(conn.execute("SELECT version, sha256 FROM schema_migration").fetchall())


def dump_schema(url: str) -> str:
    """The schema as SQL text, without what differs between two dumps of the same schema."""
    command = [str(program("pg_dump")), "--schema-only", "--no-owner", "--no-privileges", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict", "-- Dumped"))]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
