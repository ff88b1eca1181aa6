"""What an action costs this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

ATTEMPTS = 3


def processor_seconds(action: Callable[[], Any], most: float) -> float:
    """Of this process: the machine's other work, and the collection of what other tests left, are not the action's.
    The least of three attempts; one is enough if it costs no more than `most`."""
    return min(_tries(action, most))


def _tries(action: Callable[[], Any], most: float) -> list[float]:
    costs: list[float] = []
    while len(costs) < ATTEMPTS and (not costs or costs[-1] > most):
        gc.collect()
        gc.disable()
        began = time.process_time()
        try:
            action()
        finally:
            costs.append(time.process_time() - began)
            gc.enable()
    return costs
