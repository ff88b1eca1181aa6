"""The loop that serves what falls due. Any number of workers may run; killing one loses nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from engine.bell import Bell
from engine.commands.contracts import SweepRegion
from engine.due import ENGINE
from engine.engine import Engine
from engine.errors import Busy
from engine.operations import zombies
from engine.operations.batches import BatchRunner

log = logging.getLogger(__name__)

POLL_S = 0.5  # how late a timer may fire when nobody rings for the worker
BATCH = 25  # of each kind: what a dead worker leaves behind is tried one by one
SWEEP_S = 60.0
ZOMBIES_S = 300.0


class Worker:
    def __init__(
        self,
        engine: Engine,
        *,
        poll_s: float = POLL_S,
        bell: Bell | None = None,
        batch: int = BATCH,
        batches: BatchRunner | None = None,
        pace: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._bell = bell or Bell(poll_s)
        self._batch = batch
        self._batches = batches
        self._pace = pace

    def run(self) -> None:
        """Until `stop`. A database that is away is waited for; whatever else goes wrong, the loop goes on."""
        swept_at = scanned_at = float("-inf")
        while not self._bell.is_stopping:
            try:
                done = self._engine.run_due(self._batch, self._pace)
                if self._batches is not None:
                    done += self._batches.run_some()
                if time.monotonic() - swept_at > SWEEP_S:
                    self._engine.execute(SweepRegion(), by=ENGINE)
                    swept_at = time.monotonic()
                if time.monotonic() - scanned_at > ZOMBIES_S:
                    zombies.scan(self._engine, by=ENGINE)
                    scanned_at = time.monotonic()
            except Busy:
                done = 0
                log.warning("the database is away")
            except Exception:
                done = 0
                log.exception("a round of the worker failed")
            if done == 0:
                self._bell.rest(self._batches.idle_s if self._batches is not None else float("inf"))

    def stop(self, *_: object) -> None:
        """Finish the piece of work in hand, then leave; may be a signal's handler."""
        self._bell.stop()
