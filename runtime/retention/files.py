"""An archive's file: compressed JSON lines. A header, one line per instance, a trailer that counts them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.errors import Incorrect
from engine.store import plain

FORMAT = 1


@dataclass(frozen=True)
class Written:
    sha256: str
    instances: int
    rows: int


def write(file: Path, header: dict[str, Any], documents: Iterable[str]) -> Written:
    """A new file that only its owner may read; it has its name only when it is whole."""
    unfinished = file.with_suffix(".part")
    unfinished.touch(mode=0o600, exist_ok=False)
    instances = rows = 0
    with gzip.open(unfinished, "wb", compresslevel=6) as out:
        out.write(plain.dumps({"format": FORMAT, **header}) + b"\n")
        for text in documents:
            document = plain.loads(text)
            instances += 1
            rows += 1 + sum(len(part or ()) for name, part in document.items() if name != "instance")
            out.write(plain.dumps(document) + b"\n")
        out.write(plain.dumps({"instances": instances, "rows": rows}) + b"\n")
    sha256 = sha256_of(unfinished)
    unfinished.rename(file)
    file.with_suffix(".sha256").write_text(f"{sha256}  {file.name}\n", encoding="ascii")
    return Written(sha256, instances, rows)


def sha256_of(file: Path) -> str:
    with file.open("rb") as given:
        return hashlib.file_digest(given, "sha256").hexdigest()


def require_whole(file: Path, sha256: str) -> None:
    """Raises Incorrect when the file is missing or is not the one that was written."""
    if not file.is_file():
        raise Incorrect("归档文件不在该文件夹", f"{file.name} is not in this folder", code="archive-missing")
    if sha256_of(file) != sha256:
        raise Incorrect("归档文件校验和不符", f"{file.name} was changed", code="archive-damaged")


def documents(file: Path) -> Iterator[dict[str, Any]]:
    """The instances of a file."""
    with gzip.open(file, "rb") as given:
        given.readline()  # the header
        for line in given:
            document = plain.loads(line)
            if "instance" in document:
                yield document


def document_of(file: Path, instance_id: UUID) -> dict[str, Any]:
    for document in documents(file):
        if document["instance"]["id"] == str(instance_id):
            return document
    raise Incorrect("归档文件中没有该实例", "the file does not hold this instance", code="archive-damaged")
