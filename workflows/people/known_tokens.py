"""Tokens that this process has verified, as long as nothing has changed by which they were believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from workflows.people.model import Principal

MOST_KNOWN = 4096


class Believed(NamedTuple):
    """Who holds a token, as far as this process knows: as long as the database names this epoch. `at`: asked when."""

    principal: Principal
    epoch: UUID
    at: datetime


@dataclass
class _Epoch:
    id: UUID
    known: dict[bytes, tuple[datetime, Principal]] = field(default_factory=dict)


class KnownTokens:
    """Hash of a token to who holds it and until when. The database names its epoch with every request (`people_epoch`):
    what was verified in another one counts no more. A token that is unknown is never remembered."""

    def __init__(self) -> None:
        self._epoch: _Epoch | None = None

    def find(self, epoch: UUID, token_hash: bytes, now: datetime) -> Principal | None:
        current = self._epoch
        if current is None or current.id != epoch:
            return None
        expires_at, principal = current.known.get(token_hash, (now, None))
        return principal if expires_at > now else None

    def last(self, token_hash: bytes, now: datetime) -> Believed | None:
        """As `find`, in the newest epoch that was seen here; whether it is over the database has to say."""
        current = self._epoch
        principal = self.find(current.id, token_hash, now) if current is not None else None
        return Believed(principal, current.id, now) if current is not None and principal is not None else None

    def keep(self, epoch: UUID, token_hash: bytes, expires_at: datetime, principal: Principal) -> None:
        """`epoch` was read before whatever `principal` was made of."""
        current = self._epoch
        if current is None or current.id != epoch or len(current.known) >= MOST_KNOWN:
            current = self._epoch = _Epoch(epoch)
        current.known[token_hash] = (expires_at, principal)
