"""Who people and systems are, as the other rooms see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from engine.commands.contracts import Actor
from workflows.people.roles import may_know_purple


@dataclass(frozen=True, kw_only=True)
class Organisation:
    id: str
    kind: str  # one of `institutions.directory.KINDS_OF_INSTITUTION`; the table holds it to them
    name: str
    parent_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Account:
    id: UUID
    login: str
    name: str
    organisation_id: str
    roles: tuple[str, ...] = ()
    active: bool = True
    device_key: bytes = field(default=b"", repr=False)  # enciphers what a browser keeps for this person


@dataclass(frozen=True, kw_only=True)
class Client:
    """A registered hospital system; `jwks` holds its public keys, `tolerances` names what is overlooked in what it
    sends."""

    id: UUID
    name: str
    organisation_id: str
    scopes: frozenset[str]
    jwks: dict[str, Any]
    active: bool = True
    tolerances: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Whoever stands behind a request: a signed-in person or a hospital system. `organisations` are those whose women
    and tasks they may know of; `scopes` of a person are what the role table leaves open. `app`: the name of the
    registered app that acts for a person, with no more than it was given; `patient_id`: whom that is about."""

    id: str
    kind: str  # person | client | engine
    login: str  # a client's is its name
    name: str
    organisation: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    tolerances: frozenset[str] = frozenset()  # of a system: what is overlooked in what it sends
    app: str | None = None
    patient_id: str | None = None

    @property
    def actor(self) -> Actor:
        """As it stands in history and audit: ids only."""
        return Actor(id=self.login, kind=self.kind, organisation=self.organisation, roles=tuple(sorted(self.roles)))

    @property
    def restricted(self) -> bool:
        """May know of infectious diseases: a treating hospital's system, and the roles that the table says."""
        return self.kind == "client" or may_know_purple(self.roles)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A browser's sign-in. `token` goes into the cookie and is known to nobody else; `csrf` goes into every form."""

    token: str
    csrf: str
    principal: Principal
    framed_by: tuple[str, ...] = ()  # origins of the hospital's system that opened it: they may show our pages inside
    device_key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    access_token: str
    expires_at: datetime
    expires_in: int  # seconds


class TaskView(Protocol):
    """What of a user task decides who may see and finish it."""

    @property
    def element_id(self) -> str: ...
    @property
    def organisation(self) -> str | None: ...
    @property
    def candidate_roles(self) -> Any: ...
    @property
    def candidate_users(self) -> Any: ...
    @property
    def assignee(self) -> str | None: ...
    @property
    def form(self) -> str | None: ...
