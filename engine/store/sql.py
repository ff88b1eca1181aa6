"""Named SQL statements, kept in `.sql` files beside the code that binds their parameters.

A statement begins with a line `-- name --`, then a comment saying what it does for the caller, then the SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import LiteralString, cast

_HEADER = re.compile(r"^-- ([a-z][a-z0-9_]*) --[ \t]*$", re.MULTILINE)


def load(place: str | Path) -> Mapping[str, LiteralString]:
    """Every statement of the `sql/` folder beside `place` (a module's `__file__`, or its folder), by name.

    Raises ValueError for a name given twice, so that no file can shadow another's statement unseen.
    """
    folder = Path(place)
    folder = folder.parent if folder.is_file() else folder
    folder = folder if folder.name == "sql" else folder / "sql"
    statements: dict[str, LiteralString] = {}
    for file in sorted(folder.glob("*.sql")):
        for name, text in _split(file.read_text(encoding="utf-8")):
            if name in statements:
                raise ValueError(f"{file}: the statement {name} is there twice")
            statements[name] = cast(LiteralString, text)  # from a file of ours, never from outside
    return MappingProxyType(statements)


def _split(text: str) -> list[tuple[str, str]]:
    parts = _HEADER.split(text)
    return [(name, _without_comments(body)) for name, body in zip(parts[1::2], parts[2::2])]


def _without_comments(body: str) -> str:
    """The statement alone: comments may hold a `%`, which the driver would read as a parameter."""
    lines = (re.sub(r"(^|\s)--\s.*$", "", line).rstrip() for line in body.splitlines())
    return "\n".join(line for line in lines if line).strip().rstrip(";")
