"""A folder into which a hospital drops files: `<inbound>/<client>/<table>/*.csv`, documents in `<client>/cda/*.xml`.

A file is taken when it has not changed between two looks, so that one that is still being written is let alone. Each of
its rows is stored and understood by itself; then the file moves to `done/`. A file that was not finished, because this
process died, is read again: rows that were taken are the same rows.
"""

from __future__ import annotations

import csv
import io
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fhir_adapters.arrivals.model import NotUnderstood, Problem, problems_of
from fhir_adapters.arrivals.profile import Profile, Table
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.tabular import rows

log = logging.getLogger(__name__)

ENDINGS = {"csv": (".csv", ".txt"), "cda": (".xml",)}
DOCUMENTS = "cda"
DONE = "done"
LARGEST = 50_000_000


@dataclass(frozen=True, slots=True)
class Seen:
    """How a file looked."""

    size: int
    changed: int
    inode: int


class Folder:
    """One look after the other; `look` takes what stood still since the look before."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._before: dict[Path, Seen] = {}

    def look(self) -> int:
        """Answers how many rows and documents were taken."""
        taken = 0
        now: dict[Path, Seen] = {}
        for client, profile in self._receiver.profiles.all().items():
            for channel, table, path in self._files(client, profile):
                seen = _seen(path)
                if seen is None:
                    continue
                if self._before.get(path) == seen:
                    try:
                        taken += self._take(profile, channel, table, path)
                    except OSError as error:  # another process took it, or it may not be read: the others go on
                        log.warning("a file of %s was not taken: %s", client, type(error).__name__)
                else:
                    now[path] = seen
        self._before = now
        return taken

    def _files(self, client: str, profile: Profile) -> Iterator[tuple[str, Table | None, Path]]:
        home = self._receiver.profiles.folder / client
        for table in profile.files:
            for path in _sorted(home / table.name, ENDINGS["csv"]):
                yield "csv", table, path
        for path in _sorted(home / DOCUMENTS, ENDINGS["cda"]):
            yield "cda", None, path

    def _take(self, profile: Profile, channel: str, table: Table | None, path: Path) -> int:
        if path.stat().st_size > LARGEST:
            self._refuse_whole(profile, channel, table, path, "MCH-I-017", "文件过大", "the file is too large")
            return _moved(path, 0)
        body = path.read_bytes()
        if table is None:
            self._receiver.receive(body, client=profile.client, channel="cda", origin=path.name)
            return _moved(path, 1)
        try:
            lines = list(split(body, table))
        except NotUnderstood as error:
            id_ = self._receiver.store(body, **_told(profile, table, path, "file"))
            self._receiver.refuse_with(id_, "file", problems_of(error))
            return _moved(path, 0)
        for number, line in lines:
            origin = f"{table.name}/{path.name} line {number}"
            self._receiver.receive(line, client=profile.client, channel="csv", origin=origin, kind=rows.KIND)
        return _moved(path, len(lines))

    def _refuse_whole(
        self, profile: Profile, channel: str, table: Table | None, path: Path, code: str, zh: str, en: str
    ) -> None:
        with path.open("rb") as file:
            start = file.read(65_536)
        name = table.name if table else DOCUMENTS
        id_ = self._receiver.store(
            start, client=profile.client, channel=channel, origin=f"{name}/{path.name}", kind="file"
        )
        self._receiver.refuse_with(id_, "file", [Problem(code=code, zh=zh, en=en)])


def _told(profile: Profile, table: Table, path: Path, kind: str) -> dict[str, Any]:
    return {"client": profile.client, "channel": "csv", "origin": f"{table.name}/{path.name}", "kind": kind}


def split(body: bytes, table: Table) -> Iterator[tuple[int, bytes]]:
    """Each row with its header line, as bytes of the file's own characters; the number of its first line. A value in
    quotes may hold line ends. Raises NotUnderstood for a file whose header cannot be read."""
    text = rows.decoded(body, table.encoding)
    encoding = "utf-8" if _is_utf8(body) else "gb18030" if table.encoding == "auto" else table.encoding
    lines = _records(text)
    first = next(lines, None)
    header = next(csv.reader([first[1]], delimiter=table.delimiter), []) if first else []
    names = {name.strip() for name in header}
    missing = [name for name in table.columns if name not in names]
    if missing:
        found = [
            Problem(code="MCH-I-065", zh="缺少此列", en="this column is missing", at=f"line 1, {name}")
            for name in missing
        ]
        raise NotUnderstood(found, "file")
    assert first is not None
    for number, line in lines:
        if line.strip():
            yield number, f"{first[1]}\n{line}\n".encode(encoding)


def _records(text: str) -> Iterator[tuple[int, str]]:
    """Lines, where a quoted value that goes on over a line end is one."""
    held, began = "", 0
    for number, line in enumerate(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), start=1):
        held, began = held + line, began or number
        if held.count('"') % 2 == 0:
            yield began, held.rstrip("\n")
            held, began = "", 0
    if held:
        yield began, held.rstrip("\n")  # a quote that never ends: what follows is one row, and says so


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _sorted(folder: Path, endings: tuple[str, ...]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [p for p in folder.iterdir() if p.is_file() and p.suffix.lower() in endings and not p.name.startswith(".")]
    return sorted(found)


def _seen(path: Path) -> Seen | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Seen(found.st_size, found.st_mtime_ns, found.st_ino)


def _moved(path: Path, taken: int) -> int:
    """Out of the way; one of the same name that was taken before keeps its place."""
    done = path.parent / DONE
    done.mkdir(exist_ok=True)
    target, number = done / path.name, 1
    while target.exists():
        number += 1
        target = done / f"{path.stem}-{number}{path.suffix}"
    os.replace(path, target)
    return taken
