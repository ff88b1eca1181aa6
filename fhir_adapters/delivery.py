"""The one file with a network: a signed request to an address that the client was registered with.

The name is resolved once, every address it has is looked at, and the connection goes to the one that was looked at: a
name that means another address a moment later leads nowhere. Redirects are not followed, no proxy is asked.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from fhir_adapters.store.subscriptions import Endpoint
from fhir_adapters.subscriptions.notices import Notice

LONGEST_REST = timedelta(hours=1)
MOST_READ = 65536  # bytes of an answer; more is not looked at
MOST_ANSWERED = 5_000_000  # of what a partner says to a question
GOOD = range(200, 300)


class NotTaken(Exception):
    """The receiver did not take it; `after` where it said when to come again. Says no more than the kind of failure."""

    def __init__(self, problem: str, *, after: timedelta | None = None, status: int | None = None) -> None:
        super().__init__(problem)
        self.problem, self.after, self.status = problem, after, status


class NotAllowed(NotTaken):
    """The address is none that may be spoken to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address to be told at, the rule that lets it, and what the requests are signed with."""

    url: str
    endpoint: Endpoint
    timeout_s: float = 10.0


def allowed(url: str, endpoints: Sequence[Endpoint]) -> Endpoint | None:
    """The registered address that this one lies at or below."""
    asked = _parts(url)
    if asked is None:
        return None
    return next((one for one in endpoints if _covers(_parts(one.address), asked) and _is_safe(asked, one)), None)


Parts = tuple[str, str, int, str]


def _parts(url: str) -> Parts | None:
    """Scheme, host, port, path; None for what is no plain address of the web."""
    try:
        found = urlsplit(url)
        host, port = found.hostname, found.port
    except ValueError:
        return None
    plain_url = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    if found.scheme not in ("http", "https") or not host or found.username is not None or found.fragment or found.query:
        return None
    if not plain_url or "/../" in f"{found.path}/" or "/./" in f"{found.path}/":
        return None
    return found.scheme, host.lower(), port or (443 if found.scheme == "https" else 80), found.path.rstrip("/")


def _covers(registered: Parts | None, asked: Parts) -> bool:
    if registered is None or registered[:3] != asked[:3]:
        return False
    return asked[3] == registered[3] or asked[3].startswith(registered[3] + "/")


def _is_safe(asked: Parts, endpoint: Endpoint) -> bool:
    """Without encryption only inside: §11.1."""
    return asked[0] == "https" or endpoint.network in ("intranet", "loopback")


def sign(secrets: Sequence[str], body: bytes, at: datetime) -> str:
    """`t=…,v1=…`, one v1 for each secret that is good now; HMAC-SHA256 over the time, a point and the body."""
    stamp = str(int(at.timestamp()))
    signed = stamp.encode() + b"." + body
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={stamp}", *(f"v1={mark}" for mark in marks)])


def send(target: Target, notice: Notice, headers: Mapping[str, str], at: datetime) -> int:
    """The status of a receiver that took it. Raises NotTaken."""
    parts = _parts(target.url)
    if parts is None or allowed(target.url, [target.endpoint]) is None:
        raise NotAllowed("地址未登记 / the address is not registered")
    sent = {**headers, **notice.headers, "X-MCH-Signature": sign(target.endpoint.secrets, notice.body, at)}
    path = (parts[3] + notice.path) or "/"
    answer, _ = _asked(
        parts, target.endpoint.network, notice.method, path, sent, notice.body, target.timeout_s, MOST_READ
    )
    if answer.status not in GOOD:
        after = _rest(answer.headers.get("Retry-After", ""), at) if answer.status in (429, 503) else None
        raise NotTaken(f"HTTP {answer.status}", after=after, status=answer.status)
    return answer.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes
    after: timedelta | None = None


def exchange(
    method: str,
    base: str,
    path: str,
    *,
    network: str,
    headers: Mapping[str, str],
    at: datetime,
    body: bytes = b"",
    timeout_s: float = 10.0,
) -> Answer:
    """One request to a partner's address and what it said, whatever that was. Raises NotTaken where nobody answered,
    NotAllowed for an address that may not be spoken to."""
    parts = _parts(base)
    if parts is None or (parts[0] != "https" and network not in ("intranet", "loopback")):
        raise NotAllowed("地址不合规定 / the address may not be used")
    answer, said = _asked(parts, network, method, parts[3] + path, headers, body, timeout_s, MOST_ANSWERED + 1)
    if len(said) > MOST_ANSWERED:
        raise NotTaken("回答过大 / the answer is too large")
    return Answer(status=answer.status, body=said, after=_rest(answer.headers.get("Retry-After", ""), at))


def _asked(
    parts: Parts,
    network: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    timeout_s: float,
    most: int,
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request and the first `most` bytes of what was said. Raises NotTaken where nobody answered."""
    sent = {**headers, "Content-Length": str(len(body)), "Host": _host(parts), "Connection": "close"}
    try:
        conn = _connection(parts, _resolved(parts[1], parts[2], network), timeout_s)
        try:
            conn.request(method, path, body=body, headers=sent)
            answer = conn.getresponse()
            return answer, answer.read(most)
        finally:
            conn.close()
    except ssl.SSLError as error:
        raise NotTaken("TLS 连接失败 / TLS failed") from error
    except TimeoutError as error:
        raise NotTaken("超时 / timed out") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotTaken(f"连接失败 / connection failed ({type(error).__name__})") from error


def _host(parts: Parts) -> str:
    scheme, host, port, _ = parts
    shown = f"[{host}]" if ":" in host else host
    return shown if port == (443 if scheme == "https" else 80) else f"{shown}:{port}"


def _rest(text: str, at: datetime) -> timedelta | None:
    """Retry-After: seconds or a date."""
    if text.isascii() and text.isdigit() and len(text) < 8:
        return min(timedelta(seconds=int(text)), LONGEST_REST)
    try:
        asked = parsedate_to_datetime(text) - at
    except (ValueError, TypeError):
        return None
    return min(max(asked, timedelta(0)), LONGEST_REST)


def _resolved(host: str, port: int, network: str) -> tuple[int, str]:
    """Family and address to connect to. One address that may not be spoken to spoils the name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not found or not all(_may_reach(str(info[4][0]), network) for info in found):
        raise NotAllowed("地址所在网络不允许 / the network of the address is not allowed")
    return found[0][0], str(found[0][4][0])


def _may_reach(text: str, network: str) -> bool:
    """Public addresses; in an intranet private ones too; never metadata services, nor what only this host hears
    unless it was registered as just that."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    if address.is_loopback:
        return network == "loopback"
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return address.is_global or (address.is_private and network == "intranet")


def _connection(parts: Parts, address: tuple[int, str], timeout_s: float) -> http.client.HTTPConnection:
    scheme, host, port, _ = parts
    if scheme == "http":
        return _Pinned(host, port, timeout=timeout_s, address=address[1])
    return _PinnedTls(host, port, timeout=timeout_s, address=address[1])


class _Pinned(http.client.HTTPConnection):
    def __init__(self, host: str, port: int, *, timeout: float, address: str) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _PinnedTls(_Pinned):
    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
