"""What a worker does for arrivals: takes dropped files and rows of views, looks again at what a dead process stored,
and lets go of what is old."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from engine.errors import Busy
from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound.folder import Folder
from runtime.inbound.views import Views

log = logging.getLogger(__name__)

LOOK_S = 5.0
LEFT_ALONE = timedelta(seconds=20)  # whoever received it is most likely at it
FORGET_EVERY = 720  # looks: once an hour
POLL_EVERY = 12  # looks: views once a minute


class Arrivals:
    """Any number of processes may look: each arrival takes effect once."""

    def __init__(self, services: Any) -> None:
        self._receiver = Receiver(services)
        self._folder = Folder(self._receiver)
        self._views = Views(services, self._receiver)
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="arrivals", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        looks = 0
        while not self._stopping.wait(LOOK_S):
            try:
                self._receiver.look_again(LEFT_ALONE)
                self._folder.look()
                if looks % POLL_EVERY == 0:
                    self._views.look()
                if looks % FORGET_EVERY == 0:
                    self._receiver.forget()
                looks += 1
            except Busy:
                log.warning("the database is away")
            except Exception:
                log.exception("looking at arrivals failed; it is tried again")
