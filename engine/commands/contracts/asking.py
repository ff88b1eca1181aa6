"""Who asks, under which key, and what was entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks, as it will stand in history and audit: ids only, never a name."""

    id: str  # account or client id, "worker", "engine"
    kind: str = "person"  # person | client | engine
    organisation: str | None = None
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdempotencyKey:
    """The same key from the same client with the same request gets the stored answer; with another request, 422."""

    client: str
    key: str
    request_hash: str


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What a person or a system entered, handed through to the projection unread by the engine."""

    form: str
    form_version: int
    answers: Mapping[str, Any]
    response: Mapping[str, Any] | None = None  # the document as it arrived, where one did
    source: str | None = None  # its stored id, where it is stored already
