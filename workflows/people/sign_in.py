"""Signing in with a password, and the sessions that follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from engine.errors import Forbidden
from workflows.people import passwords, tokens
from workflows.people.model import Account
from workflows.store import people as store

FAILURES = 5  # wrong passwords per account and address ...
WINDOW = timedelta(minutes=10)  # ... within this time lock the pair
IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
TOUCH_EVERY = timedelta(seconds=30)  # a session's last use is written no more often than this


class Refused(Forbidden):
    """One answer for every reason, so that nobody learns which accounts exist or are locked."""

    code = "sign-in"

    def __init__(self) -> None:
        super().__init__("账号或密码不正确，或暂时锁定", "wrong account or password, or locked for a while")


def check(pool: Any, region_id: str, login: str, password: str, address: str, now: datetime) -> Account:
    """The account whose password this is. No connection is held while the hash is computed."""
    typed = login.replace("\x00", "").strip().lower()[:100]
    key = {"region_id": region_id, "login": typed, "address": address.replace("\x00", "")[:64]}
    with pool.connection() as conn:
        failures = store.rows(conn, "count_failures", **key, since=now - WINDOW)[0]["count"]
        found = store.row(conn, "account_by_login", region_id=region_id, login=typed)
    stored = found["password_hash"] if found and found["active"] and failures < FAILURES else None
    right = passwords.matches(stored, password[:1000])
    with pool.connection() as conn:
        if not right or found is None:
            store.run(conn, "add_failure", **key, now=now)
            raise Refused
        store.run(conn, "forget_failures", **key, since=now - WINDOW)
    return store.account_of(found)


def open_session(conn: Any, region_id: str, account_id: UUID, now: datetime) -> str:
    """A new, unguessable session; its token is not stored."""
    token = tokens.new()
    store.run(conn, "add_session", region_id=region_id, token_hash=tokens.hashed(token), account_id=account_id, now=now)
    return token


def account_of_session(conn: Any, region_id: str, token: str, now: datetime) -> tuple[Account, tuple[str, ...]] | None:
    """Whose live session this is, and the origins of the hospital's system that opened it; marks it as used."""
    key = {"region_id": region_id, "token_hash": tokens.hashed(token)}
    found = store.row(conn, "session_account", **key, idle_since=now - IDLE, started_since=now - LONGEST)
    if found is None:
        return None
    if now - found["seen_at"] > TOUCH_EVERY:
        store.run(conn, "touch_session", **key, now=now)
    return store.account_of(found), tuple(found["framed_by"])


def end_session(conn: Any, region_id: str, token: str, now: datetime) -> None:
    store.run(conn, "end_session", region_id=region_id, token_hash=tokens.hashed(token), now=now)
