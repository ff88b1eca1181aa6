"""Reading for somebody: beneath the product's own questions the database shows no case and no task of other women."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workflows.people.model import Principal
from workflows.people.roles import OWNERS_OF_DIAGRAMS, ROLES
from workflows.services import Services
from workflows.store import people as store

EVERY_CASE = OWNERS_OF_DIAGRAMS | {role.id for role in ROLES.values() if role.reach == "region"}


def narrow(conn: Any, caller: Principal) -> None:
    """For the rest of the transaction: of tasks, cases and their history what the caller's organisations may know of,
    those that look after a woman, that were asked to do something for her, whose task it is. Whose role reaches the
    region knows of all of them; who keeps diagrams and machines running sees every case, of a woman's no clinical value
    (`api.operations`)."""
    if not caller.roles & EVERY_CASE:
        store.run(conn, "narrow_cases", organisations=sorted(caller.organisations))


@contextmanager
def reading_cases(services: Services, caller: Principal) -> Iterator[Any]:
    """A connection that can only read, sees one moment, and shows the caller's cases and tasks."""
    with services.engine.read() as conn:
        narrow(conn, caller)
        yield conn
