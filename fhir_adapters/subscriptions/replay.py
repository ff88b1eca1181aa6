"""Events that were told are told again: the receiver knows each by its number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.errors import NotFound
from fhir_adapters.store.subscriptions import Subscriptions


def replay(conn: Any, region_id: str, subscription_id: str, first: int, now: datetime) -> str:
    """From event `first` on, or the oldest that is kept; answers the subscription's id. One in error goes on with it.
    Raises NotFound where it is off or never was."""
    rows = Subscriptions(conn, region_id)
    found = rows.one(subscription_id[:64])
    if found is None or found.status == "off":
        raise NotFound("没有此订阅，或已停止", "no such subscription, or it is off")
    before = max(first, rows.oldest_kept(found.id), 1) - 1
    rows.rewind(found.id, min(before, found.sent_number), now=now)
    return found.id
