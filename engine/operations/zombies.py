"""The scan for instances that nothing will ever move: each five minutes, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.commands.contracts import Actor, ReportZombie
from engine.store.reads import SQL

if TYPE_CHECKING:
    from engine.engine import Engine

PAGE = 5_000  # instances looked at in one statement


def scan(engine: Engine, *, by: Actor, page: int = PAGE) -> int:
    """How many incidents are open now for instances that stand still. Anybody may run it at any time."""
    found = 0
    after: UUID | None = None
    while True:
        asked: dict[str, Any] = {"region_id": engine.region_id, "after": after, "limit": page}
        with engine.read() as conn:
            end = conn.execute(SQL["find_end_of_page"], asked).fetchone()
            until = end[0] if end else None
            suspects = conn.execute(SQL["read_unserved"], {**asked, "until": until}).fetchall()
        for (instance_id,) in suspects:
            found += bool(engine.execute(ReportZombie(instance_id=instance_id), by=by))
        if until is None:
            return found
        after = until
