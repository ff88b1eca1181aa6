"""Hospitals whose own system opens our pages: who they are, and as whom their people come in.

Nobody is guessed: a person comes in as the account that hospital IT here has named, and not at all otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from engine.errors import Conflict, Forbidden, Incorrect, NotFound
from workflows.people import tokens
from workflows.people.desk import Desk
from workflows.people.model import Account, Principal, Session
from workflows.people.visibility import visible_organisations
from workflows.store import people as store

SIGN_IN = timedelta(minutes=10)
SCOPES = "launch openid fhirUser patient/Patient.r"
NETWORKS = ("public", "intranet", "loopback")


@dataclass(frozen=True, kw_only=True)
class Hospital:
    """`issuer`: the address of its FHIR interface. `origins`: whose pages may show ours inside of them. `identifiers`:
    systems of numbers that name one woman."""

    issuer: str
    title: str
    organisation_id: str
    client_id: str
    authentication: str = "none"
    scopes: str = SCOPES
    origins: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    network: str = "public"
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A sign-in under way: what the hospital's system brings back, what only this browser has, and what proves that it
    was us who asked."""

    state: str
    browser: str
    verifier: str
    nonce: str


class Hospitals(Desk):
    """Changes take effect at the next request, also for sessions that a hospital has opened."""

    def put_hospital(self, hospital: Hospital, by: Principal | None = None) -> None:
        """Register it, or correct what is known of it; one that is switched off stays so. Raises Incorrect, NotFound:
        no such organisation, or registered by one that is none of this person's."""
        _check(hospital)
        names = ("issuer", "title", "organisation_id", "client_id", "authentication", "scopes", "network")
        values: dict[str, Any] = {name: getattr(hospital, name) for name in names}
        values |= {"origins": list(hospital.origins), "identifiers": list(hospital.identifiers), "now": self._clock()}
        with self.pool.connection() as conn, conn.transaction():
            if hospital.organisation_id not in store.organisations(conn, self.region_id):
                raise NotFound(f"没有机构“{hospital.organisation_id}”", f"no organisation {hospital.organisation_id}")
            before = self._read(conn, hospital.issuer)
            if by is not None and before and before[0].organisation_id not in by.organisations:
                raise _not_registered()
            store.run(conn, "put_hospital", region_id=self.region_id, **values)
            self._noted(conn, by, "register-hospital", hospital.issuer, {"origins": list(hospital.origins)})

    def hospitals(self) -> list[Hospital]:
        return self._hospitals(None)

    def hospitals_of(self, by: Principal) -> list[Hospital]:
        """Those that an organisation of this person's registered."""
        return [one for one in self._hospitals(None) if one.organisation_id in by.organisations]

    def hospital_of(self, by: Principal, issuer: str) -> Hospital:
        """One of them, switched off or not. Raises NotFound."""
        found = self._hospitals(issuer[:500])
        if not found or found[0].organisation_id not in by.organisations:
            raise _not_registered()
        return found[0]

    def hospital(self, issuer: str) -> Hospital | None:
        """One that is not switched off, by its address to the letter."""
        found = self._hospitals(issuer[:500])
        return found[0] if found and found[0].active else None

    def switch_hospital(self, issuer: str, active: bool, by: Principal | None = None) -> None:
        """Off: nobody comes in from there, and who came in is out."""
        with self.pool.connection() as conn, conn.transaction():
            if not store.run(conn, "switch_hospital", region_id=self.region_id, issuer=issuer, active=active):
                raise _not_registered()
            self._noted(conn, by, "switch-hospital", issuer, {"active": active})

    def map_person(self, issuer: str, external: str, login: str, by: str) -> None:
        """From now on whoever the hospital calls so comes in as this account. Raises NotFound, Forbidden for an account
        that is not of that hospital."""
        with self.pool.connection() as conn, conn.transaction():
            found = self._hospitals(issuer)
            row = store.row(conn, "account_by_login", region_id=self.region_id, login=login.lower())
            if not found or row is None:
                raise NotFound("没有这家医院的系统，或没有这个账号", "no such hospital, or no such account")
            self._require_of(conn, found[0], store.account_of(row))
            if not external.strip():
                raise Incorrect("须给出对方的人员标识", "the hospital's name of the person is needed", code="external")
            key = {"issuer": issuer, "external": external.strip()[:500], "account_id": row["id"]}
            store.run(conn, "map_person", region_id=self.region_id, now=self._clock(), by=by, **key)

    def unmap_person(self, issuer: str, external: str) -> None:
        with self.pool.connection() as conn:
            key = {"region_id": self.region_id, "issuer": issuer, "external": external}
            if not store.run(conn, "unmap_person", **key):
                raise NotFound("没有这条人员对应", "nobody is mapped so")

    def mapped_people(self, issuer: str) -> list[tuple[str, str]]:
        """What the hospital calls them, and their accounts here."""
        with self.pool.connection() as conn:
            rows = store.rows(conn, "mapped_people", region_id=self.region_id, issuer=issuer)
        return [(row["external"], row["login"]) for row in rows]

    def begin_hospital_sign_in(self, hospital: Hospital) -> Begun:
        begun = Begun(
            state=tokens.new(), browser=tokens.new(), verifier=tokens.new() + tokens.new(), nonce=tokens.new()
        )
        key = {"state_hash": tokens.hashed(begun.state), "browser_hash": tokens.hashed(begun.browser)}
        values = {"issuer": hospital.issuer, "verifier": begun.verifier, "nonce": begun.nonce}
        with self.pool.connection() as conn:
            expires = self._clock() + SIGN_IN
            store.run(conn, "add_hospital_sign_in", region_id=self.region_id, expires_at=expires, **key, **values)
        return begun

    def take_hospital_sign_in(self, state: str, browser: str) -> tuple[Hospital, Begun] | None:
        """What was begun in this browser; it is there once. None where it was begun elsewhere, is over, was taken."""
        key = {"state_hash": tokens.hashed(state), "browser_hash": tokens.hashed(browser)}
        with self.pool.connection() as conn:
            row = store.row(conn, "take_hospital_sign_in", region_id=self.region_id, **key)
        hospital = self.hospital(row["issuer"]) if row and row["expires_at"] > self._clock() else None
        if row is None or hospital is None:
            return None
        return hospital, Begun(state=state, browser=browser, verifier=row["verifier"], nonce=row["nonce"])

    def enter_from(self, hospital: Hospital, externals: Iterable[str]) -> Session:
        """A session of the account that this person was given here. Raises Forbidden where there is none, Conflict
        where the names that the hospital gives are of two accounts."""
        named = {"issuer": hospital.issuer, "externals": sorted(set(externals))}
        with self.pool.connection() as conn, conn.transaction():
            rows = store.rows(conn, "accounts_known_as", region_id=self.region_id, **named)
            if len(rows) > 1:
                raise Conflict(
                    "医院给出的人员标识对应着两个账号，请联系信息科",
                    "what the hospital says of you fits two accounts; ask hospital IT",
                )
            found = self._account(conn, rows[0]["account_id"]) if rows else None
            if found is None:
                raise Forbidden(
                    "您在医院系统里的身份还没有对应到孕途账号，请联系信息科登记",
                    "who you are in the hospital's system is mapped to no account here; ask hospital IT",
                    code="not-mapped",
                )
            self._require_of(conn, hospital, found)
            token = tokens.new()
            given = {"token_hash": tokens.hashed(token), "account_id": found.id, "issuer": hospital.issuer}
            store.run(conn, "add_framed_session", region_id=self.region_id, now=self._clock(), **given)
            principal = self._person(conn, found)
            self._audit(conn, principal, "sign-in", "account", str(found.id), {"hospital": hospital.issuer})
        return Session(
            token=token,
            csrf=tokens.csrf(token),
            principal=principal,
            device_key=found.device_key,
            framed_by=hospital.origins,
        )

    def _hospitals(self, issuer: str | None) -> list[Hospital]:
        with self.pool.connection() as conn:
            return self._read(conn, issuer)

    def _read(self, conn: Any, issuer: str | None) -> list[Hospital]:
        rows = store.rows(conn, "hospitals", region_id=self.region_id, issuer=issuer)
        lists = ("origins", "identifiers")
        return [Hospital(**{**row, **{name: tuple(row[name]) for name in lists}}) for row in rows]

    def _account(self, conn: Any, account_id: UUID) -> Account | None:
        found = store.row(conn, "account_by_id", region_id=self.region_id, account_id=account_id)
        return store.account_of(found) if found else None

    def _require_of(self, conn: Any, hospital: Hospital, account: Account) -> None:
        tree = store.organisations(conn, self.region_id)
        if account.organisation_id not in visible_organisations(hospital.organisation_id, (), tree):
            raise Forbidden(
                "这个账号不属于这家医院", "this account is not of that hospital", code="another-organisation"
            )

    def _noted(self, conn: Any, by: Principal | None, action: str, issuer: str, detail: dict[str, Any]) -> None:
        if by is not None:
            self._audit(conn, by, action, "hospital", issuer, detail)


def _not_registered() -> NotFound:
    return NotFound("没有登记这家医院的系统", "this hospital's system is not registered")


def _check(hospital: Hospital) -> None:
    if hospital.network not in NETWORKS or hospital.authentication not in ("none", "private_key_jwt"):
        raise Incorrect("网络或认证方式不合法", "network or authentication is not possible", code="hospital")
    if not hospital.client_id.strip() or not hospital.title.strip():
        raise Incorrect("须给出名称和客户端编号", "a title and a client id are needed", code="hospital")
    for text in (hospital.issuer, *hospital.origins):
        if not _is_address(text, hospital.network):
            raise Incorrect(
                f"地址“{text[:100]}”不可用：须为 https（内网可为 http），不以 / 结尾",
                f"the address {text[:100]} cannot be used: https (or http in an intranet), without a slash at its end",
                code="hospital",
            )
    for text in hospital.origins:
        if urlsplit(text).path:
            raise Incorrect(f"“{text[:100]}”不是来源：不带路径", f"{text[:100]} is no origin: no path", code="hospital")


def _is_address(text: str, network: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" ;,'\"\\#?")
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and network != "public")
    return bool(host) and parts.username is None and is_plain and is_safe and not text.endswith("/")
