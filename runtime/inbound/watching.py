"""What a worker does for arrivals: takes dropped files and rows of views, looks again at what a dead process stored,
and lets go of what is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound.folder import Folder
from runtime.inbound.views import Views
from runtime.looking import Looking

LOOK_S = 5.0
LEFT_ALONE = timedelta(seconds=20)  # whoever received it is most likely at it
FORGET_EVERY = 720  # looks: once an hour
POLL_EVERY = 12  # looks: views once a minute


class Arrivals(Looking):
    """Any number of processes may look: each arrival takes effect once."""

    def __init__(self, services: Any) -> None:
        super().__init__("arrivals", LOOK_S, self._take)
        self._receiver = Receiver(services)
        self._folder = Folder(self._receiver)
        self._views = Views(services, self._receiver)

    def _take(self, looks: int) -> None:
        self._receiver.look_again(LEFT_ALONE)
        self._folder.look()
        if looks % POLL_EVERY == 0:
            self._views.look()
        if looks % FORGET_EVERY == 0:
            self._receiver.forget()
