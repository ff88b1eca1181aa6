"""Child processes: started, watched, restarted when they die, stopped together, never left behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SHORT_LIFE_S = 2.0  # a child that dies younger is not restarted at once: it would burn a core
LONGEST_PAUSE_S = 5.0
GRACE_S = 3.0  # to finish what is running; then it is killed, which loses nothing
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process and its successors."""

    name: str
    module: str
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = 0.0
    starts: int = 0

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment, "YUNTU_PARENT": str(os.getpid())},
                cwd=Path(__file__).resolve().parent.parent,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops all in order
            )
        self.started_at, self.starts = time.monotonic(), self.starts + 1

    def restart_if_dead(self) -> bool:
        """True when it had died and runs again."""
        if self.process is None or self.process.poll() is None:
            return False
        lived = time.monotonic() - self.started_at
        if lived < self.pause_s:
            return False
        self.pause_s = min(max(0.2, self.pause_s * 2), LONGEST_PAUSE_S) if lived < SHORT_LIFE_S else 0.0
        self.start()
        return True


def stop_all(children: list[Child]) -> None:
    """Ask all, wait for all, then kill who has not gone."""
    for child in children:
        _signal(child, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    for child in children:
        if child.process is not None:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.05, deadline - time.monotonic()))
            _signal(child, signal.SIGKILL)
            child.process.wait()


def _signal(child: Child, which: signal.Signals) -> None:
    if child.process is not None and child.process.poll() is None:
        with suppress(ProcessLookupError):
            child.process.send_signal(which)


def die_with_parent() -> None:
    """Called by a child first of all: when the supervisor is killed, the kernel ends this process too, so that the port
    and the database are free for the next start."""
    parent = os.environ.get("YUNTU_PARENT")
    if parent is None or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)
