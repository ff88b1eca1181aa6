"""The product as it is served, on a home of its own: supervisor, granian web processes, workers, embedded database. A
trial kills parts of it by their process ids, and asks it over HTTP."""

from __future__ import annotations

import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from runtime import foreground
from runtime.database import embedded
from runtime.trials import planted

ROOT = Path(__file__).resolve().parents[2]
READY_LIMIT_S = 120.0
YOUNG_S = 1.0  # a process that has just come back is left to its work for so long


@dataclass
class Served:
    """`effects`: a file that the trial's service task writes to; no database knows of it."""

    home: Path
    port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    effects: Path
    kills: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})

    @property
    def database_url(self) -> str:
        return _server_url(self.home)

    def last_errors(self, most: int = 3) -> list[str]:
        """What the web processes wrote of the last exceptions: where each was raised, and which."""
        text = (self.home / "log" / "web.log").read_text(errors="replace")
        traces = re.findall(r"^Traceback .*?^(?=\S)(?!Traceback)[^\n]*$", text, flags=re.MULTILINE | re.DOTALL)
        return [trace[-1500:] for trace in traces[-most:]]

    def kill_one(self, chance: random.Random) -> str | None:
        """SIGKILL for a web process or a worker that has lived for a moment; answers which kind it was."""
        old_enough = [child for child in self._children() if time.time() - child.create_time() > YOUNG_S]
        if not old_enough:
            return None
        victim = chance.choice(sorted(old_enough, key=lambda child: child.pid))
        with suppress(psutil.Error):
            kind = "web" if _listens(victim) else "worker"
            victim.kill()
            self.kills[kind] += 1
            return kind
        return None

    def _children(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            return psutil.Process(self.process.pid).children()
        return []

    def kill_database(self, how: signal.Signals = signal.SIGKILL) -> bool:
        """SIGKILL for the postmaster; its children go when they notice. SIGQUIT is what `pg_ctl stop -m immediate`
        sends: the children are ended, nothing is written down."""
        pid = embedded._postmaster_pid(self.home / "postgres" / "data")
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, how)
            return True
        return False

    def cpu_s(self) -> float:
        """What the product has used so far, the dead included: their parents have waited for them."""
        roots = [self.process.pid, embedded._postmaster_pid(self.home / "postgres" / "data")]
        return sum(_cpu_s(pid) for pid in roots if pid is not None)

    def cpu_by_kind_s(self) -> dict[str, float]:
        """The same by who used it: web processes, workers, the database for each of them, and the rest of it."""
        used = dict.fromkeys(("web", "worker", "database_for_web", "database_for_workers", "database_besides"), 0.0)
        for child in self._children():
            with suppress(psutil.Error):
                used["web" if _listens(child) else "worker"] += _cpu_s(child.pid)
        with psycopg.connect(self.database_url) as conn:
            rows = conn.execute("SELECT pid, application_name FROM pg_stat_activity WHERE pid IS NOT NULL").fetchall()
        for pid, name in rows:
            used[_FOR.get(name, "database_besides")] += _cpu_s(pid)
        return used


_FOR = {foreground.WEB: "database_for_web", foreground.WORKER: "database_for_workers"}


def _cpu_s(pid: int) -> float:
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        own: float = times.user + times.system + times.children_user + times.children_system
        return own + sum(_cpu_s(child.pid) for child in psutil.Process(pid).children())
    return 0.0


def _listens(process: psutil.Process) -> bool:
    return any(each.status == psutil.CONN_LISTEN for each in process.net_connections("tcp"))


def _server_url(home: Path) -> str:
    socket_folder = embedded._socket_folder(home.resolve() / "postgres")
    return f"postgresql://{embedded.ROLE}@/{embedded.DATABASE}?host={quote(str(socket_folder), safe='')}"


@contextmanager
def serving(webs: int = 2, workers: int = 2, mutant: str | None = None) -> Iterator[Served]:
    """Ready when it is given; gone afterwards, with everything it stored."""
    home = Path(tempfile.mkdtemp(prefix="yuntu-"))
    mutant = mutant or os.environ.get(planted.VARIABLE)
    port, effects = _free_port(), home / "effects"
    effects.touch()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YUNTU_")}
    environment |= {
        "YUNTU_HOME": str(home),
        "YUNTU_PORT": str(port),
        "YUNTU_DEMO": "0",
        "YUNTU_WORKERS": f"{webs},{workers}",
        "YUNTU_TRIAL_EFFECTS": str(effects),
        **({planted.VARIABLE: mutant} if mutant else {}),
    }
    log = (home / "supervisor.log").open("wb")
    command = [sys.executable, "-m", "runtime.trials.serving"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        served = Served(home, port, environment, process, effects)
        _wait_until_ready(served)
        yield served
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()
        log.close()
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_until_ready(served: Served) -> None:
    deadline = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < deadline:
        if served.process.poll() is not None:
            break
        with suppress(OSError, http.client.HTTPException), closing(Caller(served.port)) as caller:
            if caller.ask("GET", "/health/ready")[0] == 200:
                return
        time.sleep(0.1)
    raise RuntimeError((served.home / "supervisor.log").read_text()[-2000:])


class Caller:
    """One kept connection, as a client has. Whatever breaks it is raised; the next call makes a new one."""

    def __init__(self, port: int, token: str = "", timeout_s: float = 30.0) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes = b"", key: str = "") -> tuple[int, bytes]:
        """Status and body. Raises OSError, HTTPException."""
        headers = {**self._headers, **({"Content-Type": "application/json"} if body else {})}
        headers |= {"Idempotency-Key": key} if key else {}
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout_s)
        try:
            self._connection.request(method, path, body=body or None, headers=headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def said(body: bytes) -> Any:
    """Read with the standard library: the trial's own eyes."""
    import json

    return json.loads(body)
