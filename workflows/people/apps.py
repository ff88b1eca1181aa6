"""Apps that act for people: registered by hospital IT, agreed to by each person, held to what was agreed.

A code is good once and for a minute, a refresh token once; whoever presents one again has got it from somebody else,
and the whole grant ends. All of that is one transaction each, so that of two at the same moment one is the second.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from engine.errors import Incorrect
from workflows.people import sign_in, tokens
from workflows.people.apps_model import App, Asked, Grant, MadeApp, NotGranted, Tokens
from workflows.people.desk import Desk
from workflows.people.model import Account, Client, Principal
from workflows.people.scopes import AROUND, read_scope
from workflows.store import apps as rows
from workflows.store import people as store

AUTHENTICATIONS = ("none", "client_secret_basic", "private_key_jwt")
ACCESS_S = 900
CODE = timedelta(seconds=60)
LAUNCH = timedelta(minutes=5)
OFFLINE = timedelta(days=30)
ONLINE = sign_in.LONGEST
VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
LOCAL = ("127.0.0.1", "localhost", "::1")


class Apps(Desk):
    """Every change of a grant leaves an audit row, which names the app and never a token."""

    def add_app(
        self,
        *,
        name: str,
        title: str,
        organisation_id: str,
        scopes: Iterable[str],
        redirect_uris: Iterable[str],
        authentication: str,
        launch_uri: str | None = None,
        jwks: Mapping[str, Any] | None = None,
        by: Principal | None = None,
    ) -> MadeApp:
        """Raises Incorrect with what is wrong, Conflict (name taken), NotFound (organisation)."""
        wanted, addresses = frozenset(scopes), tuple(dict.fromkeys(redirect_uris))
        _check(wanted, addresses, launch_uri, authentication, title)
        public = tokens.public_keys(jwks or {}) if authentication == "private_key_jwt" else {"keys": []}
        client = Client(id=uuid4(), name=name, organisation_id=organisation_id, scopes=wanted, jwks=public)
        secret = tokens.new() if authentication == "client_secret_basic" else None
        app = App(
            client=client,
            title=title,
            redirect_uris=addresses,
            launch_uri=launch_uri or None,
            authentication=authentication,
            secret_hash=tokens.hashed(secret) if secret else None,
        )
        values: dict[str, Any] = {"title": title, "redirect_uris": list(addresses), "launch_uri": app.launch_uri}
        values |= {"authentication": authentication, "secret_hash": app.secret_hash}
        with self.pool.connection() as conn, conn.transaction():
            store.add_client(conn, self.region_id, client, self._clock())
            store.run(conn, "add_app", region_id=self.region_id, client_id=client.id, **values)
            if by is not None:
                self._audit(conn, by, "register-app", "app", str(client.id), {"scopes": sorted(wanted)})
        return MadeApp(app=app, secret=secret)

    def apps(self) -> list[App]:
        """All that are registered, switched off ones too."""
        with self.pool.connection() as conn:
            return rows.apps(conn, self.region_id)

    def app(self, client_id: str) -> App | None:
        """A registered app that is not switched off, by what it calls itself."""
        try:
            wanted = UUID(client_id)
        except ValueError:
            return None
        with self.pool.connection() as conn:
            found = rows.apps(conn, self.region_id, client_id=wanted)
        return found[0] if found and found[0].client.active else None

    def switch_app(self, app: App, active: bool, by: Principal | None = None) -> None:
        """Off: nothing that was granted to it opens anything, now and after it is on again."""
        with self.pool.connection() as conn, conn.transaction():
            key = {"region_id": self.region_id, "client_id": app.id}
            store.run(conn, "set_client_active", **key, active=active)
            if not active:
                store.run(conn, "revoke_grants_of", **key, account_id=None, now=self._clock())
            if by is not None:
                self._audit(conn, by, "switch-app", "app", str(app.id), {"active": active})

    def new_app_secret(self, app: App, by: Principal | None = None) -> str:
        """The secret before is good no more. Raises Incorrect for an app that has none."""
        secret = tokens.new()
        key = {"region_id": self.region_id, "client_id": app.id, "secret_hash": tokens.hashed(secret)}
        with self.pool.connection() as conn, conn.transaction():
            if not store.run(conn, "set_app_secret", **key):
                raise Incorrect("这个应用不用密码", "this app has no secret", code="no-secret")
            if by is not None:
                self._audit(conn, by, "new-app-secret", "app", str(app.id), None)
        return secret

    def launch_app(self, app: App, by: Principal, pregnancy_id: str) -> str:
        """What the app brings back, so that it gets the woman whose page it was opened from."""
        token, now = tokens.new(), self._clock()
        values = {"client_id": app.id, "account_id": UUID(by.id), "pregnancy_id": pregnancy_id}
        values |= {"token_hash": tokens.hashed(token), "expires_at": now + LAUNCH}
        with self.pool.connection() as conn, conn.transaction():
            store.run(conn, "add_launch", region_id=self.region_id, **values)
            self._audit(conn, by, "launch-app", "app", str(app.id), {"pregnancy": pregnancy_id})
        return token

    def launched(self, app: App, by: Principal, token: str) -> str | None:
        """The pregnancy that this person opened this app for."""
        key = {"client_id": app.id, "account_id": UUID(by.id), "token_hash": tokens.hashed(token)}
        with self.pool.connection() as conn:
            found = store.row(conn, "launch", region_id=self.region_id, now=self._clock(), **key)
        return found["pregnancy_id"] if found else None

    def grant_app(self, asked: Asked, by: Principal, session_token: str, launch: str | None = None) -> str:
        """The code by which the app claims what this person agreed to. Raises NotGranted where the launch was used."""
        code, now = tokens.new(), self._clock()
        lasts = OFFLINE if "offline_access" in asked.scopes else ONLINE
        values = {
            "id": uuid4(),
            "client_id": asked.app.id,
            "account_id": UUID(by.id),
            "scopes": sorted(asked.scopes),
            "patient_id": asked.patient_id,
            "pregnancy_id": asked.pregnancy_id,
            "encounter_id": asked.encounter_id,
            "redirect_uri": asked.redirect_uri,
            "code_hash": tokens.hashed(code),
            "code_challenge": asked.code_challenge,
            "nonce": asked.nonce,
            "code_expires_at": now + CODE,
            "session_hash": tokens.hashed(session_token),
            "ends_at": now + lasts,
        }
        with self.pool.connection() as conn, conn.transaction():
            spent = {"region_id": self.region_id, "token_hash": tokens.hashed(launch or "")}
            if launch is not None and store.row(conn, "spend_launch", **spent) is None:
                raise NotGranted("launch")
            store.run(conn, "add_grant", region_id=self.region_id, now=now, **values)
            detail = {"app": asked.app.client.name, "scopes": sorted(asked.scopes)}
            detail |= {"patients": [asked.patient_id]} if asked.patient_id else {}
            self._audit(conn, by, "grant-app", "app", str(asked.app.id), detail)
        return code

    def redeem(self, app: App, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Tokens for a code. Raises NotGranted; a code that was redeemed before ends its grant."""
        now, issued = self._clock(), None
        with self.pool.connection() as conn, conn.transaction():
            row = store.row(conn, "grant_of_code", region_id=self.region_id, code_hash=tokens.hashed(code))
            grant = rows.grant_of(row) if row else None
            if grant is None or grant.client_id != app.id:
                raise NotGranted("code")
            if grant.redeemed_at is not None:
                self._end_grant(conn, grant, app, "code-used-twice")
            elif (
                grant.revoked_at is None
                and grant.code_expires_at > now
                and grant.redirect_uri == redirect_uri
                and _proves(verifier, grant.code_challenge)
            ):
                store.run(conn, "redeem_grant", region_id=self.region_id, id=grant.id, now=now)
                issued = self._issue(conn, grant, app, grant.scopes, now)
            else:
                self._end_grant(conn, grant, app, "code-claimed-wrongly")
        if issued is None:
            raise NotGranted("code")
        return issued

    def refresh(self, app: App, refresh_token: str, scopes: frozenset[str] | None = None) -> Tokens:
        """New tokens for a refresh token, which is spent by it; `scopes`: no more than were granted. Raises NotGranted;
        one that was spent before ends the grant: it is in two hands."""
        now, issued = self._clock(), None
        key = {"region_id": self.region_id, "token_hash": tokens.hashed(refresh_token)}
        with self.pool.connection() as conn, conn.transaction():
            row = store.row(conn, "held_token", **key)
            grant = rows.grant_of(row) if row else None
            if row is None or grant is None or grant.client_id != app.id or row["kind"] != "refresh":
                raise NotGranted("refresh_token")
            wanted = scopes if scopes is not None else frozenset(row["token_scopes"])
            if row["used_at"] is not None:
                self._end_grant(conn, grant, app, "refresh-token-used-twice")
            elif row["token_revoked_at"] is None and self._goes_on(conn, grant, row["expires_at"], now):
                if not wanted <= frozenset(row["token_scopes"]):
                    raise NotGranted("scope")
                store.run(conn, "use_token", **key, now=now)
                issued = self._issue(conn, grant, app, wanted, now)
        if issued is None:
            raise NotGranted("refresh_token")
        return issued

    def app_token_facts(self, token: str) -> dict[str, Any] | None:
        """Of an access token of an app that is good now: whose, for whom, until when. None for any other."""
        with self.pool.connection() as conn:
            key = {"region_id": self.region_id, "token_hash": tokens.hashed(token)}
            return store.row(conn, "app_token_owner", **key, now=self._clock())

    def refresh_token_facts(self, token: str) -> dict[str, Any] | None:
        """The same of a refresh token."""
        key = {"region_id": self.region_id, "token_hash": tokens.hashed(token)}
        with self.pool.connection() as conn, conn.transaction():
            row = store.row(conn, "held_token", **key)
            if row is None or row["kind"] != "refresh" or row["used_at"] or row["token_revoked_at"]:
                return None
            if not self._goes_on(conn, rows.grant_of(row), row["expires_at"], self._clock()):
                return None
        return {**row, "scopes": row["token_scopes"]}

    def revoke_app_token(self, app: App, token: str) -> bool:
        """An access token ends alone, a refresh token with everything that was ever made of its grant."""
        key = {"region_id": self.region_id, "token_hash": tokens.hashed(token)}
        with self.pool.connection() as conn, conn.transaction():
            row = store.row(conn, "held_token", **key)
            if row is None or row["client_id"] != app.id:
                return False
            if row["kind"] == "refresh":
                self._end_grant(conn, rows.grant_of(row), app, "revoked")
            else:
                store.run(conn, "revoke_app_token", **key, now=self._clock())
                self._note(conn, rows.grant_of(row), app, "revoke-token", None)
        return True

    def account_by_id(self, account_id: UUID) -> Account | None:
        """None for one that is disabled."""
        with self.pool.connection() as conn:
            found = store.row(conn, "account_by_id", region_id=self.region_id, account_id=account_id)
        return store.account_of(found) if found else None

    def _goes_on(self, conn: Any, grant: Grant, expires_at: datetime, now: datetime) -> bool:
        if grant.revoked_at is not None or min(expires_at, grant.ends_at) <= now:
            return False
        if store.row(conn, "account_by_id", region_id=self.region_id, account_id=grant.account_id) is None:
            return False
        if "offline_access" in grant.scopes:
            return True
        key = {"region_id": self.region_id, "token_hash": grant.session_hash, "started_since": now - sign_in.LONGEST}
        found = store.row(conn, "session_goes_on", **key)
        return bool(found and found["exists"])

    def _issue(self, conn: Any, grant: Grant, app: App, scopes: frozenset[str], now: datetime) -> Tokens:
        again = bool({"offline_access", "online_access"} & grant.scopes)
        access, refresh = tokens.new(), tokens.new() if again else None
        lasts = min(now + timedelta(seconds=ACCESS_S), grant.ends_at)
        made = {"region_id": self.region_id, "grant_id": grant.id, "scopes": sorted(scopes), "now": now}
        store.run(conn, "add_app_token", token_hash=tokens.hashed(access), kind="access", expires_at=lasts, **made)
        if refresh is not None:
            of_refresh = {"token_hash": tokens.hashed(refresh), "kind": "refresh", "expires_at": grant.ends_at}
            store.run(conn, "add_app_token", **of_refresh, **made)
        self._note(conn, grant, app, "issue-token", {"scopes": sorted(scopes)})
        seconds = int((lasts - now).total_seconds())
        return Tokens(access_token=access, refresh_token=refresh, expires_in=seconds, scopes=scopes, grant=grant)

    def _end_grant(self, conn: Any, grant: Grant, app: App, why: str) -> None:
        store.run(conn, "revoke_grant", region_id=self.region_id, id=grant.id, now=self._clock())
        self._note(conn, grant, app, "end-grant", {"reason": why})

    def _note(self, conn: Any, grant: Grant, app: App, action: str, detail: Mapping[str, Any] | None) -> None:
        found = {"app": app.client.name, "account": str(grant.account_id), **(detail or {})}
        found |= {"patients": [grant.patient_id]} if grant.patient_id else {}
        acting = self._system(conn, app.client)
        self._audit(conn, acting, action, "grant", str(grant.id), found)


def challenge_of(verifier: str) -> str:
    """PKCE: what is said first, of what is said in the end (RFC 7636, S256)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _proves(verifier: str, challenge: str) -> bool:
    return VERIFIER.fullmatch(verifier) is not None and compare_digest(challenge_of(verifier), challenge)


def _check(
    scopes: frozenset[str], addresses: tuple[str, ...], launch_uri: str | None, authentication: str, title: str
) -> None:
    if authentication not in AUTHENTICATIONS:
        said = "、".join(AUTHENTICATIONS)
        raise Incorrect(f"认证方式只能是 {said}", f"authentication is one of {said}", code="authentication")
    if not title.strip():
        raise Incorrect("须给出应用的名称", "the app needs a title", code="title")
    if not addresses:
        raise Incorrect("须给出回跳地址", "a redirect address is needed", code="redirect-uri")
    for address in (*addresses, *([launch_uri] if launch_uri else ())):
        if not is_address(address):
            raise Incorrect(
                f"地址“{address[:100]}”不可用：须为 https，本机可为 http，不带 #",
                f"the address {address[:100]} cannot be used: https, or http on this machine, without a fragment",
                code="redirect-uri",
            )
    for text in sorted(scopes):
        one = read_scope(text)
        if text not in AROUND and (one is None or one.context == "system"):
            raise Incorrect(
                f"权限范围“{text}”无效", f"{text!r} is no scope of an app that acts for people", code="invalid-scope"
            )
    if not scopes:
        raise Incorrect("须给出权限范围", "scopes are needed", code="invalid-scope")


def is_address(text: str) -> bool:
    """Where a browser may be sent to: https, or http that does not leave this machine."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text or "#" in text or not host:
        return False
    return parts.username is None and (parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL))
