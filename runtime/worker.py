"""One worker process: fires what is due, does what waits, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from typing import Any

from engine.operations.batches import BatchRunner
from engine.worker import Worker
from runtime.clock import ManualClock
from runtime.settings import Settings
from runtime.timekeeper import HeldEngine
from runtime.wiring import build
from workflows.services import Services


def run(settings: Settings) -> None:
    """Until it is told to stop."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    services = build(settings, connections=2)
    worker = worker_for(services)
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, worker.stop)
    try:
        worker.run()
    finally:
        services.close()


def worker_for(services: Services) -> Worker:
    engine: Any = services.engine
    if isinstance(services.clock, ManualClock):
        engine = HeldEngine(services.engine, services.clock)
    return Worker(engine, batches=BatchRunner(services.engine))
