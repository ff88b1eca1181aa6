"""The process that listens for HL7 v2, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from threading import Event

from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound.mllp import Listener, tls_of
from runtime.settings import Settings
from runtime.wiring import build


def run(settings: Settings) -> None:
    assert settings.mllp is not None
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: stop.set())
    services = build(settings, connections=8)
    listener = Listener(Receiver(services), *settings.mllp, tls=tls_of(settings.mllp_tls))
    listener.start()
    logging.getLogger("yuntu.mllp").info("listens on %s:%d", *listener.address)
    try:
        stop.wait()
    finally:
        listener.stop()
        services.close()
