"""One web process: granian's WSGI server around the application. Several of them share the port."""

from __future__ import annotations

import logging
import sys

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mt import MTServer

from fhir_adapters import traffic
from fhir_adapters.search.index import pinyin
from runtime import foreground, memory
from runtime.app import create_app
from runtime.settings import Settings
from runtime.wiring import build

THREADS = 4  # what waits for the database leaves the processor to another request
HAND_OVER_S = 0.0005  # after which the lock is asked back; Python's 0.005 is waited after each of six round trips


class OneProcess(MTServer):
    """The server inside this very process, so that the supervisor watches it itself. granian wants a Python without the
    global lock here because it would run several workers; this is one."""

    def _check_gil(self) -> None:
        """One worker needs none."""


def run(settings: Settings) -> None:
    """Until it is told to stop."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    foreground.be(foreground.WEB)
    services = build(settings, connections=2 * THREADS + 2)
    app = create_app(services)
    pinyin("孕途")  # its dictionary is there before anybody waits for it
    sys.setswitchinterval(HAND_OVER_S)
    memory.settle()  # a look through everything would stop every request
    server = OneProcess(
        "yuntu",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=THREADS,
        backpressure=64,
        http1_settings=HTTP1Settings(header_read_timeout=10_000),
        log_level=LogLevels.error,
        log_access=False,
        workers_kill_timeout=2,
    )
    try:
        server.serve(target_loader=lambda _: app)
    finally:
        traffic.of(app).flush()
        services.close()
