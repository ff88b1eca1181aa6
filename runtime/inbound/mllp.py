"""HL7 v2 over MLLP: frames in, stored and understood, answers out. An answer leaves after the commit of what it says:
a sender who has none sends again, and that changes nothing.

Who asks for it (MSH-15, MSH-16) has two frames for each of its own: that it is stored, then what became of it.
"""

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
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from engine.errors import Busy
from fhir_adapters.arrivals.model import Problem
from fhir_adapters.arrivals.profile import IN_EARNEST, ORIGINAL
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.hl7v2 import answers, messages
from fhir_adapters.hl7v2.parsing import Header, header_of

log = logging.getLogger("yuntu.mllp")
BEGIN, END = b"\x0b", b"\x1c\x0d"
CHUNK = 65_536
NO_TIME = datetime.fromtimestamp(0).astimezone()  # of what is not stored: the answer is the same each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    largest: int = 5_000_000  # bytes of a frame, as over FHIR
    messages: int = 200  # of a batch in one frame
    connections: int = 64
    idle_s: float = 300.0  # a connection on which nothing comes is closed: its other end may be gone
    frame_s: float = 60.0  # from its first byte to its last
    kept_of_too_long: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that was to be stored, and what is said of that. `id` None: it is not. `is_whole` False: only its
    beginning is, and nobody looks for what it means."""

    header: Header
    id: UUID | None
    said: bytes | None
    is_refused: bool
    is_whole: bool = True


UNKNOWN = Problem(code="MCH-I-001", zh="发送方未登记", en="the sender is not registered", at="MSH[1]-3")


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
                for said in self.answers_to(frame):
                    self._sock.settimeout(self._limits.frame_s)
                    self._sock.sendall(BEGIN + said + END)
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

    def answers_to(self, frame: bytes | TooLong) -> Iterator[bytes]:
        """Stored and committed, then said so; understood and committed, then said so. Of a batch the one for all of its
        messages before the other."""
        if isinstance(frame, TooLong):
            taken = [self._beginning(frame.args[0], "MCH-I-017", "消息过长", "the message is too long")]
        elif len(batch := split_batch(frame)) > self._limits.messages:
            taken = [self._beginning(frame, "MCH-I-017", "一批消息过多", "too many messages in one batch")]
        else:
            taken = [self._store(body) for body in batch]
        is_batch = len(taken) > 1
        yield from _one_frame([one.said for one in taken], is_batch)
        yield from _one_frame([self._understood(one) for one in taken], is_batch)

    def _store(self, body: bytes) -> Taken:
        header, client = self._sender_of(body)
        receiver = self._listener.receiver
        try:
            id_ = receiver.store(body, client=client, **self._told(header))
            at = receiver.outcome(id_).received_at if header.is_enhanced else NO_TIME
        except Exception as error:  # whatever it is: no answer that could be taken for a promise
            return self._not_stored(header, error)
        taken = receiver.profiles.of(client).processing if client else IN_EARNEST
        unfit = messages.unfit(header, taken) or (None if client else UNKNOWN)
        said = None if messages.is_answer(header) else answers.accepted(header, id_, at, unfit)
        return Taken(header=header, id=id_, said=said, is_refused=unfit is not None)

    def _beginning(self, start: bytes, code: str, zh: str, en: str) -> Taken:
        """Not taken: its beginning is kept, so that people see that something came."""
        header, client = self._sender_of(start)
        receiver, problem = self._listener.receiver, Problem(code=code, zh=zh, en=en)
        try:
            id_ = receiver.store(start[: self._limits.kept_of_too_long], client=client, **self._told(header))
            at = receiver.refuse_with(id_, header.kind, [problem]).received_at
        except Exception as error:
            return self._not_stored(header, error)
        said = answers.not_accepted(header, at, [problem.as_json()])
        return Taken(header=header, id=id_, said=said, is_refused=True, is_whole=False)

    def _not_stored(self, header: Header, error: Exception) -> Taken:
        if not isinstance(error, Busy):
            log.error("a message could not be stored", exc_info=error)
        said = answers.not_accepted(header, NO_TIME, answers.BUSY) or answers.busy(header, NO_TIME)
        return Taken(header=header, id=None, said=said, is_refused=True)

    def _understood(self, taken: Taken) -> bytes | None:
        """What became of it; None where nobody wants to know, or where all was said by not accepting it."""
        if taken.id is None:
            return None
        header, receiver = taken.header, self._listener.receiver
        try:
            outcome = receiver.understand(taken.id) if taken.is_whole else receiver.outcome(taken.id)
        except Busy:
            return answers.busy(header, NO_TIME)
        except Exception:
            log.exception("a message could not be handled")
            return answers.busy(header, NO_TIME)
        is_said = taken.is_refused and taken.said is not None
        return None if is_said or messages.is_answer(header) else answers.answer(header, outcome)

    def _sender_of(self, body: bytes) -> tuple[Header, str]:
        """By MSH-3 and MSH-4; over TLS its certificate must be that sender's too. How it is answered is its wish, or
        what its file says."""
        header = header_of(body)
        profile = self._listener.receiver.profiles.by_facility(header.application, header.facility)
        if profile is None:
            return header, ""
        if self._listener.tls is not None and profile.certificate != self._subject:
            log.warning("the certificate is not that of client %s", profile.client)
            return header, ""
        header = header_of(body, profile.charset)
        if profile.acknowledgement == ORIGINAL:
            header = replace(header, accept="", applied="")
        return header, profile.client

    def _origin(self) -> str:
        with suppress(OSError):
            return str(self._sock.getpeername()[0])
        return ""

    def _told(self, header: Header) -> dict[str, Any]:
        told = {"channel": "hl7v2", "origin": self._origin(), "control_id": header.control_id}
        return {**told, "kind": header.kind}


def _one_frame(said: list[bytes | None], is_batch: bool) -> Iterator[bytes]:
    """What there is to say, if anything; a batch is answered by a batch."""
    answered = [one for one in said if one is not None]
    if answered:
        batch = b"BHS|^~\\&\r" + b"".join(answered) + f"BTS|{len(answered)}\r".encode()
        yield batch if is_batch else answered[0]


def split_batch(frame: bytes) -> list[bytes]:
    """The messages of a frame; what stands around them in a batch (FHS, BHS, BTS, FTS) tells nothing of a patient."""
    if not re.match(rb"[\s]*(?:FHS|BHS)\|", frame) and frame.count(b"\rMSH|") == 0:
        return [frame]
    lines = re.split(rb"(?<=[\r\n])", frame)
    found: list[list[bytes]] = []
    for line in lines:
        if line.startswith(b"MSH"):
            found.append([])
        if line[:4] in (b"FHS|", b"BHS|", b"BTS|", b"FTS|"):
            continue
        if found:
            found[-1].append(line)
    return [b"".join(lines) for lines in found] or [frame]


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
