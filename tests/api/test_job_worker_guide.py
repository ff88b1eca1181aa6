"""docs/integration/job-workers.md: the worker of the page does a job."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from werkzeug.serving import make_server

from runtime.demo.county import JOB_WORKER
from tests.api.test_jobs import instance, laboratory, order  # noqa: F401

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integration"


def test_the_worker_of_the_page_does_a_job(laboratory):  # noqa: F811
    ordered = order(laboratory, sample=7)
    server = make_server("127.0.0.1", 0, laboratory.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    arguments = [f"http://127.0.0.1:{server.port}", laboratory.token(JOB_WORKER), "lab-order"]
    worker = subprocess.Popen([sys.executable, str(GUIDE / "job_worker.py"), *arguments])
    try:
        deadline = time.monotonic() + 240
        while instance(laboratory, ordered)["state"] == "active" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert instance(laboratory, ordered)["variables"]["number"] == "L-7"
    finally:
        worker.kill()
        worker.wait()
        server.shutdown()
        serving.join()
        server.server_close()


def test_the_worker_of_the_page_is_as_short_as_it_says():
    lines = (GUIDE / "job_worker.py").read_text(encoding="utf-8").splitlines()

    assert sum(1 for line in lines if line.strip()) <= 32
