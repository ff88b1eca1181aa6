"""What hospital systems ask for and what they are answered: counted in the memory of this process, and added to the
counts of all processes a few seconds later, in one statement for everything. No request waits for it; a process that
is killed loses those seconds.

Times are the machine's, as those of sign-in are.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from engine.clock import CHINA, system_clock
from engine.errors import Busy
from fhir_adapters.store import traffic
from fhir_adapters.store.traffic import What

log = logging.getLogger(__name__)
EVERY_S = 5.0
MOST = 5000  # kinds of things that are counted at a time; what is more is let go rather than held
EXTENSION = "yuntu-traffic"


class Traffic:
    """One for a process. `write`: adds what was counted to the counts of all."""

    def __init__(
        self, write: Callable[[Mapping[What, tuple[int, datetime]]], None], every_s: float | None = EVERY_S
    ) -> None:
        self._write = write
        self._every_s = every_s
        self._lock = threading.Lock()
        self._found: dict[What, tuple[int, datetime]] = {}
        self._timer: threading.Timer | None = None

    def add(self, client: str, counted: Iterable[tuple[str, str, str, str, str]]) -> None:
        """Kind, type, interaction, detail and place of each."""
        at = system_clock()
        day = at.astimezone(CHINA).date()
        with self._lock:
            for one in counted:
                what = What(client, day, *one)
                before = self._found.get(what)
                if before is not None or len(self._found) < MOST:
                    self._found[what] = ((before[0] if before else 0) + 1, at)
            if self._timer is None and self._every_s is not None and self._found:
                self._timer = threading.Timer(self._every_s, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """What was counted until now; where the database is away it is tried again later."""
        with self._lock:
            found, self._found = self._found, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        if not found:
            return
        try:
            self._write(found)
        except Busy:
            with self._lock:
                for what, (count, at) in found.items():
                    more, last = self._found.get(what, (0, at))
                    self._found[what] = (count + more, max(at, last))


def begin(app: Any, services: Any) -> Traffic:
    """The counts of this process."""

    def write(found: Mapping[What, tuple[int, datetime]]) -> None:
        try:
            with services.pool.connection() as conn, conn.transaction():
                traffic.add(conn, services.region_id, found)
        except Exception as error:
            if services.database_is_away(error):
                raise Busy("数据库暂不可用", "the database is away") from error
            log.exception("what clients asked for was not counted")

    app.extensions[EXTENSION] = Traffic(write)
    return of(app)


def of(app: Any) -> Traffic:
    found: Traffic = app.extensions[EXTENSION]
    return found
