"""How long transactions take, in every process of this installation: counted in shared memory, no statement, no lock
between processes. What `/metrics` shows is the sum over the files, so it does not matter which process answers."""

from __future__ import annotations

import mmap
import os
import struct
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.commands.contracts import Actor, IdempotencyKey
from engine.engine import Engine
from engine.store.questions import Question
from engine.store.transaction import Following

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
KINDS = (  # commands that are counted by name; the rest counts as "other"
    *(
        "StartInstance",
        "CompleteUserTask",
        "ClaimUserTask",
        "SaveDraft",
        "FireTimer",
        "DeliverMessage",
        "PublishMessage",
    ),
    *("CompleteJob", "FailJob", "ClaimDueWork", "OpenCase", "ApplyBundle", "RunBatchItems", "other"),
)
COLUMNS = len(BOUNDS_S) + 2  # a counter per bound, one beyond the last, and the seconds in sum
SIZE = len(KINDS) * COLUMNS * 8
CELL = struct.Struct("<d")


class Meter:
    """The counters of one process, in a file of their own under `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        file = os.open(folder / f"{os.getpid()}.steps", os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(file, SIZE)
        self._cells = mmap.mmap(file, SIZE)
        os.close(file)
        self._lock = threading.Lock()

    def observe(self, kind: str, seconds: float) -> None:
        row = KINDS.index(kind if kind in KINDS else "other") * COLUMNS
        with self._lock:
            self._add(row + bisect_left(BOUNDS_S, seconds), 1.0)
            self._add(row + COLUMNS - 1, seconds)

    def _add(self, cell: int, value: float) -> None:
        CELL.pack_into(self._cells, cell * 8, CELL.unpack_from(self._cells, cell * 8)[0] + value)

    def close(self) -> None:
        self._cells.close()


def totals(folder: Path) -> dict[str, Sequence[float]]:
    """By kind of command: how many took at most each bound, how many longer, and the seconds in sum, of all processes
    since the installation was last started."""
    sums = [0.0] * (len(KINDS) * COLUMNS)
    for file in folder.glob("*.steps"):
        content = file.read_bytes()
        if len(content) == SIZE:
            sums = [a + b for a, b in zip(sums, struct.unpack(f"<{len(sums)}d", content), strict=True)]
    rows = (sums[n * COLUMNS : (n + 1) * COLUMNS] for n in range(len(KINDS)))
    return {kind: row for kind, row in zip(KINDS, rows, strict=True) if any(row)}


def begin_anew(folder: Path) -> None:
    """Counters begin at nothing with a start of the installation; Prometheus knows such a fall."""
    for file in folder.glob("*.steps"):
        file.unlink(missing_ok=True)


class MeasuredEngine(Engine):
    """An engine whose transactions are timed."""

    def __init__(self, *arguments: Any, meter: Meter, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.meter = meter

    def transact(
        self,
        command: Any,
        *,
        by: Actor,
        now: datetime,
        idempotency: IdempotencyKey | None = None,
        question: Question | None = None,
    ) -> tuple[Any, list[Following]]:
        began = time.perf_counter()
        try:
            return super().transact(command, by=by, now=now, idempotency=idempotency, question=question)
        finally:
            self.meter.observe(type(command).__name__, time.perf_counter() - began)


def latencies(folder: Path) -> Mapping[str, Any]:
    return {"bounds": BOUNDS_S, "by_command": totals(folder)}
