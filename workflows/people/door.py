"""The door: passwords and sessions for people, tokens for programs, registered hospital systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from workflows.people import sign_in, tokens
from workflows.people.desk import Desk
from workflows.people.known_tokens import Believed
from workflows.people.model import AccessToken, Account, Client, Principal, Session
from workflows.people.scopes import covered, limited, read_scope
from workflows.store import people as store

EXPIRING = (
    *("forget_tokens", "forget_sessions", "forget_http_answers", "forget_old_failures", "forget_spent_assertions"),
    *("forget_launches", "forget_grants", "forget_hospital_sign_ins"),
)

KEYS_AGAIN = timedelta(minutes=1)  # between two looks at what a client publishes
MOST_TRIES = 60  # failures of a client from one address within ten minutes


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
            found = sign_in.account_of_session(conn, self.region_id, token, self._clock())
            if found is None:
                return None
            account, origins = found
            person = self._person(conn, account)
            return Session(
                token=token, csrf=tokens.csrf(token), principal=person, device_key=account.device_key, framed_by=origins
            )

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
        asked = (client.scopes if scopes is None else scopes) if client else ()
        granted = frozenset(text for text in asked if text.startswith(("system/", "jobs/")))
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
                acting = self._person_by_app(conn, token_hash, now)
                if acting is None:
                    return None
                principal, expires_at = acting
            else:
                principal = self._person(conn, owner) if isinstance(owner, Account) else self._system(conn, owner)
        self._known_tokens.keep(epoch, token_hash, expires_at, principal)
        return principal

    def _person_by_app(self, conn: Any, token_hash: bytes, now: datetime) -> tuple[Principal, datetime] | None:
        """A person for whom an app acts: with what she granted, as far as the app is still registered for it and as she
        herself may still do it. And until when."""
        found = store.row(conn, "app_token_owner", region_id=self.region_id, token_hash=token_hash, now=now)
        key = {"region_id": self.region_id, "account_id": found["account_id"] if found else None}
        account = store.row(conn, "account_by_id", **key) if found else None
        if found is None or account is None:
            return None
        person = self._person(conn, store.account_of(account))
        own = "".join(one.letters for text in person.scopes if (one := read_scope(text)) is not None)
        kept = [text for text in found["scopes"] if (s := read_scope(text)) and covered(s, found["registered"])]
        acting = replace(person, scopes=limited(kept, own), app=found["app"], patient_id=found["patient_id"])
        return acting, found["expires_at"]

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
        issued = self.issue_token(client=client, scopes=scopes, lifetime_s=lifetime_s)
        with self.pool.connection() as conn:
            detail = {"scopes": sorted(scopes)}
            self._audit(conn, self._system(conn, client), "issue-token", "client", str(client.id), detail)
        return issued

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

    def set_tolerances(self, client: Client, names: frozenset[str], by: Principal) -> Client:
        """What is overlooked in what this system sends from now on; who said so stands in the audit."""
        key = {"region_id": self.region_id, "client_id": client.id}
        with self.pool.connection() as conn, conn.transaction():
            store.run(conn, "set_tolerances", **key, tolerances=sorted(names))
            detail = {"before": sorted(client.tolerances), "after": sorted(names)}
            self._audit(conn, by, "set-tolerances", "client", client.name, detail)
        return replace(client, tolerances=names)

    def put_key_address(self, client: Client, address: str | None, network: str = "public") -> None:
        """Where the client publishes its keys; None: they are given by hand."""
        key = {"region_id": self.region_id, "client_id": client.id}
        with self.pool.connection() as conn:
            if address is None:
                store.run(conn, "drop_key_address", **key)
            else:
                store.run(conn, "put_key_address", **key, address=address, network=network)

    def take_key_address(self, client: Client) -> tuple[str, str] | None:
        """Address and network to ask for its keys; None where there is none, or somebody has asked within a minute."""
        now = self._clock()
        key = {"region_id": self.region_id, "client_id": client.id, "now": now, "before": now - KEYS_AGAIN}
        with self.pool.connection() as conn:
            found = store.row(conn, "take_key_address", **key)
        return (found["address"], found["network"]) if found else None

    def forget_expired(self) -> dict[str, int]:
        """Delete what has opened nothing for a while: by statement how many rows."""
        with self.pool.connection() as conn:
            return {name: store.run(conn, name, region_id=self.region_id, now=self._clock()) for name in EXPIRING}

    def may_try(self, name: str, address: str) -> bool:
        """Whether a client of this name may try from this address: not after many failures in a short time."""
        key = {"region_id": self.region_id, "login": _of_client(name), "address": address[:64]}
        with self.pool.connection() as conn:
            found = store.row(conn, "count_failures", **key, since=self._clock() - sign_in.WINDOW)
        return found is None or found["count"] < MOST_TRIES

    def note_failed_try(self, name: str, address: str) -> None:
        """Counted by all processes together."""
        key = {"region_id": self.region_id, "login": _of_client(name), "address": address[:64]}
        with self.pool.connection() as conn:
            store.run(conn, "add_failure", **key, now=self._clock())

    def use_assertion(self, client_id: UUID, jti: str, expires_at: datetime) -> bool:
        """True the first time this assertion is presented, False for a replay."""
        key = {"region_id": self.region_id, "client_id": client_id, "jti": jti}
        with self.pool.connection() as conn:
            store.run(conn, "forget_assertions", region_id=self.region_id, now=self._clock())
            return store.row(conn, "use_assertion", **key, expires_at=expires_at) is not None


def _of_client(name: str) -> str:
    """No account is called so: its log-in holds no blank."""
    return f"client {''.join(letter for letter in name if letter.isprintable()).lower()[:80]}"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
