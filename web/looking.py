"""For pages that only show: beneath their own questions the database gives of resources what the person may know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import g

from fhir_adapters.access import Viewer
from fhir_adapters.store import resources
from web import woman
from web.pages.blueprint import services, today


@contextmanager
def looking() -> Iterator[Any]:
    """A connection that can only read, sees one moment, and shows no woman of other organisations and nothing that is
    protected from this person. Not for pages that prepare a change: whose a document is, is asked of everybody."""
    with services().engine.read() as conn:
        resources.narrow(conn, Viewer.of(g.principal))
        yield conn


def looked_at(pregnancy_id: str) -> woman.Woman:
    """She, for a page about her; the look leaves an audit row. Raises NotFound for whoever may not know of her."""
    with looking() as conn:
        she = woman.of_pregnancy(services(), conn, pregnancy_id, g.principal, today())
    services().people.record_view(g.principal, interaction="read", pregnancy_id=pregnancy_id)
    return she
