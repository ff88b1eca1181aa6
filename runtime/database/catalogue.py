"""What the database itself says about its tables of case data: no list to forget a table in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

OF_THE_INSTALLATION = ("region_catalogue", "region_move")  # have a region's name in it, but stay where they are

_TABLES = """
SELECT c.oid::bigint, c.relname, array_agg(a.attname::text ORDER BY a.attnum)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND a.attgenerated = ''
 GROUP BY c.oid, c.relname ORDER BY c.relname
"""
_REFERENCES = """
SELECT conrelid::bigint, confrelid::bigint FROM pg_constraint
 WHERE contype = 'f' AND conrelid <> confrelid AND conparentid = 0
"""


@dataclass(frozen=True)
class Table:
    oid: int
    name: str
    columns: tuple[str, ...]


def all_tables(conn: Connection[Any]) -> list[Table]:
    return [Table(oid, name, tuple(columns)) for oid, name, columns in conn.execute(_TABLES).fetchall()]


def case_tables(conn: Connection[Any]) -> list[Table]:
    """Every table whose rows belong to a region, those that others refer to first."""
    found = {t.oid: t for t in all_tables(conn) if "region_id" in t.columns and t.name not in OF_THE_INSTALLATION}
    needs: dict[int, set[int]] = {oid: set() for oid in found}
    for child, parent in conn.execute(_REFERENCES).fetchall():
        if child in found and parent in found:
            needs[child].add(parent)
    ordered: list[Table] = []
    while needs:
        free = [oid for oid, parents in needs.items() if not parents & needs.keys()]
        if not free:
            raise ValueError("tables refer to each other in a circle")
        ordered += [found[oid] for oid in free]
        for oid in free:
            del needs[oid]
    return ordered


def start_tables(conn: Connection[Any]) -> list[Table]:
    """What starts which process: of the installation, made by deployments."""
    return [
        t
        for t in all_tables(conn)
        if "definition_key" in t.columns and "region_id" not in t.columns and t.name != "definition"
    ]
