"""What a process has in hand stays its own while it lives: a lease is short, and renewed from a thread beside the work.

So what a dead worker had taken is soon taken by the next one, and what a slow one works at is not. Work that keeps the
interpreter lock for longer than a lease is beyond that; then the revision, and for jobs the lease itself, still let one
of two win.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from engine.commands.records import (
    ClaimedDelivery,
    ClaimedItem,
    ClaimedJob,
    DueMessage,
    DueStart,
    DueTimer,
    DueWork,
)
from engine.errors import Busy

log = logging.getLogger(__name__)

BEAT_S = 0.75  # a quarter of a lease: three in a row may be missed
LONGEST_S = 60.0  # a piece that takes longer hangs: others may have it, and what it keeps waiting
IDLE_BEATS = 8  # the thread goes after so many without work

Piece: TypeAlias = DueTimer | DueStart | ClaimedJob | DueMessage | ClaimedDelivery | ClaimedItem
Clock: TypeAlias = Callable[[], float]


class Hold:
    """One claim: what of it is not finished."""

    def __init__(self, work: DueWork, clock: Clock) -> None:
        pieces: tuple[Piece, ...] = (
            *work.timers, *work.starts, *work.jobs, *work.messages, *work.deliveries, *work.items,
        )  # fmt: skip
        self._left = {id(piece): piece for piece in pieces}
        self._at: tuple[Piece, ...] = ()
        self._clock = clock
        self.renewed_at = self.progress_at = clock()

    def begin(self, *pieces: Piece) -> None:
        """These are worked at from now on; what came before is finished, and rests or is gone as it was left."""
        for piece in self._at:
            if piece not in pieces:
                self._left.pop(id(piece), None)
        self._at, self.progress_at = pieces, self._clock()

    def left(self) -> DueWork:
        left = list(self._left.values())
        return DueWork(
            timers=tuple(piece for piece in left if isinstance(piece, DueTimer)),
            starts=tuple(piece for piece in left if isinstance(piece, DueStart)),
            jobs=tuple(piece for piece in left if isinstance(piece, ClaimedJob)),
            messages=tuple(piece for piece in left if isinstance(piece, DueMessage)),
            deliveries=tuple(piece for piece in left if isinstance(piece, ClaimedDelivery)),
            items=tuple(piece for piece in left if isinstance(piece, ClaimedItem)),
        )


class Leases:
    """Of one engine. `renew` asks the database for another lease. The thread lives as long as there is work."""

    def __init__(self, renew: Callable[[DueWork], object], clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self._renew = renew
        self._holds: set[Hold] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    @contextmanager
    def held(self, work: DueWork) -> Iterator[Hold]:
        """While the block runs, what is left of the work stays this process's."""
        hold = Hold(work, self.clock)
        with self._lock:
            self._holds.add(hold)
            if self._thread is None or not self._thread.is_alive():  # in a forked process it is not
                self._start()
        try:
            yield hold
        finally:
            with self._lock:
                self._holds.discard(hold)

    def beat(self) -> None:
        """Renew what has been in hand for a while; quick work asks for nothing."""
        now = self.clock()
        with self._lock:
            slow = [hold for hold in self._holds if now - hold.renewed_at >= BEAT_S / 2]
        for hold in slow:
            if now - hold.progress_at <= LONGEST_S:
                self._renew(hold.left())
                hold.renewed_at = now

    def close(self) -> None:
        """The thread is gone when this returns; whoever forks needs that. More work begins another."""
        self._closing.set()
        if (thread := self._thread) is not None:
            thread.join()

    def _start(self) -> None:
        self._closing.clear()
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no room for a thread: the work is done all the same, within one lease
            self._thread = None
            log.warning("leases are not renewed: no thread can be started")

    def _keep(self) -> None:
        idle = 0
        while not self._closing.wait(BEAT_S):
            try:
                self.beat()
            except Busy:
                log.info("the database is away; leases are renewed when it is back")
            except Exception:
                log.exception("leases were not renewed")
            with self._lock:
                idle = 0 if self._holds else idle + 1
                if idle >= IDLE_BEATS:
                    self._thread = None
                    return
