"""What a change comes to for the waits of one instance, in words that a person and a program can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.interpreter import State
from engine.interpreter.contracts import Wait

Json = dict[str, Any]


def changes(before: State, after: State, status: str, notes: list[Json]) -> Json:
    """`opened`, `closed`, `changed` (another place, another due time), `kept`; the number of a wait tells which is
    which."""
    old, new = before.waits, after.waits
    stay = [(old[number], wait) for number, wait in new.items() if number in old]
    return {
        "opened": [_shown(wait) for number, wait in new.items() if number not in old],
        "closed": [_shown(wait) for number, wait in old.items() if number not in new],
        "changed": list(_changed(stay)),
        "kept": [_shown(wait) for was, wait in stay if not _differs(was, wait)],
        "state": status,
        "notes": notes,
    }


def _changed(stay: list[tuple[Wait, Wait]]) -> Iterator[Json]:
    for was, wait in stay:
        if _differs(was, wait):
            yield _shown(wait) | {"was": {"element_id": was.path, "due_at": was.data.get("due")}}


def _differs(was: Wait, wait: Wait) -> bool:
    return was.path != wait.path or was.data != wait.data


def _shown(wait: Wait) -> Json:
    return {"element_id": wait.path, "kind": wait.kind.value, "due_at": wait.data.get("due"), "was": None}
