"""How often Python looks for rings of objects that nobody holds any more but they themselves."""

from __future__ import annotations

import gc

# Objects made and not yet gone before it looks; then how many looks at the young before one at the older, at all. What
# a step makes goes without a look, nearly all of it; with Python's 700 up to a tenth of its time went into looking.
THRESHOLDS = (20_000, 20, 50)


def settle() -> None:
    """For a process that has loaded what it will need: what stays anyway is not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
