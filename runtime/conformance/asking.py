"""One FHIR server, asked over HTTP. A token is for the server that it was given for: no redirect is followed."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engine.errors import EngineError
from engine.store import plain

LARGEST, LONGEST_S = 20_000_000, 15
JSON = "application/fhir+json"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A token is for the server it was given for."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any
    text: str = ""

    @property
    def kind(self) -> str:
        return str(self.body.get("resourceType", "")) if isinstance(self.body, Mapping) else ""

    @property
    def entries(self) -> list[Any]:
        found = self.body.get("entry", []) if isinstance(self.body, Mapping) else []
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    @property
    def resources(self) -> list[dict[str, Any]]:
        """Of a search, without what is said about it."""
        inner = [one.get("resource") for one in self.entries if one.get("search", {}).get("mode") != "outcome"]
        return [one for one in inner if isinstance(one, dict)]

    def get(self, name: str) -> Any:
        return self.body.get(name) if isinstance(self.body, Mapping) else None

    def link(self, relation: str) -> str | None:
        links = self.get("link") or []
        found = [one.get("url") for one in links if isinstance(one, Mapping) and one.get("relation") == relation]
        return str(found[0]) if found else None

    @property
    def issues(self) -> list[Mapping[str, Any]]:
        found = self.get("issue") or []
        return [one for one in found if isinstance(one, Mapping)]


@dataclass(slots=True)
class Server:
    """`base` without its last stroke. `seen`: the texts of resources that it answered."""

    base: str
    token: str | None
    seen: list[str] = field(default_factory=list)
    _opener: Any = field(default_factory=lambda: urllib.request.build_opener(_Stay))

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        *,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        with_token: bool = True,
    ) -> Answer:
        """`path` below the base, or a whole address. Raises OSError where nobody answers."""
        sent = {"Accept": JSON, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", JSON)
        if with_token and self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        address = path if path.startswith(("http://", "https://")) else self.base + path
        request = urllib.request.Request(address, body, sent, method=method)
        try:
            with self._opener.open(request, timeout=LONGEST_S) as answer:
                return self._read(answer.status, answer.headers, answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                return self._read(error.code, error.headers, error.read(LARGEST))

    def send(self, method: str, path: str, resource: Any, **headers: str) -> Answer:
        """Header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(path, plain.dumps(resource), method=method, headers=named)

    def _read(self, status: int, headers: Any, raw: bytes) -> Answer:
        text = raw.decode("utf-8", "replace")
        try:
            body = plain.loads(raw) if raw else None
        except EngineError:
            body = None
        if isinstance(body, dict) and len(self.seen) < 500:
            self.seen.append(text)
        return Answer(status, {name.lower(): value for name, value in headers.items()}, body, text)


def base_of(url: str) -> str | None:
    """The address without its last stroke; None for what is no http address."""
    parts = urlsplit(url)
    return url.rstrip("/") if parts.scheme in ("http", "https") and parts.netloc else None
