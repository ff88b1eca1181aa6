"""Where a list goes on: what `next` gave comes back as `after`, opaque to the caller."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request

from engine.errors import Malformed


def next_after(rows: list[Any], limit: int, place: Callable[[Any], tuple[Any, ...]]) -> str | None:
    """For a list read with one row more than asked for: how it continues after the last row that is shown."""
    if len(rows) <= limit:
        return None
    values = [value.isoformat() if isinstance(value, datetime) else str(value) for value in place(rows[limit - 1])]
    return urlsafe_b64encode(json.dumps(values).encode()).decode()


def after(*readers: Callable[[str], Any]) -> tuple[Any, ...] | None:
    """The place that `after` names, each part read by its reader. Raises Malformed."""
    given = request.args.get("after")
    if not given:
        return None
    try:
        values = json.loads(urlsafe_b64decode(given))
        if len(values) != len(readers):
            raise ValueError(given)
        return tuple(reader(value) for reader, value in zip(readers, values))
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed("after 参数无效", "this is no value that `next` gave", code="cursor") from error


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found
