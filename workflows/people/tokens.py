"""Opaque tokens, and what a hospital system registers: public keys and scopes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.errors import Incorrect
from workflows.people.model import AccessToken, Account, Client
from workflows.people.scopes import read_scope
from workflows.store import people as store

LIFETIME_S = 12 * 3600
_JOBS = re.compile(r"jobs/(\*|[A-Za-z0-9][\w.:-]{0,98}\w?)")
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})


def new() -> str:
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def csrf(session_token: str) -> str:
    """Follows from the session, so that no second secret has to be kept; does not give the session away."""
    return hashlib.sha256(b"form:" + session_token.encode()).hexdigest()[:40]


def issue(
    conn: Any,
    region_id: str,
    *,
    account_id: UUID | None,
    client_id: UUID | None,
    scopes: Iterable[str],
    now: datetime,
    lifetime_s: int,
) -> AccessToken:
    token, expires_at = new(), now + timedelta(seconds=lifetime_s)
    store.run(
        conn,
        "add_token",
        region_id=region_id,
        token_hash=hashed(token),
        account_id=account_id,
        client_id=client_id,
        scopes=sorted(scopes),
        now=now,
        expires_at=expires_at,
    )
    return AccessToken(access_token=token, expires_at=expires_at, expires_in=lifetime_s)


def owner(conn: Any, region_id: str, token_hash: bytes, now: datetime) -> tuple[Account | Client | None, datetime]:
    """Whose it is, and until when. A client comes back with the scopes of this token, not all those it may ask for."""
    found = store.row(conn, "token_owner", region_id=region_id, token_hash=token_hash, now=now)
    if found is None:
        return None, now
    if found["account_id"] is not None:
        account = store.row(conn, "account_by_id", region_id=region_id, account_id=found["account_id"])
        return (store.account_of(account) if account else None), found["expires_at"]
    client = store.row(conn, "client_by_id", region_id=region_id, client_id=found["client_id"])
    narrowed = replace(store.client_of(client), scopes=frozenset(found["scopes"])) if client else None
    return narrowed, found["expires_at"]


def check_scopes(scopes: Iterable[str]) -> None:
    """Raises Incorrect for anything but SMART v2 system scopes with letters in the order c r u d s, and those of job
    workers: `jobs/` with a job type, or with * for all."""
    for scope in scopes:
        found = read_scope(scope)
        if not _JOBS.fullmatch(scope) and (found is None or found.context != "system"):
            raise Incorrect(f"权限范围“{scope}”无效", f"{scope!r} is not a system scope", code="invalid-scope")


def public_keys(jwks: Mapping[str, Any]) -> dict[str, Any]:
    """The key set with nothing private in it. Raises Incorrect where there is no RSA or EC key."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not keys or not all(_is_public_kind(key) for key in keys):
        raise Incorrect("公钥集须含 RSA 或 EC 公钥", "the key set must hold RSA or EC keys", code="invalid-jwks")
    return {"keys": [{name: value for name, value in key.items() if name not in _PRIVATE} for key in keys]}


def _is_public_kind(key: Any) -> bool:
    return isinstance(key, dict) and key.get("kty") in {"RSA", "EC"}
