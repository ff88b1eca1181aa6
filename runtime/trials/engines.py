"""The engine as trials use it: without the rooms above it, on a clock that the trial sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.commands.contracts import Actor, Deploy
from engine.commands.records import Projection, ServiceTask
from engine.engine import Engine
from engine.store.connections import open_pool
from runtime.database.roles import as_application

REGION = "trial"
DRIVER = Actor(id="driver", kind="client")
BEGIN = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)


class SetClock:
    """Stands where it was set."""

    def __init__(self, now: datetime = BEGIN) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class ShiftedClock:
    """The machine's clock, so many seconds ahead: a downtime that nobody has to wait for."""

    def __init__(self, seconds: float) -> None:
        self._ahead = timedelta(seconds=seconds)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead


@contextmanager
def engine_on(
    url: str,
    clock: Callable[[], datetime],
    *,
    connections: int = 4,
    tasks: Mapping[str, Callable[[Any], Mapping[str, Any]]] | None = None,
    projection: Projection | None = None,
    fires_at_due_time: bool = False,
) -> Iterator[Engine]:
    with open_pool(as_application(url), max_size=connections, timeout=30) as pool:
        yield Engine(
            pool,
            clock=clock,
            region_id=REGION,
            projection=projection,
            service_tasks={name: ServiceTask(run=run) for name, run in (tasks or {}).items()},
            fires_at_due_time=fires_at_due_time,
        )


def deploy(engine: Engine, **diagrams: bytes) -> None:
    engine.execute(Deploy(files={f"{name}.bpmn": content for name, content in diagrams.items()}), by=DRIVER)
