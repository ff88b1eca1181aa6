"""Whether a migration can still be taken back."""

from __future__ import annotations

from uuid import UUID

from engine.store.reads import SQL, Conn


def came_from(conn: Conn, region_id: str, instance_id: UUID, revision: int) -> int | None:
    """The version an instance would go back to; None where there is no way back: nothing was migrated, or it has moved
    since."""
    asked = {"region_id": region_id, "instance_id": instance_id, "revision": revision}
    row = conn.execute(SQL["read_state_before"], asked).fetchone()
    return None if row is None else int(row[0])
