"""Many timers that are due at one moment, spread over a little while, each always to the same place."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b


def jitter(due: datetime, key: str, spread: timedelta) -> datetime:
    """A moment from `due` on, before `due + spread`; the same key gives the same one."""
    digest = blake2b(key.encode(), digest_size=8).digest()
    return due + spread * (int.from_bytes(digest) / 2**64)
