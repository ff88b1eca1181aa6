"""A partner's FHIR interface, signed in to as its own page says: SMART backend services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from engine.store import plain
from fhir_adapters import delivery
from fhir_adapters.delivery import Answer, NotAllowed, NotTaken
from fhir_adapters.partners.keys import assertion
from workflows.referrals import Partner

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FHIR_JSON = "application/fhir+json"
EARLY = timedelta(seconds=60)  # a token is renewed before it ends


class Refused(Exception):
    """The partner understood and will not: asking again changes nothing."""


class Channel:
    """`wall`: the machine's time, which signatures are compared with. `key`: id and private key."""

    def __init__(self, partner: Partner, key: Callable[[], tuple[str, str]], wall: Callable[[], datetime]) -> None:
        self._partner, self._key, self._wall = partner, key, wall
        self._token: tuple[str, datetime] | None = None

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and what was said. Raises NotTaken (ask again later), Refused."""
        for is_last in (False, True):
            sent = {"Authorization": f"Bearer {self._signed_in()}", "Accept": FHIR_JSON, **(headers or {})}
            if body is not None:
                sent["Content-Type"] = FHIR_JSON
            content = plain.dumps(body) if body is not None else b""
            answer = self._exchange(method, self._partner.base_url, path, sent, content)
            if answer.status == 401 and not is_last:
                self._token = None
                continue
            if answer.status >= 500 or answer.status in (401, 408, 412, 425, 429):
                raise NotTaken(f"HTTP {answer.status}", after=answer.after, status=answer.status)
            return answer.status, _read(answer)
        raise NotTaken("HTTP 401", status=401)

    def find(self, type_: str, system: str, value: str) -> dict[str, Any] | None:
        """The one resource with this identifier that we may read."""
        status, found = self.ask("GET", f"/{type_}?{urlencode({'identifier': f'{system}|{value}'})}")
        if status != 200:
            raise Refused(f"HTTP {status}: {said(found)}")
        entries = [e["resource"] for e in found.get("entry", ()) if e.get("search", {}).get("mode") != "outcome"]
        return next((one for one in entries if one.get("resourceType") == type_), None)

    def put(self, resource: Mapping[str, Any]) -> tuple[int, Any]:
        etag = f'W/"{resource["meta"]["versionId"]}"'
        path = f"/{resource['resourceType']}/{quote(str(resource['id']))}"
        return self.ask("PUT", path, resource, {"If-Match": etag})

    def _signed_in(self) -> str:
        now = self._wall()
        if self._token is None or self._token[1] <= now:
            self._token = self._new_token(now)
        return self._token[0]

    def _new_token(self, now: datetime) -> tuple[str, datetime]:
        base = self._partner.base_url
        described = self._exchange("GET", base, "/.well-known/smart-configuration", {"Accept": "application/json"})
        where = str(_read(described).get("token_endpoint", "")) if described.status == 200 else ""
        if urlsplit(where)[:2] != urlsplit(base)[:2]:
            raise NotTaken("对方没有说明在哪里登录 / the partner does not say where to sign in")
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion(self._key(), self._partner.client_id, where, now),
        }
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = self._exchange("POST", where, "", sent, urlencode(form).encode())
        given = _read(answer)
        if answer.status != 200 or not given.get("access_token"):
            raise NotTaken(f"登录被拒绝 / sign-in was refused (HTTP {answer.status})", status=answer.status)
        lasts = timedelta(seconds=int(given.get("expires_in") or 300)) - EARLY
        return str(given["access_token"]), now + max(lasts, timedelta(seconds=1))

    def _exchange(self, method: str, base: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        return delivery.exchange(
            method, base, path, network=self._partner.network, headers=headers, body=body, at=self._wall()
        )


def _read(answer: Answer) -> Any:
    try:
        return plain.loads(answer.body) if answer.body else {}
    except ValueError:
        raise NotTaken("回答不是 JSON / the answer is no JSON", status=answer.status) from None


def said(outcome: Any) -> str:
    """The first words of an OperationOutcome; no value of ours is in them."""
    issues = outcome.get("issue", ()) if isinstance(outcome, dict) else ()
    return next((str(i.get("details", {}).get("text", ""))[:200] for i in issues), "")


__all__ = ["Channel", "NotAllowed", "NotTaken", "Refused", "said"]
