"""Bulk exports as rows: the request, the files made of it, and the resources that go into them as a stream of lines."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection, Error, IsolationLevel
from psycopg.rows import class_row

from engine.store import plain, sql
from fhir_adapters.access import Viewer
from fhir_adapters.scopes import Narrowing
from fhir_adapters.store import resources

SQL = sql.load(__file__)
EXPORTING = "yuntu-export"  # the name of connections that hold a snapshot: they write nothing
BETWEEN = b"\x02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One export as it stands. `moment`: everything stored up to then is in the files."""

    id: UUID
    client_id: UUID
    organisation_id: str | None
    scopes: Sequence[str]
    request: str
    base: str
    types: Sequence[str]
    of_patients: bool
    group_id: str | None
    since: datetime | None
    until: datetime | None
    filters: Sequence[str]  # `Type?search`
    elements: Sequence[str]
    patients: Sequence[str] | None
    state: str  # open | done | failed
    attempts: int
    written: int
    problem: str | None
    requested_at: datetime
    moment: datetime | None
    expires_at: datetime


class File(NamedTuple):
    number: int
    kind: str  # output | deleted
    type: str
    lines: int = 0
    parts: int = 0


class Line(NamedTuple):
    patient_id: str | None
    text: bytes  # with its line break


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """How the database knows the women of a group: looked after by `of`, or by what their resources are found by."""

    kind: str  # organisation | flag | case-file
    of: str | None = None
    tokens: Sequence[int] = ()
    open_tokens: Sequence[int] = ()


class Exports:
    """The rows of one region, on the connection it is given."""

    def __init__(self, conn: Connection[Any], region_id: str) -> None:
        self.conn, self.region_id = conn, region_id

    def _run(self, name: str, **values: Any) -> Any:
        return self.conn.execute(SQL[name], {"region_id": self.region_id, **values})

    def _value(self, name: str, **values: Any) -> Any:
        row = self._run(name, **values).fetchone()
        return row[0] if row else None

    def open_of(self, client_id: UUID) -> int:
        """How many the client has under way; nobody adds one of the same client until this transaction ends."""
        self._run("hold_exports_of_client", client_id=client_id)
        return int(self._value("open_exports_of_client", client_id=client_id))

    def add(self, id_: UUID, *, now: datetime, **what: Any) -> None:
        """`what`: everything of a Job that the request decides, and when it expires at the latest."""
        self._run("add_export", id=id_, now=now, **what)

    def one(self, id_: UUID) -> Job | None:
        with self.conn.cursor(row_factory=class_row(Job)) as cursor:
            return cursor.execute(SQL["export"], {"region_id": self.region_id, "id": id_}).fetchone()

    def open(self) -> list[UUID]:
        """Those that are to be written, oldest first."""
        return [row[0] for row in self._run("open_exports").fetchall()]

    def try_hold(self, id_: UUID) -> bool:
        """Write it alone, as long as this connection lives or until `leave`."""
        return bool(self._value("try_export", id=id_))

    def leave(self, id_: UUID) -> None:
        with suppress(Error):  # a connection that is gone has let go already
            self._run("leave_export", id=id_)

    def begin(self, id_: UUID) -> int | None:
        """The number of this attempt; None where there is nothing to write. What another attempt left is gone."""
        with self.conn.transaction():
            attempts = self._value("begin_export", id=id_)
            if attempts is not None:
                self._run("forget_files", id=id_)
                self._run("forget_parts", id=id_)
        return attempts

    def settled(self, now: datetime) -> datetime:
        """A moment of which everything is committed by now."""
        oldest: timedelta = self._value("settled_until", exporting=EXPORTING)
        return now - oldest - timedelta(seconds=1)

    def add_part(self, id_: UUID, *, file: int, number: int, content: bytes, lines: int) -> bool:
        """False: the job has been cancelled."""
        given = {"file": file, "number": number, "content": content, "lines": lines}
        return self._run("add_part", id=id_, **given).fetchone() is not None

    def add_file(self, id_: UUID, file: File) -> None:
        self._run("add_file", id=id_, **file._asdict())

    def finish(self, id_: UUID, *, moment: datetime, expires_at: datetime) -> None:
        self._run("finish_export", id=id_, moment=moment, expires_at=expires_at)

    def fail(self, id_: UUID, *, problem: str, expires_at: datetime) -> None:
        self._run("fail_export", id=id_, problem=problem, expires_at=expires_at)

    def delete(self, id_: UUID) -> None:
        self._run("delete_export", id=id_)

    def forget(self, now: datetime) -> int:
        """Jobs whose time is over, with their files."""
        return int(self._run("forget_exports", now=now).rowcount)

    def files(self, id_: UUID) -> list[File]:
        return [File(*row) for row in self._run("files", id=id_).fetchall()]

    def part(self, id_: UUID, file: int, number: int) -> bytes | None:
        found = self._value("part", id=id_, file=file, number=number)
        return bytes(found) if found is not None else None


@contextmanager
def snapshot(conn: Connection[Any], viewer: Viewer) -> Iterator[None]:
    """Everything read inside is of one moment, and nothing of it is unknown to the viewer."""
    conn.isolation_level, conn.read_only = IsolationLevel.REPEATABLE_READ, True
    with conn.transaction():
        resources.narrow(conn, viewer)
        yield


def lines(
    conn: Connection[Any], region_id: str, job: Job, type_: str, viewer: Viewer, group: Membership | None
) -> Generator[Line, None, None]:
    """The resources of one type, as they come: no more than one is in memory."""
    given = {**_asked(region_id, job, viewer), "type": type_}
    given |= {
        "group_kind": group.kind if group else None,
        "group_of": group.of if group else None,
        "group_tokens": list(group.tokens) if group else [],
        "open_tokens": list(group.open_tokens) if group else [],
    }
    for line in _copied(conn, "copy_resources", given):
        if viewer.narrowing is None or _is_inside(region_id, viewer.narrowing, line):
            yield line


def deleted(conn: Connection[Any], region_id: str, job: Job, viewer: Viewer) -> Generator[Line, None, None]:
    """What was deleted since the moment that the caller named; of types of which the scopes leave only a part nothing,
    because what is gone cannot be asked whether it was inside."""
    types = [one for one in job.types if viewer.narrowing is None or viewer.narrowing.parts(one, "r") is None]
    yield from _copied(conn, "copy_deleted", {**_asked(region_id, job, viewer), "types": types})


def _is_inside(region_id: str, narrowing: Narrowing, line: Line) -> bool:
    resource = plain.read(line.text)
    return narrowing.covers(region_id, resource, datetime.fromisoformat(resource["meta"]["lastUpdated"]))


def _asked(region_id: str, job: Job, viewer: Viewer) -> dict[str, Any]:
    return {
        "region_id": region_id,
        "since": job.since,
        "until": job.until,
        "patients": list(job.patients) if job.patients is not None else None,
        "of_patients": job.of_patients,
        "viewer": viewer.source,
        "cleared": list(viewer.cleared),
        "organisations": list(viewer.organisations),
    }


def _copied(conn: Connection[Any], name: str, given: dict[str, Any]) -> Generator[Line, None, None]:
    with conn.cursor().copy(SQL[name], given) as copy:
        for row in copy:
            patient_id, _, text = bytes(row).partition(BETWEEN)
            yield Line(patient_id.decode() or None, text)
