"""`yuntu serve` from outside: it starts, mends what is killed, refuses a second one, and stops cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.ports import free_port

YUNTU = str(Path(sys.executable).parent / "yuntu")
LIMIT_S = 240  # a busy machine; on a quiet one it takes seconds


class Running:
    def __init__(self, home: Path, port: int) -> None:
        self.home, self.url = home, f"http://127.0.0.1:{port}"
        self.environment = os.environ | {"YUNTU_HOME": str(home), "YUNTU_PORT": str(port), "YUNTU_DEMO": "0"}
        self.environment.pop("YUNTU_DATABASE_URL", None)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([YUNTU, "serve"], env=self.environment, stderr=subprocess.DEVNULL)
        self.wait_until(self.ready)

    def ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=60).status_code == 200
        except requests.RequestException:
            return False

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    @staticmethod
    def wait_until(claim) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not claim():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="yuntu-serve-") as home:
        started = Running(Path(home), port)
        yield started
        started.process.send_signal(signal.SIGINT)
        started.process.wait(LIMIT_S)


def test_a_killed_child_is_started_again(running):
    before = {child.pid for child in running.children()}
    assert len(before) == 3

    for child in running.children():
        child.kill()

    running.wait_until(lambda: len({c.pid for c in running.children()} - before) == 3 and running.ready())


def test_a_killed_database_is_started_again(running):
    postmaster = int((running.home / "postgres/data/postmaster.pid").read_text().splitlines()[0])

    os.kill(postmaster, signal.SIGKILL)

    running.wait_until(lambda: not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == "zombie")
    running.wait_until(running.ready)


def test_a_second_one_in_the_same_home_or_on_the_same_port_is_refused(running, tmp_path):
    same_home = subprocess.run([YUNTU, "serve"], env=running.environment, capture_output=True, timeout=LIMIT_S)
    elsewhere = running.environment | {"YUNTU_HOME": str(tmp_path)}
    same_port = subprocess.run([YUNTU, "serve"], env=elsewhere, capture_output=True, timeout=LIMIT_S)

    assert (same_home.returncode, same_port.returncode) == (1, 1)
    assert b"Traceback" not in same_home.stderr + same_port.stderr
    running.wait_until(running.ready)


def test_killed_altogether_it_leaves_no_child_and_starts_again(running):
    children = running.children()

    running.process.kill()
    running.process.wait()

    running.wait_until(lambda: not any(c.is_running() and c.status() != "zombie" for c in children))
    running.start()


def test_asked_to_stop_it_ends_with_everything_it_started(running):
    postmaster = int((running.home / "postgres/data/postmaster.pid").read_text().splitlines()[0])
    children = running.children()

    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(LIMIT_S) == 0

    assert not any(c.is_running() and c.status() != "zombie" for c in children)
    assert not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == "zombie"
    running.start()
