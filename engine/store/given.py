"""What an instance is given at its start as a whole, such as the rules of its region, apart from its other values.

It is stored once: a step writes the other values anew and leaves it where it is. A value that is written later under
the same name counts before it. The same text comes with instance after instance, so what it says is remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from engine.store import plain

LARGE_BYTES = 1_000  # below it nothing is gained
MOST = 64  # texts remembered: each region pack has a few

_KNOWN: OrderedDict[str, dict[str, Any]] = OrderedDict()
_LOCK = Lock()


def divided(variables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of a new instance: those that stand by themselves, and what it is given."""
    given = {
        name: value
        for name, value in variables.items()
        if isinstance(value, dict) and len(plain.dumps(value)) >= LARGE_BYTES
    }
    return {name: value for name, value in variables.items() if name not in given}, given


def whole(variables: dict[str, Any], text: str) -> dict[str, Any]:
    """All values of an instance. `text`: what it was given, as stored. Nobody changes a value inside."""
    if text == "{}":
        return variables
    return {**_read(text), **variables}


def _read(text: str) -> dict[str, Any]:
    known = _KNOWN.get(text)
    if known is None:
        known = plain.read(text)
        with _LOCK:
            _KNOWN[text] = known
            while len(_KNOWN) > MOST:
                _KNOWN.popitem(last=False)
    return known
