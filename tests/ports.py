"""Ports for servers that a test starts in a process of their own, which has to be told its port."""

from __future__ import annotations

import os
import socket
from itertools import count

FIRST, OF_EACH = 18_000, 2_000  # below those that the kernel gives to connections, which take a port at any moment
_numbers = count(os.getpid() % (OF_EACH // 2))


def free_port() -> int:
    """Nobody listens at it now, and neither another worker of this run nor this one is given it again soon."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 6
    for _ in range(OF_EACH):
        port = FIRST + worker * OF_EACH + next(_numbers) % OF_EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
