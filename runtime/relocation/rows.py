"""Rows of a table as lines of text, out and in, with a digest that does not depend on their order.

Two servers may sort text differently, so the digest of a table is the sum of its lines' SHA-256: the same rows in any
order give the same number, one byte more or less gives another.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from engine.errors import Incorrect

_MODULUS = 1 << 256
LARGEST_RATIO = 100  # every row has an id that nothing else has: they do not shrink so far
PART = 1 << 20
SETTINGS = {"DateStyle": "ISO", "TimeZone": "UTC", "IntervalStyle": "postgres", "bytea_output": "hex"}


@dataclass
class Digest:
    rows: int = 0
    _sum: int = field(default=0, repr=False)

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest())) % _MODULUS

    def __str__(self) -> str:
        return f"{self._sum:064x}"


def speak_plainly(conn: Connection[Any]) -> None:
    """The same text for the same value on every server."""
    for name, value in SETTINGS.items():
        conn.execute("SELECT set_config(%s, %s, false)", [name, value])


def rows_of_region(table: str, region_id: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("SELECT {} FROM {} WHERE region_id = {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table), sql.Literal(region_id)
    )


def lines(conn: Connection[Any], query: sql.Composed) -> Iterator[bytes]:
    with conn.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy:
        for row in copy:
            yield bytes(row)


def write(conn: Connection[Any], query: sql.Composed, file: Path) -> Digest:
    """The rows of a query into a new compressed file that only its owner may read."""
    digest = Digest()
    file.touch(mode=0o600, exist_ok=False)
    with gzip.open(file, "wb", compresslevel=4) as out:
        for line in lines(conn, query):
            digest.add(line)
            out.write(line)
    return digest


def described(conn: Connection[Any], query: sql.Composed) -> dict[str, Any]:
    digest = Digest()
    for line in lines(conn, query):
        digest.add(line)
    return {"rows": digest.rows, "digest": str(digest)}


def unpacked(file: Path) -> Iterator[bytes]:
    """The parts of a file. Raises Incorrect for one that grows beyond what rows do."""
    most = LARGEST_RATIO * file.stat().st_size + PART
    with gzip.open(file, "rb") as given:
        while part := given.read(PART):
            most -= len(part)
            if most < 0:
                raise Incorrect(
                    f"压缩文件 {file.name} 解压后过大",
                    f"{file.name} unpacks to more than {LARGEST_RATIO} times its size",
                    code="export-damaged",
                )
            yield part


def described_file(file: Path) -> dict[str, Any]:
    """As `described`, of the lines that a file holds."""
    digest, rest = Digest(), b""
    for part in unpacked(file):
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            digest.add(line + b"\n")
    return {"rows": digest.rows, "digest": str(digest)}


def read(conn: Connection[Any], table: str, columns: tuple[str, ...], file: Path) -> None:
    """The lines of a file into a table. Raises Incorrect for one that grows beyond what rows do."""
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with conn.cursor().copy(target) as copy:
        for part in unpacked(file):
            copy.write(part)


def sha256_of(file: Path) -> str:
    with file.open("rb") as given:
        return hashlib.file_digest(given, "sha256").hexdigest()
