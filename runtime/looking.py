"""A thread of a worker process that looks every few seconds, or when it is rung for, whether there is work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

import psycopg

from engine.bell import SAFETY_S, Bell
from engine.errors import Busy

log = logging.getLogger(__name__)

STOPPED_WITHIN_S = 5.0


class Looking:
    """`look` gets the number of earlier looks. What it raises is logged, and the next look comes all the same.
    `stopping` may be read by what takes long."""

    def __init__(self, name: str, every_s: float, look: Callable[[int], None], stopping: Event | None = None) -> None:
        self._name, self._look = name, look
        self.bell = Bell(every_s, safety_s=max(every_s, SAFETY_S), stopping=stopping)
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.bell.stop()
        self._thread.join(timeout=STOPPED_WITHIN_S)

    def _run(self) -> None:
        looks = 0
        while not self.bell.rest():
            try:
                self._look(looks)
            except (Busy, psycopg.OperationalError):
                log.warning("%s: the database is away", self._name)
            except Exception:
                log.exception("%s: a look failed; the next one comes", self._name)
            looks += 1
