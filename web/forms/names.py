"""Names of fields in HTML and what they stand for: `sbp`, `fhr[0]`, `fetus[1].weight_g`."""

from __future__ import annotations

import re

ADD, REMOVE, CONFIRM = "_add", "_remove", "_confirm"
_PATH = re.compile(r"([a-z][a-z0-9_]*)(?:\[(\d{1,3})\])?(?:\.([a-z][a-z0-9_]*)(?:\[(\d{1,3})\])?)?")


def field_id(path: str) -> str:
    """The id of the element that holds `path`: where an error summary leads."""
    return "f-" + path.replace("[", "-").replace("].", "-").replace("]", "")


def split(path: str) -> tuple[str, int | None, str | None, int | None] | None:
    """linkId, number of the row, linkId inside the row, number there; None when it names no field."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    name, row, inner, number = found.groups()
    return name, None if row is None else int(row), inner, None if number is None else int(number)
