"""The guide's commands, run as they stand against a server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from runtime.database.roles import as_application

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "integration"


@pytest.fixture
def address(hospital):
    server = make_server("127.0.0.1", 0, hospital.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def settings(address: str, today: str) -> dict[str, str]:
    return {**os.environ, "YUNTU": address, "TODAY": today}


def test_the_client_in_twenty_lines_sends_a_woman_in(hospital, address):
    key = hospital.settings.home / "his-demo-key.json"
    command = [sys.executable, str(GUIDE / "client.py"), str(key)]

    done = subprocess.run(command, env=settings(address, "2026-01-05"), capture_output=True, text=True, timeout=60)

    assert done.returncode == 0, done.stderr
    assert "Organization/org-twn-1" in done.stdout
    assert len(hospital.search("/EpisodeOfCare")) == 1


@pytest.mark.parametrize("day", ["2028-02-29"])
def test_the_client_works_on_any_day_and_on_the_next_one_again(hospital, address, day):
    key = hospital.settings.home / "his-demo-key.json"
    command = [sys.executable, str(GUIDE / "client.py"), str(key)]
    start = datetime.fromisoformat(f"{day}T08:00:00+08:00")

    for moment in (start, start + timedelta(days=1)):
        hospital.clock.set(moment.astimezone(UTC))
        env = settings(address, f"{moment:%Y-%m-%d}")
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    hospital._tokens.clear()
    episodes = hospital.search("/EpisodeOfCare")
    assert [e["status"] for e in episodes] == ["active"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
def test_the_commands_of_the_guide_work_as_written(hospital, address, tmp_path):
    text = (GUIDE / "README.md").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"```bash\n(.*?)```", text, flags=re.S))
    script = commands.replace("http://127.0.0.1:8000", address).replace("answer.json", str(tmp_path / "answer.json"))
    installation = {"YUNTU_HOME": str(hospital.settings.home), "YUNTU_DATABASE_URL": as_application(hospital.url)}
    environment = {**settings(address, "2026-01-05"), **installation, "YUNTU_CLOCK": "manual:2026-01-05T08:00:00+08:00"}

    done = subprocess.run(
        ["bash", "-ec", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90
    )

    assert done.returncode == 0, done.stderr
    assert '"CapabilityStatement"' in done.stdout
    assert "X-MCH-Correlated: case/" in done.stdout
    assert '"resourceType":"Task"' in done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
def test_an_app_signs_in_as_the_guide_says(hospital, address, tmp_path):
    hospital.brings_in()
    text = (GUIDE / "sign-in.md").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"```bash\n(.*?)```", text, flags=re.S))
    script = commands.replace("http://127.0.0.1:8000", address)
    for name in ("jar.txt", "tokens.json", "next.json"):
        script = script.replace(name, str(tmp_path / name))
    installation = {"YUNTU_HOME": str(hospital.settings.home), "YUNTU_DATABASE_URL": as_application(hospital.url)}
    environment = {**settings(address, "2026-01-05"), **installation, "YUNTU_CLOCK": "manual:2026-01-05T08:00:00+08:00"}

    done = subprocess.run(
        ["bash", "-ec", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert "patient 200" in done.stdout and "revoked 401" in done.stdout
    assert '"active":true' in done.stdout and "laboratory" in done.stdout
