"""Where in a document that could not be read the fault is: the path to it, found by reading its text once more."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engine.errors import Malformed
from engine.store.plain import MAX_DEPTH
from fhir_adapters.issues import FhirError, refuse

_TOKEN = re.compile(r'[ \t\r\n]*(?:([{}\[\]:,])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|([-+.\w]+))')
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,4})?")
_FINE = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_UNSTORED = re.compile(r"\\u0000|\\u[dD][89a-fA-F]")
_NAME = re.compile(r'"resourceType"[ \t\r\n]*:[ \t\r\n]*"([A-Z][A-Za-z]{1,60})"')
LONGEST_NUMBER = 300  # digits; longer ones are pointed at, whatever else is wrong


@dataclass(slots=True)
class _Level:
    is_object: bool
    names: set[str] = field(default_factory=set)
    name: str = ""
    number: int = 0
    wants_name: bool = True

    def step(self) -> str:
        return f".{self.name}" if self.is_object else f"[{self.number}]"


def placed(error: Malformed, raw: bytes, *, is_json: bool) -> FhirError:
    """The same refusal with its place; that of XML names its line already."""
    place = json_place(raw) if is_json else None
    return refuse(400, "invalid", "MCH-V-0001", error.message.zh, error.message.en, expression=place)


def json_place(raw: bytes) -> str:
    """FHIRPath from the root to the first thing that is no JSON, or none that can be stored."""
    text = raw.decode("utf-8", "surrogateescape")
    named = _NAME.search(text)
    root, levels, at = named[1] if named else "$this", list[_Level](), 0
    while found := _TOKEN.match(text, at):
        sign, quoted, word = found.groups()
        if not _goes_on(levels, sign, quoted, word):
            break
        at = found.end()
    return (root + "".join(level.step() for level in levels if level.name or not level.is_object))[:1000]


def _goes_on(levels: list[_Level], sign: str | None, quoted: str | None, word: str | None) -> bool:
    """Takes one token; False at the fault."""
    here = levels[-1] if levels else None
    if sign in ("{", "["):
        levels.append(_Level(sign == "{"))
        return len(levels) <= MAX_DEPTH
    if sign in ("}", "]"):
        if here is None or here.is_object != (sign == "}"):
            return False
        levels.pop()
        return True
    if sign == ",":
        if here is not None:
            here.number, here.wants_name = here.number + 1, True
        return here is not None
    if sign == ":":
        return here is not None and here.is_object
    if word is not None:
        return _WORD.fullmatch(word) is not None and len(word) <= LONGEST_NUMBER
    if here is not None and here.is_object and here.wants_name:
        return _is_new_name(here, (quoted or "")[1:-1])
    return _is_storable(quoted or "")


def _is_new_name(here: _Level, name: str) -> bool:
    is_plain = re.fullmatch(r"_?[A-Za-z][A-Za-z0-9]{0,63}", name) is not None  # what else is sent is not repeated
    is_twice = name in here.names
    here.names.add(name)
    here.name, here.wants_name = name if is_plain else "", False
    return not is_twice and _is_storable(name)


def _is_storable(text: str) -> bool:
    return not (_UNSTORED.search(_FINE.sub("", text)) or any("\udc80" <= letter <= "\udcff" for letter in text))
