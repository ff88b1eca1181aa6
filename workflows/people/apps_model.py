"""Apps, and what people have granted them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflows.people.model import Client


@dataclass(frozen=True, kw_only=True)
class App:
    """A registered app that acts for people. `authentication`: how it proves that it is the app: none (it runs where
    everybody can read it), client_secret_basic, private_key_jwt."""

    client: Client
    title: str
    redirect_uris: tuple[str, ...]
    launch_uri: str | None
    authentication: str
    secret_hash: bytes | None = None

    @property
    def id(self) -> UUID:
        return self.client.id


@dataclass(frozen=True, kw_only=True)
class MadeApp:
    """`secret` is shown once and known to nobody else."""

    app: App
    secret: str | None

    @property
    def client(self) -> Client:
        return self.app.client


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a person agreed to: for which app, with which scopes, of which woman and which of her visits; where the
    answer goes and by what it is claimed."""

    app: App
    scopes: frozenset[str]
    redirect_uri: str
    code_challenge: str
    nonce: str | None = None
    patient_id: str | None = None
    pregnancy_id: str | None = None
    encounter_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    id: UUID
    client_id: UUID
    account_id: UUID
    scopes: frozenset[str]
    patient_id: str | None
    pregnancy_id: str | None
    encounter_id: str | None
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    granted_at: datetime
    code_expires_at: datetime
    redeemed_at: datetime | None
    session_hash: bytes
    ends_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """`refresh_token`: None where neither offline nor online access was granted."""

    access_token: str
    refresh_token: str | None
    expires_in: int
    scopes: frozenset[str]
    grant: Grant


class NotGranted(Exception):
    """A code or refresh token that is none (any more), not this app's, or not claimed rightly: `invalid_grant`."""
