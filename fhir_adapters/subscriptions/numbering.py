"""What changed becomes numbered events of those who want to know: without gaps, in the order it was stored.

A change is taken away in the transaction that gives the numbers: whatever kills the process, each change is numbered
once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.store import plain
from fhir_adapters import access
from fhir_adapters.access import Viewer
from fhir_adapters.store.subscriptions import Change, Subscribed, Subscriptions
from fhir_adapters.store.texts import Stored
from fhir_adapters.subscriptions.criteria import Version
from fhir_adapters.subscriptions.wishes import Wish, read_wish

BATCH = 500
ViewerOf = Callable[[Subscribed], Viewer]


def number_changes(conn: Any, region_id: str, viewer_of: ViewerOf, now: datetime) -> int:
    """One batch; answers how many changes were looked at, 0 also while another process does it."""
    rows = Subscriptions(conn, region_id)
    with conn.transaction():
        if not rows.may_number():
            return 0
        watching = rows.watching()
        changes = rows.take_changes(BATCH)
        versions = [_versions(region_id, change) for change in changes]
        for subscribed in watching:
            wish = wish_of(subscribed)
            wanted = [c.after for c, (before, after) in zip(changes, versions) if wish.is_event(before, after)]
            events = _allowed(rows, subscribed, viewer_of(subscribed), wanted) if wanted else []
            if events:
                rows.add_events(subscribed, events, now=now)
    return len(changes)


def wish_of(subscribed: Subscribed) -> Wish:
    """What is stored was read without a fault when it came."""
    return _wish(subscribed.body)


@lru_cache(maxsize=1000)
def _wish(body: str) -> Wish:
    return read_wish({"resourceType": "Subscription", "status": "requested", **plain.read(body)})


def _versions(region_id: str, change: Change) -> tuple[Version | None, Version]:
    after = Version(region_id, change.after.resource(), change.after.updated_at)
    before = change.before
    return Version(region_id, before.resource(), before.updated_at) if before else None, after


def _allowed(rows: Subscriptions, found: Subscribed, viewer: Viewer, wanted: Sequence[Stored]) -> list[Stored]:
    """Nothing is numbered that the subscriber may not know of: a gap or a count would tell of it."""
    readable = [one for one in wanted if access.allows(found.scopes, one.type, "read")]
    readable = [one for one in readable if viewer.sees(rows.region_id, one)]
    visible = rows.visible(viewer, sorted({(one.type, one.id) for one in readable}))
    return [one for one in readable if (one.type, one.id) in visible]
