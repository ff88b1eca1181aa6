"""The passwords of the demonstration, kept in a file that only its owner reads. Real accounts are never in it."""

from __future__ import annotations

import os
from pathlib import Path

from engine.store import plain

FILE = "demo-accounts.json"


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def write_logins(home: Path, logins: dict[str, str]) -> None:
    write_private(home / FILE, plain.dumps(logins))


def read_logins(home: Path) -> dict[str, str]:
    """Login to password; empty where no demonstration was loaded."""
    path = home / FILE
    return dict(plain.loads(path.read_bytes())) if path.exists() else {}
