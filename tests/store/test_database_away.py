"""The database goes away: busy, not broken; and everything goes on when it is back."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.engine import Engine
from engine.errors import Busy
from engine.store.connections import open_pool
from engine.worker import Worker
from runtime.database import embedded, migrate
from runtime.database.roles import as_application
from tests.store.store_kit import BEGIN, END, Clock, World, bpmn, line, user_task, wait_for


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="yuntu-home-"))
    yield folder
    embedded.stop(folder)
    shutil.rmtree(folder)


WAITS = bpmn("waits", line(BEGIN, wait_for("w", "P1D"), user_task("task_a"), END))


def stop_cleanly(server, home):
    embedded.stop(home)


def kill_everything(server, home):
    postmaster = psutil.Process(server.postmaster_pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("end", [stop_cleanly, kill_everything])
def test_it_is_busy_while_the_database_is_away_and_carries_on_when_it_is_back(home, end):
    server = embedded.attach(home)
    migrate.migrate(server.url())
    with open_pool(as_application(server.url()), max_size=3, timeout=1) as pool:
        clock = Clock()
        world = World(Engine(pool, clock=clock, region_id="r"), clock)
        world.deploy(WAITS)
        instance = world.start("waits")

        end(server, home)
        for ask in (lambda: world.start("waits"), lambda: world.open(instance), world.engine.run_due):
            with pytest.raises(Busy):
                ask()

        again = embedded.attach(home)
        clock.advance(days=2)
        worker = Worker(world.engine, poll_s=0.01)
        thread = threading.Thread(target=worker.run)
        thread.start()
        for _ in range(10_000):
            if world.open(instance):
                break
        worker.stop()
        thread.join()
        assert world.open(instance) == ["task_a"]
    again.release()
    server.release()
