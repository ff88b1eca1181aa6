"""A client that costs little: it shares the machine with what it measures. One kept connection, requests as bytes."""

from __future__ import annotations

import re
import socket
from types import TracebackType

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END = b"\r\n\r\n"


class Client:
    """Answers come whole and with their length; anything else is an error, as is an end of the connection."""

    def __init__(self, port: int, token: str, timeout: float = 30.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n".encode()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def post(self, path: str, body: bytes, key: str) -> tuple[int, bytes]:
        """Status and content of the answer. `key`: its idempotency key."""
        more = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n\r\n"
        self._socket.sendall(b"".join((f"POST {path} HTTP/1.1\r\n".encode(), self._head, more.encode(), body)))
        received = self._more(b"")
        while (end := received.find(_END)) < 0:
            received = self._more(received)
        length = _LENGTH.search(received, 0, end + 2)
        if length is None:
            raise RuntimeError("an answer without its length")
        whole = end + len(_END) + int(length[1])
        while len(received) < whole:
            received = self._more(received)
        return int(received[9:12]), received[end + len(_END) :]

    def _more(self, received: bytes) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the server has closed the connection")
        return received + part
