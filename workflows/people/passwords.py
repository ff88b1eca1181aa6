"""Passwords: argon2id, never two dozen hashes at once, and the same work whether or not the account exists."""

from __future__ import annotations

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

# OWASP password storage: argon2id with 19 MiB and two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_AT_ONCE = BoundedSemaphore(2)  # a flood of sign-ins waits here and not in the processor
_NOBODY = _HASHER.hash(secrets.token_hex(16))
_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without what looks alike on paper


def generate() -> str:
    """A password a person can type from a note: 14 characters, 79 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(14))


def hash_password(password: str) -> str:
    """What is stored instead of the password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is right. `stored` None (no such account) takes as long and answers False."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False
