"""Writing the files of an export: one snapshot, type after type, compressed in parts as the lines come.

Whoever runs this holds the job for itself. A process that dies leaves the job open; the next one begins it anew, at a
moment of its own. Each part is stored with the trace of whose records are in it.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from fhir_adapters.access import Viewer, allows
from fhir_adapters.export.groups import membership
from fhir_adapters.export.narrowing import narrowed
from fhir_adapters.store import exports
from fhir_adapters.store.exports import Exports, File, Job, Line

log = logging.getLogger(__name__)

KEPT = timedelta(hours=24)
ATTEMPTS = 3
PART = 1 << 21  # bytes of lines that are compressed and stored at once
LINES_OF_A_FILE = 200_000
GZIP = 31  # zlib's word for a gzip header and trailer
LEVEL = 1  # lines of JSON shrink to a tenth at any level


class Cancelled(Exception):
    """The caller wants it no more."""


class Stopped(Exception):
    """This process is to end; another goes on."""


@dataclass(frozen=True, kw_only=True)
class Exporter:
    """`connect`: connections of one's own, for the region. `viewer_of`: who asks, with the rights of this moment, None
    when registered no more; `leave_trace`: an audit row on the connection given."""

    region_id: str
    clock: Callable[[], datetime]
    connect: Callable[[], AbstractContextManager[Any]]
    viewer_of: Callable[[Any, Job], Viewer | None]
    leave_trace: Callable[[Any, Job, str, Iterable[str]], None]
    going: Callable[[], bool] = lambda: True

    def serve(self, id_: UUID) -> bool:
        """Write one job, whole; False where there was nothing to do."""
        with self.connect() as conn:
            rows = Exports(conn, self.region_id)
            if not rows.try_hold(id_):
                return False
            try:
                return self._attempt(rows, id_)
            finally:
                rows.leave(id_)

    def _attempt(self, rows: Exports, id_: UUID) -> bool:
        job, attempt = rows.one(id_), rows.begin(id_)
        if job is None or attempt is None:
            return False
        viewer = self.viewer_of(rows.conn, job)
        if attempt > ATTEMPTS or viewer is None:
            problem = "系统已停用 / the client is not active" if viewer is None else "多次未能写完 / given up"
            rows.fail(id_, problem=problem, expires_at=self.clock() + KEPT)
            return True
        try:
            self._write(rows, job, viewer)
        except Cancelled:
            log.info("export %s was cancelled", id_)
        return True

    def _write(self, rows: Exports, job: Job, viewer: Viewer) -> None:
        group = membership(self.region_id, job.group_id, viewer) if job.group_id else None
        if job.group_id and group is None:
            rows.fail(job.id, problem="无权访问此组 / no right to this group", expires_at=self.clock() + KEPT)
            return
        now = self.clock()
        moment, numbers = min(rows.settled(now), now), count(1)
        with self.connect() as reading, exports.snapshot(reading, viewer):
            for type_ in job.types:
                if allows(job.scopes, type_, "read"):
                    every = exports.lines(reading, self.region_id, job, type_, viewer, group)
                    found = narrowed(self.region_id, job, type_, every)
                    self._write_files(rows, job, numbers, "output", type_, found)
            if job.since is not None and group is None:
                gone = exports.deleted(reading, self.region_id, job, viewer)
                self._write_files(rows, job, numbers, "deleted", "Bundle", gone)
        rows.finish(job.id, moment=moment, expires_at=self.clock() + KEPT)

    def _write_files(
        self, rows: Exports, job: Job, numbers: Iterator[int], kind: str, type_: str, found: Generator[Line, None, None]
    ) -> None:
        """No file for no lines. Whatever happens, the stream is closed before its transaction is."""
        writer: _Writer | None = None
        with closing(found):
            for line in found:
                if writer is None:
                    writer = _Writer(self, rows, job, File(next(numbers), kind, type_))
                writer.add(line)
                if writer.lines >= LINES_OF_A_FILE:
                    writer.close()
                    writer = None
        if writer is not None:
            writer.close()


class _Writer:
    """One file. Holds a part of it and the ids of the women in that part, never more."""

    def __init__(self, exporter: Exporter, rows: Exports, job: Job, file: File) -> None:
        self._exporter, self._rows, self._job, self._file = exporter, rows, job, file
        self._packer = zlib.compressobj(LEVEL, wbits=GZIP)
        self._texts: list[bytes] = []
        self._bytes, self._parts, self.lines = 0, 0, 0
        self._patients: set[str] = set()

    def add(self, line: Line) -> None:
        self._texts.append(line.text)
        self._bytes += len(line.text)
        self.lines += 1
        if line.patient_id is not None:
            self._patients.add(line.patient_id)
        if self._bytes >= PART:
            self._store(zlib.Z_SYNC_FLUSH)

    def close(self) -> None:
        self._store(zlib.Z_FINISH)
        self._rows.add_file(self._job.id, self._file._replace(lines=self.lines, parts=self._parts))

    def _store(self, flush: int) -> None:
        if not self._exporter.going():
            raise Stopped
        content = self._packer.compress(b"".join(self._texts)) + self._packer.flush(flush)
        with self._rows.conn.transaction():
            file, lines = self._file.number, len(self._texts)
            if not self._rows.add_part(self._job.id, file=file, number=self._parts, content=content, lines=lines):
                raise Cancelled
            if self._patients:
                self._exporter.leave_trace(self._rows.conn, self._job, self._file.type, sorted(self._patients))
        self._texts.clear()
        self._patients.clear()
        self._bytes, self._parts = 0, self._parts + 1
