"""Jobs outside of any step, on Procrastinate: telling others what happened, and housekeeping. Its tables have a schema
of their own in our database, so that a task can be deferred in any transaction of ours (`defer_task`)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from threading import Event, Thread

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from psycopg.conninfo import make_conninfo

from engine.bell import Bell
from engine.engine import Engine
from engine.outbox import Destination, dispatch
from fhir_adapters import clients
from fhir_adapters.arrivals.receiving import Receiver
from workflows.services import Services

log = logging.getLogger(__name__)

BEAT_S = 0.9  # between two signs of life of a worker
STALLED_S = 3.0  # without one for so long, its tasks are taken over
LOOK_S = 1.0  # between two looks for such tasks, and for new ones where something is to be told
HOUSEKEEPING_S = 5.0  # between two looks for new ones where nothing is
STOP_S = 0.5  # within which it notices that it is to stop
PATH = "-c search_path=procrastinate,public"
EACH_MINUTE = "* * * * *"
EACH_SECOND_OR_SO = "* * * * * */2"  # the sixth place is seconds


def app_for(services: Services, destinations: Sequence[Destination] = ()) -> App:
    """The tasks of this region, in a queue of its own: no other's worker takes them. Each is safe to run twice, and by
    any number of workers. None carries anything: what is to be done stands in rows of the region and moves with it."""
    region, place = services.region_id, make_conninfo(services.pool.conninfo, options=PATH)
    app = App(connector=PsycopgConnector(conninfo=place, min_size=1, max_size=3))
    engine: Engine = services.engine

    if destinations:

        @app.periodic(cron=EACH_SECOND_OR_SO, periodic_id=region)
        @app.task(name="tell", queue=region, queueing_lock=f"tell:{region}", lock=f"tell:{region}")
        def tell(timestamp: int) -> None:
            """What steps left in the outbox goes to whoever is to be told."""
            while dispatch(engine, destinations):
                pass

    @app.periodic(cron=EACH_MINUTE, periodic_id=region)
    @app.task(name="forget", queue=region, queueing_lock=f"forget:{region}")
    def forget(timestamp: int) -> None:
        """Tokens, answers and assertions that have outlived their use; counts of clients and settled arrivals of long
        ago."""
        services.people.forget_expired()
        clients.forget(services)
        Receiver(services).forget()

    @app.task(name="take_over", queue=region, queueing_lock=f"take_over:{region}")
    async def left_by_an_earlier_release(timestamp: int) -> None:
        """It asked for this each minute; a worker looks by itself now."""
        await take_over(app)

    return app


async def take_over(app: App) -> None:
    """Tasks whose worker died: one that comes again by itself is dropped, since the next of its kind may wait already,
    and two of a kind may not; any other is done by another worker. Of two who look at once, one is too late."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
        try:
            if job.queueing_lock is None:
                await manager.retry_job(job)
            else:
                await manager.finish_job(job, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            log.info("task %s: %s", job.id, error)


class Background:
    """The library's worker, in a thread of a worker process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stopping = Event()
        self.bell = Bell(LOOK_S, stopping=self._stopping)
        self._thread = Thread(target=self._run, name="background", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.bell.stop()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        """A database that is away is waited for."""
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except Exception:
                log.exception("the background worker begins again")
            self._stopping.wait(2.0)

    async def _work(self) -> None:
        async with self._app.open_async():
            working = asyncio.create_task(work(self._app))
            looked_at = float("-inf")
            while not working.done() and not self._stopping.is_set():
                if self.bell.is_due(time.monotonic() - looked_at):
                    await take_over(self._app)
                    looked_at = time.monotonic()
                await asyncio.sleep(STOP_S)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def work(app: App, *, wait: bool = True) -> None:
    """Serve the region's queue, and what an earlier release left in the common one; without `wait` only what is there.
    Tasks that succeeded leave no row. Where something is to be told, the database says of each new task (LISTEN): the
    driver wakes ten times a second for that, which housekeeping is not worth."""
    tells = "tell" in app.tasks
    await app.run_worker_async(
        queues=sorted({"default", *(task.queue for task in app.tasks.values())}),
        wait=wait,
        concurrency=2,
        install_signal_handlers=False,
        delete_jobs="successful",
        listen_notify=tells,
        fetch_job_polling_interval=LOOK_S if tells else HOUSEKEEPING_S,
        update_heartbeat_interval=BEAT_S,
        shutdown_graceful_timeout=2.0,
    )
