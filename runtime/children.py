"""Child processes: forked from a parent that has imported everything, restarted when they die, never left behind."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SHORT_LIFE_S = 2.0  # a child that dies younger is not restarted at once: it would burn a core
LONGEST_PAUSE_S = 5.0
GRACE_S = 2.5  # to finish what is running; then it is killed, which loses nothing
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One process and its successors. The parent must have no other thread when it starts one."""

    name: str
    run: Callable[[], None]
    log: Path
    pid: int | None = None
    started_at: float = 0.0
    pause_s: float = 0.0

    def start(self) -> None:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _be_child(parent, self.log, self.run)
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        if self.pid is None:
            return False
        with suppress(ChildProcessError):
            if os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                return True
        self.pid = None
        return False

    def restart_if_dead(self) -> bool:
        """True when it had died and runs again."""
        if self.is_running():
            return False
        lived = time.monotonic() - self.started_at
        if lived < self.pause_s:
            return False
        self.pause_s = min(max(0.2, self.pause_s * 2), LONGEST_PAUSE_S) if lived < SHORT_LIFE_S else 0.0
        self.start()
        return True

    def signal(self, which: signal.Signals) -> None:
        if self.is_running() and self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, which)


def stop_all(children: list[Child]) -> None:
    """Ask all, wait for all, then kill who has not gone."""
    for child in children:
        child.signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while any(child.is_running() for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        child.signal(signal.SIGKILL)
        while child.is_running():
            time.sleep(0.01)


def _be_child(parent: int, log: Path, run: Callable[[], None]) -> None:
    """Never returns."""
    status = 1
    try:
        os.setsid()  # Ctrl-C reaches the parent only, which stops all in order
        for which in (signal.SIGINT, signal.SIGTERM):
            signal.signal(which, signal.SIG_DFL)
        _die_with(parent)
        _write_to(log)
        random.seed()
        run()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """When the parent is killed, the kernel ends this process too: port and database are free for the next start."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def _write_to(log: Path) -> None:
    with open(os.devnull, "rb") as nothing, log.open("ab") as file:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
