"""What any FHIR R4 server that speaks like ours must do, asked over HTTP. Reads and validates; stores nothing."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engine.errors import EngineError
from engine.store import plain

LARGEST, LONGEST_S = 20_000_000, 15
JSON = "application/fhir+json"
WRONG = {"resourceType": "Patient", "gender": "nobody", "birthDate": "2026-02-30"}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A token is for the server it was given for."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def kind(self) -> str:
        return str(self.body.get("resourceType", "")) if isinstance(self.body, Mapping) else ""

    @property
    def entries(self) -> list[Any]:
        found = self.body.get("entry", []) if isinstance(self.body, Mapping) else []
        return found if isinstance(found, list) else []


@dataclass(slots=True)
class Server:
    """`sample`: the first resource that a search found, for the checks that need one."""

    base: str
    token: str | None
    sample: Mapping[str, Any] | None = None
    _opener: Any = field(default_factory=lambda: urllib.request.build_opener(_Stay))

    def ask(
        self,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        with_token: bool = True,
    ) -> Answer:
        """Raises OSError where nobody answers."""
        sent = {"Accept": JSON, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", JSON)
        if with_token and self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.base + path, body, sent)
        try:
            with self._opener.open(request, timeout=LONGEST_S) as answer:
                return _read(answer.status, answer.headers, answer.read(LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error.headers, error.read(LARGEST))


def _read(status: int, headers: Any, raw: bytes) -> Answer:
    try:
        body = plain.loads(raw) if raw else None
    except EngineError:
        body = None
    return Answer(status, {name.lower(): value for name, value in headers.items()}, body)


def base_of(url: str) -> str | None:
    """The address without its last stroke; None for what is no http address."""
    parts = urlsplit(url)
    return url.rstrip("/") if parts.scheme in ("http", "https") and parts.netloc else None


def check(server: Server) -> list[dict[str, Any]]:
    """Every check with whether it holds and what was seen. Raises OSError where nobody answers."""
    found = []
    for name, asks in CHECKS.items():
        problem = asks(server)
        found.append({"name": name, "ok": problem is None, "detail": problem or ""})
    return found


def _expect(answer: Answer, status: int, kind: str | None = None) -> str | None:
    if answer.status != status:
        return f"status {answer.status}, expected {status}"
    return f"{answer.kind or 'no resource'}, expected {kind}" if kind is not None and answer.kind != kind else None


def _metadata(server: Server) -> str | None:
    answer = server.ask("/metadata", with_token=False)
    wrong = _expect(answer, 200, "CapabilityStatement")
    version = answer.body.get("fhirVersion") if wrong is None else None
    return wrong or (None if version in ("4.0.1", "4.3.0") else f"fhirVersion {version}")


def _closed(server: Server) -> str | None:
    return _expect(server.ask("/Patient", with_token=False), 401, "OperationOutcome")


def _search(server: Server) -> str | None:
    answer = server.ask("/Patient?_count=1")
    if wrong := _expect(answer, 200, "Bundle"):
        return wrong
    server.sample = next((entry.get("resource") for entry in answer.entries), None)
    has_self = any(link.get("relation") == "self" for link in answer.body.get("link", []))
    return None if has_self else "no self link"


def _paging(server: Server) -> str | None:
    answer = server.ask("/Organization?_count=1")
    if wrong := _expect(answer, 200, "Bundle"):
        return wrong
    following = next((x["url"] for x in answer.body.get("link", []) if x.get("relation") == "next"), None)
    if following is None:
        return None if len(answer.entries) <= 1 else "more than _count and no next link"
    if not str(following).startswith(server.base + "/"):
        return "the next link leads to another server"
    second = server.ask(str(following).removeprefix(server.base))
    first_id, second_id = ([e.get("fullUrl") for e in one.entries][:1] for one in (answer, second))
    return _expect(second, 200, "Bundle") or (
        "the second page begins like the first" if first_id == second_id else None
    )


def _versions(server: Server) -> str | None:
    if server.sample is None:
        return "no patient was found to check with: send one in first"
    path = f"/{server.sample['resourceType']}/{server.sample['id']}"
    answer = server.ask(path)
    if wrong := _expect(answer, 200):
        return wrong
    tag = answer.headers.get("etag", "")
    if not tag.startswith('W/"'):
        return "no weak ETag"
    again = server.ask(path, headers={"If-None-Match": tag})
    return _expect(again, 304) or _expect(server.ask(f"{path}/_history"), 200, "Bundle")


def _strict(server: Server) -> str | None:
    path = "/Patient?no-such-parameter=1"
    return _expect(server.ask(path, headers={"Prefer": "handling=strict"}), 400, "OperationOutcome") or _expect(
        server.ask(path), 200
    )


def _validate(server: Server) -> str | None:
    answer = server.ask("/Patient/$validate", plain.dumps(WRONG))
    if wrong := _expect(answer, 200, "OperationOutcome"):
        return wrong
    places = {at for issue in answer.body.get("issue", []) for at in issue.get("expression", [])}
    missing = {"Patient.gender", "Patient.birthDate"} - places
    return f"not named: {', '.join(sorted(missing))}" if missing else None


def _xml(server: Server) -> str | None:
    answer = server.ask("/metadata", with_token=False, headers={"Accept": "application/fhir+xml"})
    return None if "xml" in answer.headers.get("content-type", "") else _expect(answer, 200) or "the answer is not XML"


def _refuses(
    path: str, status: int, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Callable[[Server], str | None]:
    def ask(server: Server) -> str | None:
        return _expect(server.ask(path, body, headers=headers), status, "OperationOutcome")

    return ask


CHECKS: dict[str, Callable[[Server], str | None]] = {
    "metadata": _metadata,
    "closed without a token": _closed,
    "search": _search,
    "paging": _paging,
    "versions, 304 and history": _versions,
    "unknown parameters": _strict,
    "unknown id": _refuses("/Patient/no-such-id", 404),
    "unknown type": _refuses("/NoSuchType/1", 404),
    "unknown media type": _refuses("/Patient/$validate", 415, b"x", {"Content-Type": "text/plain"}),
    "unknown format": _refuses("/Patient", 406, headers={"Accept": "text/turtle"}),
    "malformed JSON": _refuses("/Patient/$validate", 400, b'{"resourceType":'),
    "a key twice": _refuses("/Patient/$validate", 400, b'{"resourceType":"Patient","active":true,"active":false}'),
    "every fault with its place": _validate,
    "XML": _xml,
}
