"""What every desk of the people's office needs: the pool, the region, the clock, and who somebody is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from engine.clock import Clock, system_clock
from engine.commands.contracts import Actor
from workflows.people.known_tokens import KnownTokens
from workflows.people.model import Account, Client, Principal
from workflows.people.roles import scopes_of
from workflows.people.visibility import visible_organisations
from workflows.store import people as store


class Desk:
    """Asks the database every time, so that what is taken away is gone at once; for tokens whether anything was."""

    def __init__(self, pool: Any, region_id: str, clock: Clock = system_clock) -> None:
        self.pool = pool
        self.region_id = region_id
        self._clock = clock
        self._known_tokens = KnownTokens()

    def principal_of(self, conn: Any, actor: Actor) -> Principal:
        """The caller as the rules need it, where only the actor is at hand: inside a transaction."""
        tree = store.organisations(conn, self.region_id)
        own = actor.organisation or ""
        return Principal(
            id=actor.id,
            kind=actor.kind,
            login=actor.id,
            name=actor.id,
            organisation=own,
            roles=frozenset(actor.roles),
            scopes=frozenset({"system/*.cruds"}) if actor.kind == "client" else frozenset(),
            organisations=visible_organisations(own, actor.roles, tree),
        )

    def care_of(self, instance_id: UUID) -> frozenset[str]:
        """The organisations looking after the woman of this instance."""
        with self.pool.connection() as conn:
            return store.care_of(conn, self.region_id, instance_id)

    def _person(self, conn: Any, account: Account) -> Principal:
        tree = store.organisations(conn, self.region_id)
        return Principal(
            id=str(account.id),
            kind="person",
            login=account.login,
            name=account.name,
            organisation=account.organisation_id,
            roles=frozenset(account.roles),
            scopes=scopes_of(account.roles),
            organisations=visible_organisations(account.organisation_id, account.roles, tree),
        )

    def _system(self, conn: Any, client: Client) -> Principal:
        tree = store.organisations(conn, self.region_id)
        return Principal(
            id=str(client.id),
            kind="client",
            login=client.name,
            name=client.name,
            organisation=client.organisation_id,
            scopes=client.scopes,
            organisations=visible_organisations(client.organisation_id, (), tree),
            tolerances=client.tolerances,
        )

    def _audit(
        self,
        conn: Any,
        principal: Principal,
        action: str,
        subject_kind: str,
        subject_id: str | None,
        detail: Mapping[str, Any] | None,
    ) -> None:
        by_app = {"app": principal.app} if principal.app else {}
        store.add_audit(
            conn,
            self.region_id,
            self._clock(),
            {**(detail or {}), **by_app} if by_app else detail,
            actor_id=principal.login,
            actor_kind=principal.kind,
            organisation=principal.organisation,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
        )
