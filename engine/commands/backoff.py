"""How long what failed rests before it is tried again."""

from __future__ import annotations

import zlib
from datetime import timedelta

LONGEST = timedelta(hours=1)
SPREAD = 0.25  # what failed together for one reason does not come back together


def rest_after(attempts: int, key: str, *, longest: timedelta = LONGEST) -> timedelta:
    """Doubles with each attempt from two seconds on, up to `longest`, and up to a quarter more: by the key, so that the
    same attempt of the same piece of work rests equally long wherever it is asked.

    >>> rest_after(1, "a") < rest_after(2, "a") < rest_after(3, "a")
    True
    """
    rest = min(timedelta(seconds=2.0 ** min(attempts, 20)), longest)
    share = zlib.crc32(f"{key}/{attempts}".encode()) / 2**32
    return rest * (1 + SPREAD * share)
