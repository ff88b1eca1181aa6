"""`People`: the one door to accounts, sign-in, tokens and audit. Times here are the machine's, also under a manual
clock: a rehearsal that skips a year must not sign everybody out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from engine.clock import Clock, system_clock
from engine.commands.contracts import Actor, IdempotencyKey
from engine.errors import Incorrect, NotFound
from workflows.people import passwords, sign_in, tokens
from workflows.people.access import RIGHTS
from workflows.people.model import AccessToken, Account, Client, Organisation, Principal, Session
from workflows.people.once import Once
from workflows.people.roles import ROLES
from workflows.people.visibility import visible_organisations
from workflows.store import people as store


class People:
    """Everything is checked against the database at every request, so that what is taken away is gone at once."""

    def __init__(self, pool: Any, region_id: str, clock: Clock = system_clock) -> None:
        self.pool = pool
        self.region_id = region_id
        self._clock = clock

    # --- organisations and accounts ---------------------------------------------------------------------------------

    def organisations(self) -> dict[str, Organisation]:
        with self.pool.connection() as conn:
            return store.organisations(conn, self.region_id)

    def put_organisation(self, organisation: Organisation) -> None:
        with self.pool.connection() as conn:
            store.run(
                conn,
                "put_organisation",
                region_id=self.region_id,
                id=organisation.id,
                kind=organisation.kind,
                name=organisation.name,
                parent_id=organisation.parent_id,
            )

    def accounts(self) -> list[Account]:
        with self.pool.connection() as conn:
            return [store.account_of(r) for r in store.rows(conn, "accounts", region_id=self.region_id)]

    def account(self, login: str) -> Account:
        """Raises NotFound."""
        found = next((a for a in self.accounts() if a.login == login.lower()), None)
        if found is None:
            raise NotFound(f"没有账号“{login}”", f"no account {login}")
        return found

    def add_account(
        self, *, login: str, name: str, organisation_id: str, roles: Iterable[str], password: str, by: str
    ) -> Account:
        """Raises Conflict (login taken), NotFound (organisation), Incorrect (unknown role)."""
        account = Account(
            id=uuid4(), login=login.lower(), name=name, organisation_id=organisation_id, roles=tuple(sorted(set(roles)))
        )
        hashed = passwords.hash_password(password)
        with self.pool.connection() as conn, conn.transaction():
            store.add_account(conn, self.region_id, account, hashed, self._clock())
            for role in account.roles:
                self._grant(conn, account.id, role, by)
        return account

    def grant_role(self, login: str, role: str, by: str) -> None:
        account = self.account(login)
        with self.pool.connection() as conn:
            self._grant(conn, account.id, role, by)

    def revoke_role(self, login: str, role: str) -> None:
        """Effective at the next request of that person."""
        with self.pool.connection() as conn:
            store.run(conn, "revoke_role", region_id=self.region_id, account_id=self.account(login).id, role=role)

    def set_password(self, login: str, password: str) -> None:
        """Also ends every session and token of the account."""
        account = self.account(login)
        hashed = passwords.hash_password(password)
        with self.pool.connection() as conn, conn.transaction():
            store.run(conn, "set_password", region_id=self.region_id, account_id=account.id, password_hash=hashed)
            self._end_everything(conn, account.id)

    def set_active(self, login: str, active: bool) -> None:
        """A disabled account cannot sign in; its sessions and tokens end now."""
        account = self.account(login)
        with self.pool.connection() as conn, conn.transaction():
            store.run(conn, "set_active", region_id=self.region_id, account_id=account.id, active=active)
            if not active:
                self._end_everything(conn, account.id)

    # --- sign-in and sessions ---------------------------------------------------------------------------------------

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

    # --- access tokens and hospital systems -------------------------------------------------------------------------

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
        with self.pool.connection() as conn:
            owner = tokens.owner(conn, self.region_id, token, self._clock())
            if isinstance(owner, Account):
                return self._person(conn, owner)
            if isinstance(owner, Client):
                return self._system(conn, owner)
        return None

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

    def issue_client_token(self, client: Client, scopes: Iterable[str], lifetime_s: int = 300) -> AccessToken:
        """What `/oauth/token` hands out."""
        return self.issue_token(client=client, scopes=scopes, lifetime_s=lifetime_s)

    def use_assertion(self, client_id: UUID, jti: str, expires_at: datetime) -> bool:
        """True the first time this assertion is presented, False for a replay."""
        key = {"region_id": self.region_id, "client_id": client_id, "jti": jti}
        with self.pool.connection() as conn:
            store.run(conn, "forget_assertions", region_id=self.region_id, now=self._clock())
            return store.row(conn, "use_assertion", **key, expires_at=expires_at) is not None

    # --- audit ------------------------------------------------------------------------------------------------------

    def audit(
        self,
        principal: Principal,
        action: str,
        subject_kind: str,
        subject_id: str | None,
        detail: Mapping[str, Any] | None = None,
        *,
        conn: Any = None,
    ) -> None:
        """One row that is never changed. With `conn` it stands or falls with what that connection does."""
        if conn is not None:
            self._audit(conn, principal, action, subject_kind, subject_id, detail)
            return
        with self.pool.connection() as own:
            self._audit(own, principal, action, subject_kind, subject_id, detail)

    @contextmanager
    def reading(self, principal: Principal, action: str, subject_kind: str, subject_id: str | None) -> Iterator[Any]:
        """A connection for reading a woman's record; the audit row is in the same transaction, so there is no look
        without a trace."""
        with self.pool.connection() as conn, conn.transaction():
            yield conn
            self._audit(conn, principal, action, subject_kind, subject_id, None)

    def audit_rows(self, *, subject_id: str | None = None, after: int | None = None, limit: int = 200) -> list[Any]:
        with self.pool.connection() as conn:
            return store.rows(
                conn, "audit_rows", region_id=self.region_id, subject_id=subject_id, after=after, limit=limit
            )

    def record_access(
        self,
        conn: Any,
        *,
        principal: Principal,
        interaction: str,
        resource_type: str,
        resource_id: str | None = None,
        patient_ids: Iterable[str] = (),
    ) -> None:
        """The trace of a read or search over FHIR, in the caller's transaction."""
        women = sorted(patient_ids)
        self._audit(conn, principal, interaction, resource_type, resource_id, {"patients": women} if women else None)

    def record_view(
        self,
        principal: Principal,
        *,
        interaction: str,
        pregnancy_id: str | None = None,
        patient_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """The trace of a page that showed a woman's record, or a list of women."""
        kind, subject = ("pregnancy", pregnancy_id) if pregnancy_id else ("patient", patient_id)
        self.audit(principal, interaction, kind, subject, detail)

    def names(self, logins: Iterable[str]) -> dict[str, str]:
        """Login to the person's name, for those that exist."""
        wanted = set(logins)
        return {a.login: a.name for a in self.accounts() if a.login in wanted} if wanted else {}

    def may(self, principal: Principal, right: str) -> bool:
        """Whether a named right of the table in `access` is the caller's."""
        return bool(RIGHTS.get(right, frozenset()) & principal.roles)

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

    def answer_once(self, key: IdempotencyKey | None) -> Once:
        """For requests that are many transactions: the second one with the same key gets the first one's answer."""
        return Once(self.pool, self.region_id, key, self._clock)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _person(self, conn: Any, account: Account) -> Principal:
        tree = store.organisations(conn, self.region_id)
        return Principal(
            id=str(account.id),
            kind="person",
            login=account.login,
            name=account.name,
            organisation=account.organisation_id,
            roles=frozenset(account.roles),
            scopes=frozenset({"user/*.cruds"}),
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
        )

    def _grant(self, conn: Any, account_id: UUID, role: str, by: str) -> None:
        if role not in ROLES:
            raise Incorrect(f"没有角色“{role}”", f"no role {role}", code="unknown-role")
        store.run(
            conn,
            "grant_role",
            region_id=self.region_id,
            account_id=account_id,
            role=role,
            now=self._clock(),
            granted_by=by,
        )

    def _end_everything(self, conn: Any, account_id: UUID) -> None:
        store.run(conn, "end_sessions_of", region_id=self.region_id, account_id=account_id, now=self._clock())
        store.run(conn, "revoke_tokens_of", region_id=self.region_id, owner_id=account_id, now=self._clock())

    def _audit(
        self,
        conn: Any,
        principal: Principal,
        action: str,
        subject_kind: str,
        subject_id: str | None,
        detail: Mapping[str, Any] | None,
    ) -> None:
        store.add_audit(
            conn,
            self.region_id,
            self._clock(),
            detail,
            actor_id=principal.login,
            actor_kind=principal.kind,
            organisation=principal.organisation,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
