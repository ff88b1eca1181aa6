"""What a run takes of the machine: processor time and memory, of Python and of its database apart."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psutil

LOOK_EVERY_S = 3.0


class Watch:
    """`pids`: processes beside this one. What processes share is counted once."""

    def __init__(self, pids: Iterable[int | None], postmaster: int | None) -> None:
        self._ours = [psutil.Process(pid) for pid in (os.getpid(), *pids) if pid]
        self._postmaster = psutil.Process(postmaster) if postmaster else None
        self._lived: dict[int, float] = {}  # of each process, as far as it was seen
        self._look_at_times()
        self._before = self._taken()
        self._memory = {"python_mb": 0.0, "database_mb": 0.0}
        self._looked_at = float("-inf")
        self._began_at = time.monotonic()

    def look(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = time.monotonic()
        self._look_at_times()
        with suppress(psutil.Error):
            python = sum(process.memory_full_info().pss for process in self._alive())
            database = sum(process.memory_full_info().pss for process in self._servers())
            for name, found in (("python_mb", python), ("database_mb", database)):
                self._memory[name] = max(self._memory[name], round(found / 2**20, 1))

    def report(self) -> dict[str, Any]:
        python, database = (round(a - b, 1) for a, b in zip(self._taken(), self._before))
        return {
            "lived_s": round(time.monotonic() - self._began_at, 1),
            "cpu_s": {"python": python, "database": database},
            "memory": self._memory,
        }

    def _look_at_times(self) -> None:
        """A process that has gone has taken what it had when it was last seen."""
        for process in [*self._ours, *self._servers()]:
            with suppress(psutil.Error):
                times = process.cpu_times()
                self._lived[process.pid] = times.user + times.system

    def _taken(self) -> tuple[float, float]:
        """Of Python and of the database's processes."""
        ours = {process.pid for process in self._ours}
        python = sum(seconds for pid, seconds in self._lived.items() if pid in ours)
        return python, sum(self._lived.values()) - python

    def _alive(self) -> list[psutil.Process]:
        """Ours, and the clean ones that they were forked from."""
        children = psutil.Process().children(recursive=True)
        return [*self._ours, *(child for child in children if child not in self._ours and child.name() != "postgres")]

    def _servers(self) -> list[psutil.Process]:
        return [self._postmaster, *self._postmaster.children()] if self._postmaster else []
