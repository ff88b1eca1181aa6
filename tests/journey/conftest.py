"""One running installation for all journeys: real processes, real HTTP, a clock that stands still until it is moved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.journey.county import County
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = "2026-01-05T08:00:00+08:00"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """The demonstration county on a manual clock, driven from outside only."""
    home = tmp_path_factory.mktemp("county")
    port = free_port()
    environment = os.environ | {
        "YUNTU_HOME": str(home),
        "YUNTU_PORT": str(port),
        "YUNTU_CLOCK": f"manual:{NOW}",
        "YUNTU_DEMO": "1",
        "YUNTU_WORKERS": "2,1",
    }
    environment.pop("YUNTU_DATABASE_URL", None)
    log = (home / "serve.log").open("wb")
    server = subprocess.Popen([_yuntu(), "serve"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(server, port, home / "serve.log")
        yield County(f"http://127.0.0.1:{port}", _yuntu(), environment)
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(120)
        except subprocess.TimeoutExpired:
            server.kill()
        log.close()


def _yuntu() -> str:
    return str(Path(sys.executable).parent / "yuntu")


def _wait_until_ready(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            if requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=60).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the product did not come up:\n{log.read_text(errors='replace')[-3000:]}")
