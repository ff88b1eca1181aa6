"""Processes of a trial: forked from a clean one that has imported everything, so that a killed one is back in no time.

None outlives the trial: when its process goes, the clean one goes, and the kernel ends the others.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

from runtime.trials import planted

_PR_SET_PDEATHSIG = 1
PRELOADED = [
    "runtime.trials.engines",
    "runtime.trials.contention",
    "runtime.trials.timers",
    "runtime.trials.poison",
    "runtime.trials.pregnancies",
]


def context() -> Any:
    chosen = get_context("forkserver")
    chosen.set_forkserver_preload(PRELOADED)
    return chosen


def preload(*modules: str) -> None:
    """What the clean process imports besides; asked before the first process starts."""
    PRELOADED.extend(module for module in modules if module not in PRELOADED)


def start(work: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """`work` must be importable. The process has the planted bug of this one, if any."""
    return start_with(os.environ.get(planted.VARIABLE), work, *arguments)


def start_with(mutant: str | None, work: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """The same with a planted bug of its own."""
    process: BaseProcess = context().Process(target=_live, args=(mutant, work, arguments), daemon=False)
    with _nothing_of_main():
        process.start()
    return process


@contextmanager
def _nothing_of_main() -> Iterator[None]:
    """The new process need not run the program again that this one was started as."""
    main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def kill(process: BaseProcess) -> None:
    if process.is_alive() and process.pid is not None:
        os.kill(process.pid, signal.SIGKILL)
    process.join()


def _live(mutant: str | None, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if mutant:
        planted.plant(mutant)
    work(*arguments)
