"""Answers of commands as JSON, so that a repeated request gets the first answer back."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.commands.contracts import Attached, Completed, Deployed, MessageResult, Started
from engine.commands.records import TaskChanged
from engine.errors import Text
from engine.problems import Problem

RECORDS = {
    kind.__name__: kind for kind in (Attached, Completed, Deployed, MessageResult, Problem, Started, TaskChanged, Text)
}


def pack(answer: Any) -> Any:
    """JSON-like. What JSON has no word for is wrapped: {"$": kind, "v": value}; so is an object with a key "$"."""
    if isinstance(answer, UUID):
        return {"$": "uuid", "v": str(answer)}
    if isinstance(answer, datetime):
        return {"$": "instant", "v": answer.isoformat()}
    if isinstance(answer, tuple):
        return {"$": "tuple", "v": [pack(item) for item in answer]}
    if isinstance(answer, list):
        return [pack(item) for item in answer]
    if isinstance(answer, dict):
        packed = {key: pack(value) for key, value in answer.items()}
        return {"$": "object", "v": packed} if "$" in packed else packed
    if is_dataclass(answer) and type(answer).__name__ in RECORDS:
        values = {f.name: pack(getattr(answer, f.name)) for f in fields(answer)}
        return {"$": type(answer).__name__, "v": values}
    return answer


def unpack(packed: Any) -> Any:
    if isinstance(packed, list):
        return [unpack(item) for item in packed]
    if not isinstance(packed, dict):
        return packed
    kind = packed.get("$")
    if kind is None:
        return {key: unpack(value) for key, value in packed.items()}
    value = packed["v"]
    if kind == "uuid":
        return UUID(value)
    if kind == "instant":
        return datetime.fromisoformat(value)
    if kind == "tuple":
        return tuple(unpack(item) for item in value)
    inside = {key: unpack(item) for key, item in value.items()}
    return inside if kind == "object" else RECORDS[kind](**inside)
