"""Receivers of R13: each fails in its own way, and all write down what they were asked and when, by the clock of the
trial. A receiver knows nothing of the product: it reads the path and the body."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Lock, Thread
from time import sleep
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

REFUSED, CUT, LATE = -1, -2, -3  # no answer at all; cut after it was taken; answered after the sender's patience
LATE_S = 1.6


@dataclass(frozen=True)
class Asked:
    """One request: when, whether it was taken, what was answered, and which version of which resource it told."""

    at: datetime
    taken: bool
    status: int
    told: tuple[str, int] | None
    after: timedelta | None = None


@dataclass
class Receiver:
    """`answers`: status for the number of the request, the time since the beginning, and what it tells."""

    name: str
    answers: Callable[[int, timedelta, tuple[str, int] | None], int]
    retry_after: timedelta | None = None
    asked: list[Asked] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def taken(self) -> list[tuple[str, int]]:
        return [one.told for one in self.asked if one.taken and one.told is not None]


@dataclass
class Receivers:
    port: int
    tls_port: int
    by_name: Mapping[str, Receiver]

    def url(self, name: str) -> str:
        scheme, port = ("https", self.tls_port) if name == "wrong-tls" else ("http", self.port)
        return f"{scheme}://127.0.0.1:{port}/{name}"


def receivers(seed: int, poison: Callable[[], str | None]) -> dict[str, Receiver]:
    """`poison`: the id of the resource that one of them never takes."""
    chance = Random(seed)

    def good(count: int, since: timedelta, told: tuple[str, int] | None) -> int:
        return 200

    def down(hours: int) -> Callable[[int, timedelta, tuple[str, int] | None], int]:
        """From the first event on; the handshake is answered."""
        return lambda count, since, told: REFUSED if count > 1 and since < timedelta(hours=hours) else 200

    def half(count: int, since: timedelta, told: tuple[str, int] | None) -> int:
        return 500 if count > 1 and chance.random() < 0.3 else 200

    def busy(count: int, since: timedelta, told: tuple[str, int] | None) -> int:
        return 429 if count > 1 and count % 9 == 0 else 200

    def cut(count: int, since: timedelta, told: tuple[str, int] | None) -> int:
        return (LATE if count == 12 else CUT) if count > 1 and count % 11 == 1 else 200

    def spoilt(count: int, since: timedelta, told: tuple[str, int] | None) -> int:
        return 422 if told is not None and told[0] == poison() else 200

    made = [
        Receiver("good", good),
        Receiver("down-60-hours", down(60)),
        Receiver("down-80-hours", down(80)),
        Receiver("500", half),
        Receiver("429", busy, retry_after=timedelta(seconds=120)),
        Receiver("cut-after-taking", cut),
        Receiver("one-is-poison", spoilt),
        Receiver("wrong-tls", good),
    ]
    return {one.name: one for one in made}


@contextmanager
def served(
    made: Mapping[str, Receiver], clock: Callable[[], datetime], began: datetime, folder: str
) -> Iterator[Receivers]:
    class Handler(BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver = made[self.path.split("/")[1]]
            told = _told(body)
            with receiver.lock:
                count = len(receiver.asked) + 1
                status = receiver.answers(count, clock() - began, told)
                after = receiver.retry_after if status == 429 else None
                is_taken = status in (200, CUT, LATE)
                receiver.asked.append(Asked(clock(), is_taken, status, told, after))
            if status == LATE:
                sleep(LATE_S)
            if status in (REFUSED, CUT, LATE):
                self.close_connection = True
                return
            self.send_response(status)
            if after is not None:
                self.send_header("Retry-After", str(int(after.total_seconds())))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_PUT = do_DELETE = _take

        def log_message(self, *_: object) -> None:
            """Everything stands in the receiver."""

    def at_the_door() -> None:
        made["wrong-tls"].asked.append(Asked(clock(), False, REFUSED, None))

    plain, tls = _Counting(Handler, lambda: None), _Counting(Handler, at_the_door)
    tls.socket = _own_certificate(folder).wrap_socket(tls.socket, server_side=True, do_handshake_on_connect=False)
    for server in (plain, tls):
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield Receivers(plain.server_address[1], tls.server_address[1], made)
    finally:
        for server in (plain, tls):
            server.shutdown()
            server.server_close()


def _told(body: bytes) -> tuple[str, int] | None:
    """Id and version of the resource in the body."""
    try:
        found: Any = json.loads(body) if body else None
    except ValueError:
        return None
    if not isinstance(found, dict) or "id" not in found:
        return None
    return str(found["id"]), int(found.get("meta", {}).get("versionId", 0))


class _Counting(ThreadingHTTPServer):
    """Also notes who only came to the door."""

    def __init__(self, handler: Any, note: Callable[[], None]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._note = note

    def get_request(self) -> Any:
        self._note()
        return super().get_request()

    def handle_error(self, *_: Any) -> None:
        """A caller who does not believe us hangs up."""


def _own_certificate(folder: str) -> ssl.SSLContext:
    """One that nobody has reason to believe."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    signed = made.not_valid_after(now + timedelta(days=2)).sign(key, hashes.SHA256())
    path = Path(folder) / "certificate.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
