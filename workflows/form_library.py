"""Forms as they were deployed: a task keeps the version it was opened with, also when a newer one is published."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from engine.store import plain, reads
from workflows.forms import Form

MOST = 256  # files: several releases of all forms


@lru_cache(maxsize=MOST)
def read_form(content: bytes) -> Form:
    """Once per process: deploying a form checks it, filling it in needs it. To be read only. Raises Refused."""
    return Form.parse(plain.loads(content))


class FormLibrary:
    """Parsed forms by id and version; a version never changes, so it is parsed once per process."""

    def __init__(self, read: Callable[[], Any], region_id: str) -> None:
        self._read = read
        self._region_id = region_id
        self._parsed: dict[tuple[str, int], Form] = {}

    def get(self, key: str, version: int | None = None, *, conn: Any = None) -> Form | None:
        """The form of this version, or the newest; None where none is deployed under this id."""
        known = self.known(key, version)
        if known is not None:
            return known
        if conn is None:
            with self._read() as own:
                return self._load(own, key, version)
        return self._load(conn, key, version)

    def known(self, key: str, version: int | None) -> Form | None:
        """The form of this version where this process has read it before: no question to the database."""
        return self._parsed.get((key, version)) if version is not None else None

    def _load(self, conn: Any, key: str, version: int | None) -> Form | None:
        found = reads.definition(conn, self._region_id, "form", key, version)
        if found is None:
            return None
        if (key, found.version) not in self._parsed:
            self._parsed[key, found.version] = read_form(bytes(found.xml))
        return self._parsed[key, found.version]
