"""Rows of apps and of what people granted them; statements stand in `sql/apps.sql`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from workflows.people.apps_model import App, Grant
from workflows.people.model import Client
from workflows.store import people as store

_CLIENT = ("id", "name", "organisation_id", "jwks", "active")
_GRANT = (
    *("id", "client_id", "account_id", "patient_id", "pregnancy_id", "encounter_id", "redirect_uri"),
    *("code_challenge", "nonce", "granted_at", "code_expires_at", "redeemed_at", "session_hash", "ends_at"),
    "revoked_at",
)


def apps(conn: Any, region_id: str, *, client_id: UUID | None = None, name: str | None = None) -> list[App]:
    """All, or the one with this id or name; switched off ones too."""
    rows = store.rows(conn, "apps", region_id=region_id, client_id=client_id, name=name)
    return [_app(row) for row in rows]


def _app(row: Mapping[str, Any]) -> App:
    return App(
        client=Client(**{name: row[name] for name in _CLIENT}, scopes=frozenset(row["scopes"])),
        title=row["title"],
        redirect_uris=tuple(row["redirect_uris"]),
        launch_uri=row["launch_uri"],
        authentication=row["authentication"],
        secret_hash=bytes(row["secret_hash"]) if row["secret_hash"] is not None else None,
    )


def grant_of(row: Mapping[str, Any]) -> Grant:
    named = {name: row[name] for name in _GRANT}
    return Grant(**{**named, "session_hash": bytes(row["session_hash"])}, scopes=frozenset(row["scopes"]))
