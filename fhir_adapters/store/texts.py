"""A resource as it is stored and as it is answered: the text that came, with only id and meta set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from engine.store import plain

_SET_BY_US = frozenset({"versionId", "lastUpdated", "source"})
_BESIDE_THE_BODY = frozenset({"resourceType", "id", "meta"})
_NO_LABELS = plain.dumps([])


@dataclass(frozen=True, slots=True)
class Split:
    body: str
    meta: str
    content_hash: str


def elements(resource: Mapping[str, Any]) -> dict[str, bytes]:
    """The text of each element of the body: written once, for the store and for the index."""
    return {name: plain.dumps(value) for name, value in resource.items() if name not in _BESIDE_THE_BODY}


def split(
    resource: Mapping[str, Any],
    source: str | None = None,
    texts: Mapping[str, bytes] | None = None,
) -> Split:
    """The parts that are stored; `texts`: its elements, where somebody has written them already. Meta other than the
    labels does not count as content: sending again with another tag is sending the same again."""
    texts = elements(resource) if texts is None else texts
    body = b"{%b}" % b",".join([_key(name) + text for name, text in texts.items()])
    given = resource.get("meta")
    if given is None and not source:
        return Split(body.decode(), "{}", content_hash(body, _NO_LABELS))
    meta = {k: v for k, v in (given or {}).items() if k not in _SET_BY_US}
    if source:
        meta["source"] = source
    return Split(body.decode(), plain.dumps(meta).decode() if meta else "{}", content_hash(body, labels_text(meta)))


def labels_text(meta: Mapping[str, Any]) -> bytes:
    """Of the meta what counts as content."""
    return plain.dumps(meta["security"]) if "security" in meta else _NO_LABELS


def content_hash(body: bytes, labels: bytes) -> str:
    digest = hashlib.blake2b(body, digest_size=16)
    digest.update(labels)
    return digest.hexdigest()


@lru_cache(maxsize=1 << 10)
def _key(name: str) -> bytes:
    return plain.dumps(name) + b":"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of a resource as the table has it."""

    type: str
    id: str
    version: int
    updated_at: datetime
    deleted: bool
    source: str
    body: str
    meta: str

    @property
    def etag(self) -> str:
        return f'W/"{self.version}"'

    def text(self) -> str:
        """The resource as JSON, put together without reading it."""
        stamp = self.updated_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        meta = f'"versionId":"{self.version}","lastUpdated":"{stamp}"' + _tail(self.meta)
        return f'{{"resourceType":"{self.type}","id":"{self.id}","meta":{{{meta}}}{_tail(self.body)}}}'

    def resource(self) -> dict[str, Any]:
        """The resource read; for rules, never for an answer."""
        return {"resourceType": self.type, "id": self.id, "meta": plain.read(self.meta), **plain.read(self.body)}


def _tail(text: str) -> str:
    inner = text[1:-1]
    return "," + inner if inner else ""
