"""HL7 v2 over MLLP: frames in, stored and understood, answers out. The answer leaves after the commit, so that a sender
who has none sends again, and that changes nothing."""

from __future__ import annotations

import logging
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.errors import Busy
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.hl7v2 import answers
from fhir_adapters.hl7v2.parsing import Header, header_of

log = logging.getLogger("yuntu.mllp")
BEGIN, END = b"\x0b", b"\x1c\x0d"
CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    largest: int = 5_000_000  # bytes of a frame, as over FHIR
    messages: int = 200  # of a batch in one frame
    connections: int = 64
    idle_s: float = 300.0  # a connection on which nothing comes is closed: its other end may be gone
    frame_s: float = 60.0  # from its first byte to its last
    kept_of_too_long: int = 65_536


class TooLong(Exception):
    """The frame is larger than is taken; it was read to its end. Carries how it began."""


class Listener:
    """A server of its own thread per connection. `port` 0 takes a free one: `address` says which."""

    def __init__(
        self,
        receiver: Receiver,
        host: str,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.receiver = receiver
        self.tls = tls
        self.limits = limits or Limits()
        self.free = threading.BoundedSemaphore(self.limits.connections)
        listener = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                Conversation(listener, self.request).run()

        class Server(socketserver.ThreadingTCPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: Any, client_address: Any) -> None:
                log.exception("a connection ended")

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="mllp", daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nobody new is let in; who has no answer yet sends again."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class Conversation:
    """One connection, its frames one after the other."""

    def __init__(self, listener: Listener, sock: socket.socket) -> None:
        self._listener = listener
        self._limits = listener.limits
        self._sock = sock
        self._held = b""
        self._subject = ""

    def run(self) -> None:
        if not self._listener.free.acquire(blocking=False):
            log.warning("more connections than are taken")
            return
        try:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._sock.settimeout(self._limits.frame_s)
            if self._listener.tls is not None:
                self._sock = self._listener.tls.wrap_socket(self._sock, server_side=True)
                self._subject = _common_name(self._sock)
            for frame in self._frames():
                self._sock.settimeout(self._limits.frame_s)
                self._sock.sendall(BEGIN + self.answer_to(frame) + END)
        except (TimeoutError, OSError) as error:  # half open, slow, reset, no handshake: nothing was promised
            log.info("connection closed: %s", type(error).__name__)
        finally:
            self._listener.free.release()
            with suppress(OSError):
                self._sock.close()

    def _frames(self) -> Iterator[bytes | TooLong]:
        """Until the other end is silent for too long or gone. Raises TimeoutError."""
        while True:
            start = self._held.find(BEGIN)
            if start < 0 and not self._fill(self._limits.idle_s):
                return
            if start < 0:
                if len(self._held) > self._limits.kept_of_too_long and BEGIN not in self._held:
                    return  # no MLLP
                continue
            self._held = self._held[start + 1 :]
            yield self._rest_of_frame()

    def _rest_of_frame(self) -> bytes | TooLong:
        deadline = time.monotonic() + self._limits.frame_s
        parts, size, kept = [self._held], len(self._held), b""
        self._held = b""
        while END not in (joined := b"".join(parts[-2:])):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            chunk = self._sock.recv(CHUNK)
            if not chunk:
                raise ConnectionResetError
            size += len(chunk)
            parts.append(chunk)
            if size > self._limits.largest:
                kept = kept or b"".join(parts)[: self._limits.kept_of_too_long]
                parts = parts[-2:]
        whole = b"".join(parts) if not kept else joined
        frame, _, self._held = whole.partition(END)
        if kept or len(frame) > self._limits.largest:
            return TooLong(kept or frame[: self._limits.kept_of_too_long])
        return frame

    def _fill(self, wait: float) -> bool:
        self._sock.settimeout(wait)
        try:
            chunk = self._sock.recv(CHUNK)
        except TimeoutError:
            return False
        self._held += chunk
        return bool(chunk)

    def answer_to(self, frame: bytes | TooLong) -> bytes:
        if isinstance(frame, TooLong):
            return self._too_long(frame.args[0], "MCH-I-017", "消息过长", "the message is too long")
        messages = split_batch(frame)
        if len(messages) > self._limits.messages:
            return self._too_long(frame, "MCH-I-017", "一批消息过多", "too many messages in one batch")
        said = [self.answer_to_one(message) for message in messages]
        return said[0] if len(said) == 1 else b"BHS|^~\\&\r" + b"".join(said) + f"BTS|{len(said)}\r".encode()

    def answer_to_one(self, body: bytes) -> bytes:
        """Stored, committed, understood, committed; then said."""
        header, client = self._sender_of(body)
        told = {"channel": "hl7v2", "origin": self._origin(), "control_id": header.control_id, "kind": header.kind}
        try:
            outcome = self._listener.receiver.receive(body, client=client, **told)
        except Busy:
            return _send_again(header)
        except Exception:  # whatever it is: no answer that could be taken for a promise
            log.exception("a message could not be stored")
            return _send_again(header)
        return answers.answer(header, outcome)

    def _sender_of(self, body: bytes) -> tuple[Header, str]:
        """By MSH-3 and MSH-4; over TLS its certificate must be that sender's too."""
        header = header_of(body)
        profile = self._listener.receiver.profiles.by_facility(header.application, header.facility)
        if profile is None:
            return header, ""
        if self._listener.tls is not None and profile.certificate != self._subject:
            log.warning("the certificate is not that of client %s", profile.client)
            return header, ""
        return header_of(body, profile.charset), profile.client

    def _too_long(self, start: bytes, code: str, zh: str, en: str) -> bytes:
        """Not taken: its beginning is kept, so that people see that something came."""
        header, client = self._sender_of(start)
        told: dict[str, Any] = {
            "channel": "hl7v2",
            "origin": self._origin(),
            "control_id": header.control_id,
            "kind": header.kind,
        }
        receiver = self._listener.receiver
        try:
            id_ = receiver.store(start[: self._limits.kept_of_too_long], client=client, **told)
            outcome = receiver.refuse(id_, header.kind, code, zh, en)
        except Busy:
            return _send_again(header)
        return answers.answer(header, outcome)

    def _origin(self) -> str:
        with suppress(OSError):
            return str(self._sock.getpeername()[0])
        return ""


def _send_again(header: Header) -> bytes:
    return answers.ack(header, "AR", "0", datetime.fromtimestamp(0).astimezone(), answers.BUSY)


def split_batch(frame: bytes) -> list[bytes]:
    """The messages of a frame; what stands around them in a batch (FHS, BHS, BTS, FTS) tells nothing of a patient."""
    if not re.match(rb"[\s]*(?:FHS|BHS)\|", frame) and frame.count(b"\rMSH|") == 0:
        return [frame]
    lines = re.split(rb"(?<=[\r\n])", frame)
    messages: list[list[bytes]] = []
    for line in lines:
        if line.startswith(b"MSH"):
            messages.append([])
        if line[:4] in (b"FHS|", b"BHS|", b"BTS|", b"FTS|"):
            continue
        if messages:
            messages[-1].append(line)
    return [b"".join(lines) for lines in messages] or [frame]


def _common_name(sock: socket.socket) -> str:
    assert isinstance(sock, ssl.SSLSocket)
    certificate = sock.getpeercert() or {}
    pairs: list[Any] = [pair for part in certificate.get("subject", ()) for pair in part]
    return next((str(pair[1]) for pair in pairs if pair[0] == "commonName"), "")


def tls_of(files: tuple[Path, Path, Path] | None) -> ssl.SSLContext | None:
    """Who has no certificate of the authority is not let in."""
    if files is None:
        return None
    certificate, key, authority = files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
