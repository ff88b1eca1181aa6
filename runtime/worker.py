"""One worker process: fires what is due, does what waits, until it is told to stop."""

from __future__ import annotations

import logging
import signal
import sys
from typing import Any

from engine.bell import Bell
from engine.operations.batches import BatchRunner
from engine.outbox import Destination
from engine.pace import Pace
from engine.worker import POLL_S, Worker
from runtime import foreground, memory, notify
from runtime.background import Background, app_for
from runtime.bursts import Bursts
from runtime.clock import ManualClock
from runtime.exports import ExportWriter
from runtime.inbound.watching import Arrivals
from runtime.lookout import Lookout
from runtime.partners import Partners
from runtime.settings import Settings
from runtime.subscribers import Subscribers
from runtime.texting import Texts
from runtime.timekeeper import HeldEngine
from runtime.wiring import build
from workflows.services import Services


def run(settings: Settings) -> None:
    """Until it is told to stop."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    foreground.be(foreground.WORKER)
    services = build(settings, connections=4)
    bell = Bell(POLL_S)
    worker = worker_for(services, bell)
    background = Background(app_for(services, destinations_of(settings)))
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, worker.stop)
    subscribers, bursts, exports = Subscribers(services), Bursts(services.engine), ExportWriter(services)
    partners, texts = Partners(services), Texts(services)
    background.start()
    subscribers.start()
    bursts.start()
    exports.start()
    partners.start()
    texts.start()
    arrivals = Arrivals(services)
    arrivals.start()
    bells = {"engine": bell, "subscribers": subscribers.bell, "partners": partners.bell}
    bells |= {"bursts": bursts.bell, "exports": exports.bell, "background": background.bell}
    lookout = Lookout(services, bells)
    lookout.start()
    memory.settle()
    try:
        worker.run()
    finally:
        lookout.stop()
        partners.stop()
        texts.stop()
        arrivals.stop()
        exports.stop()
        bursts.stop()
        subscribers.stop()
        background.stop()
        services.close()


def destinations_of(settings: Settings) -> list[Destination]:
    """Whoever is told what happened."""
    return [notify.to_address(settings.notify_url)] if settings.notify_url else []


def worker_for(services: Services, bell: Bell | None = None) -> Worker:
    engine: Any = services.engine
    if isinstance(services.clock, ManualClock):
        engine = HeldEngine(services.engine, services.clock)
    pace = Pace(foreground.PeopleWait(services.pool))
    return Worker(engine, bell=bell, batches=BatchRunner(services.engine), pace=pace)
