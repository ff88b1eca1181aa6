"""The door: passwords and sessions for people, tokens for programs, registered hospital systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from workflows.people import sign_in, tokens
from workflows.people.desk import Desk
from workflows.people.known_tokens import Believed
from workflows.people.model import AccessToken, Account, Client, Principal, Session
from workflows.store import people as store

EXPIRING = (
    *("forget_tokens", "forget_sessions", "forget_http_answers", "forget_old_failures", "forget_spent_assertions"),
)


class Door(Desk):
    """Nothing that opens it is stored readable."""

    def sign_in(self, login: str, password: str, *, remote: str | None) -> Session:
        """Always a new session. Raises sign_in.Refused, with one and the same answer for a wrong password, an unknown
        or disabled account, and a locked one."""
        account = sign_in.check(self.pool, self.region_id, login, password, remote or "", self._clock())
        with self.pool.connection() as conn:
            token = sign_in.open_session(conn, self.region_id, account.id, self._clock())
            principal = self._person(conn, account)
            self._audit(conn, principal, "sign-in", "account", str(account.id), None)
        return Session(token=token, csrf=tokens.csrf(token), principal=principal)

    def session(self, token: str | None) -> Session | None:
        """Who is signed in with this cookie; None when it has ended, was idle 15 minutes, or is 12 hours old."""
        if not token:
            return None
        with self.pool.connection() as conn:
            account = sign_in.account_of_session(conn, self.region_id, token, self._clock())
            if account is None:
                return None
            return Session(token=token, csrf=tokens.csrf(token), principal=self._person(conn, account))

    def sign_out(self, token: str) -> None:
        """The cookie is worthless from now on, wherever else it may be."""
        with self.pool.connection() as conn:
            sign_in.end_session(conn, self.region_id, token, self._clock())

    def issue_token(
        self,
        *,
        account: Account | None = None,
        client: Client | None = None,
        scopes: Iterable[str] | None = None,
        lifetime_s: int = tokens.LIFETIME_S,
    ) -> AccessToken:
        """An opaque token, stored as a hash only. `scopes` narrow those of the client; they never widen them."""
        granted = frozenset(client.scopes if scopes is None else scopes) if client else frozenset()
        with self.pool.connection() as conn:
            return tokens.issue(
                conn,
                self.region_id,
                account_id=account.id if account else None,
                client_id=client.id if client else None,
                scopes=granted,
                now=self._clock(),
                lifetime_s=lifetime_s,
            )

    def actor_for_token(self, token: str) -> Principal | None:
        """Who holds this bearer token now; None for unknown, expired, revoked, disabled."""
        token_hash, now = tokens.hashed(token), self._clock()
        with self.pool.alone() as conn:
            epoch = store.people_epoch(conn)
        known = self._known_tokens.find(epoch, token_hash, now)
        if known is not None:
            return known
        with self.pool.connection() as conn:
            owner, expires_at = tokens.owner(conn, self.region_id, token_hash, now)
            if owner is None:
                return None
            principal = self._person(conn, owner) if isinstance(owner, Account) else self._system(conn, owner)
        self._known_tokens.keep(epoch, token_hash, expires_at, principal)
        return principal

    def remembered(self, token: str) -> Believed | None:
        """Who held this token when it was last looked at, if this process has; for those who ask the database, in the
        statement that does their work, whether that still counts (`Believed.epoch`)."""
        return self._known_tokens.last(tokens.hashed(token), self._clock())

    def add_client(self, *, name: str, organisation_id: str, scopes: Iterable[str], jwks: Mapping[str, Any]) -> Client:
        """Register a hospital system. Raises Conflict (name taken), NotFound (organisation), Incorrect (keys)."""
        tokens.check_scopes(scopes := frozenset(scopes))
        public = tokens.public_keys(jwks)
        client = Client(id=uuid4(), name=name, organisation_id=organisation_id, scopes=scopes, jwks=public)
        with self.pool.connection() as conn:
            store.add_client(conn, self.region_id, client, self._clock())
        return client

    def clients(self) -> list[Client]:
        with self.pool.connection() as conn:
            return [store.client_of(r) for r in store.rows(conn, "clients", region_id=self.region_id)]

    def client(self, id_or_name: str) -> Client | None:
        """A registered, active system by its id (what `client_id` carries) or its name."""
        with self.pool.connection() as conn:
            found = store.row(conn, "client_by_name", region_id=self.region_id, name=id_or_name)
            if found is None and (client_id := _uuid(id_or_name)):
                found = store.row(conn, "client_by_id", region_id=self.region_id, client_id=client_id)
        return store.client_of(found) if found else None

    def system(self, name: str) -> Principal | None:
        """A registered, active system as it acts itself, for what reaches us on other ways than with a token."""
        client = self.client(name)
        if client is None:
            return None
        with self.pool.connection() as conn:
            return self._system(conn, client)

    def issue_client_token(self, client: Client, scopes: Iterable[str], lifetime_s: int = 300) -> AccessToken:
        """What `/oauth/token` hands out."""
        return self.issue_token(client=client, scopes=scopes, lifetime_s=lifetime_s)

    def client_token(self, client: Client, token: str) -> dict[str, Any] | None:
        """Scopes, issued_at and expires_at of a token that this client holds; None for any other."""
        key = {"region_id": self.region_id, "client_id": client.id, "token_hash": tokens.hashed(token)}
        with self.pool.connection() as conn:
            return store.row(conn, "client_token", **key, now=self._clock())

    def revoke_client_token(self, client: Client, token: str) -> bool:
        """The token opens nothing from now on; False where the client holds no such token."""
        key = {"region_id": self.region_id, "client_id": client.id, "token_hash": tokens.hashed(token)}
        with self.pool.connection() as conn:
            return store.run(conn, "revoke_client_token", **key, now=self._clock()) > 0

    def replace_client_keys(self, client: Client, jwks: Mapping[str, Any]) -> Client:
        """The client signs with these keys from now on; give old and new ones for a while to rotate without a gap.
        Raises Incorrect."""
        public = tokens.public_keys(jwks)
        with self.pool.connection() as conn:
            store.replace_client_keys(conn, self.region_id, client.id, public)
        return replace(client, jwks=public)

    def forget_expired(self) -> dict[str, int]:
        """Delete what has opened nothing for a while: by statement how many rows."""
        with self.pool.connection() as conn:
            return {name: store.run(conn, name, region_id=self.region_id, now=self._clock()) for name in EXPIRING}

    def use_assertion(self, client_id: UUID, jti: str, expires_at: datetime) -> bool:
        """True the first time this assertion is presented, False for a replay."""
        key = {"region_id": self.region_id, "client_id": client_id, "jti": jti}
        with self.pool.connection() as conn:
            store.run(conn, "forget_assertions", region_id=self.region_id, now=self._clock())
            return store.row(conn, "use_assertion", **key, expires_at=expires_at) is not None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
    def set_tolerances(self, client: Client, names: frozenset[str], by: Principal) -> Client:
        """What is overlooked in what this system sends from now on; who said so stands in the audit."""
        key = {"region_id": self.region_id, "client_id": client.id}
        with self.pool.connection() as conn, conn.transaction():
            store.run(conn, "set_tolerances", **key, tolerances=sorted(names))
            detail = {"before": sorted(client.tolerances), "after": sorted(names)}
            self._audit(conn, by, "set-tolerances", "client", client.name, detail)
        return replace(client, tolerances=names)

