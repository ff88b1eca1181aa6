"""Pages of what a token with narrowed scopes may see: what lies outside is left out, and the page is filled from what
follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fhir_adapters.access import Viewer
from fhir_adapters.issues import refuse
from fhir_adapters.store.texts import Stored

AT_ONCE, ROUNDS = 500, 40
Row = TypeVar("Row")


def page(
    viewer: Viewer,
    region_id: str,
    limit: int,
    fetch: Callable[[int, Row | None], list[Row]],
    stored_of: Callable[[Row], Stored],
) -> list[Row]:
    """Rows of `fetch(limit, last)`, where `last` is the row before. Raises 400 where there is too much to look through:
    a shorter answer would say that there is nothing more."""
    if viewer.narrowing is None:
        return fetch(limit, None)
    found: list[Row] = []
    last: Row | None = None
    for _ in range(ROUNDS):
        rows = fetch(AT_ONCE, last)
        found += [row for row in rows if viewer.sees(region_id, stored_of(row))]
        if len(found) >= limit or len(rows) < AT_ONCE:
            return found[:limit]
        last = rows[-1]
    text = "范围过大，请用 _since 缩小", "too much to look through, narrow it by _since"
    raise refuse(400, "too-costly", "MCH-S-004", *text, allowed=str(AT_ONCE * ROUNDS))
