"""What a token is still good for (RFC 7662), and that it is good no more (RFC 7009). Each client asks of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import request

from api.fhir import replies
from api.oauth import callers
from api.oauth.errors import Refused
from api.oauth.grants import user_address

INACTIVE: dict[str, Any] = {"active": False}


def introspected(services: Any) -> dict[str, Any]:
    """Of a token that is not the caller's nothing is said but that it is not active for him."""
    client, app = callers.caller(services)
    token = _token()
    if app is None:
        found = services.people.client_token(client, token)
        return INACTIVE if found is None else _said(client.name, found)
    people = services.people
    found, kind = people.app_token_facts(token), "access_token"
    if found is None:
        found, kind = people.refresh_token_facts(token), "refresh_token"
    if found is None or found["client_id"] != app.id:
        return INACTIVE
    account = people.account_by_id(found["account_id"])
    if account is None:
        return INACTIVE
    base = replies.base(services)
    said = _said(str(app.id), found) | {"sub": str(account.id), "iss": base.removesuffix("/fhir")}
    if kind == "refresh_token":
        del said["token_type"]
    if {"openid", "fhirUser"} <= set(found["scopes"]):
        said["fhirUser"] = user_address(base, str(account.id))
    if found["patient_id"] is not None:
        said["patient"] = found["patient_id"]
    if found["encounter_id"] is not None:
        said["encounter"] = found["encounter_id"]
    return said


def revoke(services: Any) -> None:
    """The same answer whether there was such a token or not."""
    client, app = callers.caller(services)
    if app is None:
        services.people.revoke_client_token(client, _token())
    else:
        services.people.revoke_app_token(app, _token())


def _token() -> str:
    token = request.form.get("token", "")
    if not token:
        raise Refused("invalid_request", "token is needed")
    return token[:2000]


def _said(client_id: str, found: dict[str, Any]) -> dict[str, Any]:
    issued: datetime = found["issued_at"]
    expires: datetime = found["expires_at"]
    return {
        "active": True,
        "scope": " ".join(found["scopes"]),
        "client_id": client_id,
        "token_type": "bearer",
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
    }
