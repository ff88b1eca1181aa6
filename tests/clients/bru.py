"""Runs the part of Bruno's files that docs/integration/bruno keeps to: one request a file, variables, assertions.

No scripts: what a value is follows a path alone. A block or an operator that is not known here is an error, never left
out. `bru` itself reads the same files; `test_bruno.py` runs it where it is installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

METHODS = ("get", "post", "put", "patch", "delete")
BODIES = {"json": "body:json", "formUrlEncoded": "body:form-urlencoded", "none": None}
TEXTS = {"body:json", "docs"}
PAIRS = {"meta", "headers", "auth:bearer", "body:form-urlencoded", "vars", "vars:post-response", "assert", *METHODS}
_BLOCK = re.compile(r"^([a-z:-]+) \{\n(.*?)^\}$", re.M | re.S)
_VARIABLE = re.compile(r"\{\{([\w.$-]+)\}\}")
_STEP = re.compile(r"\.?([A-Za-z_$][\w$]*)|\[(\d+)\]|\['([^']+)'\]")
OPERATORS: Mapping[str, Callable[[Any, str], bool]] = {
    "eq": lambda found, wanted: str(found) == wanted,
    "startsWith": lambda found, wanted: str(found).startswith(wanted),
    "in": lambda found, wanted: str(found) in wanted.split(","),
    "gte": lambda found, wanted: found >= int(wanted),
}


@dataclass(frozen=True)
class File:
    """`blocks`: name to text or to pairs."""

    path: Path
    blocks: Mapping[str, Any]

    @property
    def method(self) -> str:
        return next(name for name in METHODS if name in self.blocks)

    @property
    def sequence(self) -> int:
        return int(self.blocks["meta"]["seq"])


def read(path: Path) -> File:
    """Raises ValueError for what is not understood."""
    text, blocks, end = path.read_text(encoding="utf-8"), {}, 0
    for found in _BLOCK.finditer(text):
        name, inner = found[1], found[2]
        if text[end : found.start()].strip() or name in blocks or name not in TEXTS | PAIRS:
            raise ValueError(f"{path.name}: {name} is not understood")
        blocks[name] = re.sub(r"^  ", "", inner, flags=re.M) if name in TEXTS else dict(_pairs(path, inner))
        end = found.end()
    if text[end:].strip():
        raise ValueError(f"{path.name}: what follows the last block is not understood")
    return File(path, blocks)


def _pairs(path: Path, inner: str) -> Iterator[tuple[str, str]]:
    for line in inner.splitlines():
        name, colon, value = line.strip().partition(": ")
        if not colon or name.startswith("~"):
            raise ValueError(f"{path.name}: {line.strip()!r} is not understood")
        yield name, value


class Run:
    """One after the other, with what the ones before have found."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = dict(variables)

    def do(self, file: File) -> list[str]:
        """What of its assertions does not hold."""
        answer = self._ask(file)
        lets = file.blocks.get("vars:post-response", {})
        self.variables |= {name: str(value_at(answer, where)) for name, where in lets.items()}
        return [wrong for where, claim in file.blocks["assert"].items() if (wrong := self._judge(answer, where, claim))]

    def _ask(self, file: File) -> Any:
        asked = file.blocks[file.method]
        headers = {name: self.filled(value) for name, value in file.blocks.get("headers", {}).items()}
        if asked["auth"] == "bearer":
            headers["Authorization"] = f"Bearer {self.filled(file.blocks['auth:bearer']['token'])}"
        body = file.blocks[block] if (block := BODIES[asked["body"]]) else None
        if isinstance(body, dict):
            body = {name: self.filled(value) for name, value in body.items()}
        elif body is not None:
            body = self.filled(body).encode()
        return requests.request(file.method, self.filled(asked["url"]), headers=headers, data=body, timeout=60)

    def filled(self, text: str) -> str:
        return _VARIABLE.sub(lambda found: self.variables[found[1]], text)

    def _judge(self, answer: Any, where: str, claim: str) -> str | None:
        operator, _, wanted = claim.partition(" ")
        try:
            found = value_at(answer, where)
        except (KeyError, IndexError, TypeError) as missing:
            return f"{where}: nothing there ({missing!r})"
        return None if OPERATORS[operator](found, self.filled(wanted)) else f"{where}: {found!r}, not {claim}"


def value_at(answer: Any, where: str) -> Any:
    """What `res.status`, `res.headers['name']` or `res.body.a[0].b` is of an answer."""
    found: Any = {"status": answer.status_code, "headers": {k.lower(): v for k, v in answer.headers.items()}}
    if ".body" in where:
        found["body"] = answer.json()
    end = len("res")
    for step in _STEP.finditer(where, end):
        if step.start() != end:
            break
        name, number, quoted = step.groups()
        if name == "length" and isinstance(found, list):
            found = len(found)
        else:
            found = found[int(number) if number else name or quoted]
        end = step.end()
    if not where.startswith("res") or end != len(where):
        raise ValueError(f"{where} is not understood")
    return found
