"""Organisations and accounts: who works where, in which roles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from engine.errors import Incorrect, NotFound
from workflows.people import passwords
from workflows.people.access import RIGHTS
from workflows.people.desk import Desk
from workflows.people.model import Account, Organisation, Principal
from workflows.people.roles import ROLES
from workflows.store import people as store


class Registry(Desk):
    """Changes take effect at the next request of whoever they are about."""

    def organisations(self) -> dict[str, Organisation]:
        with self.pool.connection() as conn:
            return store.organisations(conn, self.region_id)

    def put_organisation(self, organisation: Organisation) -> None:
        """Raises NotFound (the one above it), Incorrect (it would stand below itself)."""
        with self.pool.connection() as conn:
            if organisation.parent_id is not None:
                _require_place(organisation, store.organisations(conn, self.region_id))
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

    def revoke_role(self, login: str, role: str) -> bool:
        """Effective at the next request of that person. False: the role was not held, and nothing has changed."""
        key = {"region_id": self.region_id, "account_id": self.account(login).id}
        with self.pool.connection() as conn:
            return store.run(conn, "revoke_role", **key, role=role) > 0

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

    def names(self, logins: Iterable[str]) -> dict[str, str]:
        """Login to the person's name, for those that exist."""
        wanted = set(logins)
        return {a.login: a.name for a in self.accounts() if a.login in wanted} if wanted else {}

    def may(self, principal: Principal, right: str) -> bool:
        """Whether a named right of the table in `access` is the caller's."""
        return bool(RIGHTS.get(right, frozenset()) & principal.roles)

    def _grant(self, conn: Any, account_id: UUID, role: str, by: str) -> None:
        if role not in ROLES:
            known = ", ".join(ROLES)
            raise Incorrect(f"没有角色“{role}”，有：{known}", f"no role {role}; there are {known}", code="unknown-role")
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
        granted = {"account_id": account_id, "client_id": None}
        store.run(conn, "revoke_grants_of", region_id=self.region_id, now=self._clock(), **granted)


def _require_place(organisation: Organisation, known: dict[str, Organisation]) -> None:
    above: str | None = organisation.parent_id
    while above is not None:
        if above == organisation.id:
            raise Incorrect(
                f"机构“{organisation.id}”不能在自己之下", f"{organisation.id} would stand below itself", code="parent"
            )
        if above not in known:
            raise NotFound(f"没有机构“{above}”", f"no organisation {above}")
        above = known[above].parent_id
