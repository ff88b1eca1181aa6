"""`/oauth/token`: for a hospital's system, for a code, for a refresh token."""

from __future__ import annotations

from typing import Any

from flask import request

from api.fhir import replies
from api.oauth import callers
from api.oauth.errors import Refused
from engine.clock import system_clock
from fhir_adapters.access import granted, unknown
from fhir_adapters.partners import identity
from workflows.people.apps_model import App, NotGranted, Tokens
from workflows.people.scopes import AROUND

KINDS = ("client_credentials", "authorization_code", "refresh_token")
_NOT_GRANTED = "unknown, expired, used before, or not for this client"


def token(services: Any) -> dict[str, Any]:
    kind = request.form.get("grant_type")
    if kind not in KINDS:
        raise Refused("unsupported_grant_type", "grant_type must be " + ", ".join(KINDS))
    if kind == "client_credentials":
        return _for_system(services)
    client, app = callers.caller(services)
    if app is None:
        raise Refused("unauthorized_client", f"{client.name} is no app that acts for people")
    try:
        return _told(services, app, _of_code(services, app) if kind == "authorization_code" else _again(services, app))
    except NotGranted:
        raise Refused("invalid_grant", _NOT_GRANTED) from None


def _for_system(services: Any) -> dict[str, Any]:
    if not request.form.get("client_assertion"):
        raise Refused("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
    client, app = callers.caller(services)
    if app is not None:
        raise Refused("unauthorized_client", "an app acts for people, and not for itself")
    scopes = granted(_understood(request.form.get("scope", "")), client.scopes)
    if not scopes:
        raise Refused("invalid_scope", "none of these scopes is registered for the client")
    issued = services.people.issue_client_token(client, scopes)
    return {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(sorted(scopes)),
    }


def _understood(asked: str) -> str:
    """Raises Refused for what is no scope: misspelt, letters out of order, a condition that cannot be held to."""
    wrong = unknown(asked.split(), AROUND)
    if wrong:
        said = wrong[0][:100] if wrong[0].isascii() and wrong[0].isprintable() else "?"
        raise Refused("invalid_scope", f"not a scope: {said}")
    return asked


def _of_code(services: Any, app: App) -> Tokens:
    form = request.form
    given = [form.get(name, "")[:2000] for name in ("code", "redirect_uri", "code_verifier")]
    if not all(given):
        raise Refused("invalid_request", "code, redirect_uri and code_verifier are needed")
    tokens: Tokens = services.people.redeem(app, *given)
    return tokens


def _again(services: Any, app: App) -> Tokens:
    form = request.form
    if not form.get("refresh_token"):
        raise Refused("invalid_request", "refresh_token is needed")
    asked = frozenset(_understood(form.get("scope", "")).split()) or None
    tokens: Tokens = services.people.refresh(app, form["refresh_token"][:2000], asked)
    return tokens


def _told(services: Any, app: App, issued: Tokens) -> dict[str, Any]:
    """With the woman and her visit in context, and who the person is where that was granted."""
    body: dict[str, Any] = {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(sorted(issued.scopes)),
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    grant = issued.grant
    if grant.patient_id is not None:
        body |= {"patient": grant.patient_id, "need_patient_banner": True}
    if grant.encounter_id is not None:
        body["encounter"] = grant.encounter_id
    if grant.pregnancy_id is not None:
        body["fhirContext"] = [{"reference": f"EpisodeOfCare/{grant.pregnancy_id}"}]
    if "openid" in grant.scopes:
        body["id_token"] = _id_token(services, app, issued)
    return body


def _id_token(services: Any, app: App, issued: Tokens) -> str:
    grant, base = issued.grant, replies.base(services)
    claims = {"iss": base.removesuffix("/fhir"), "sub": str(grant.account_id), "aud": str(app.id)}
    if grant.nonce:
        claims["nonce"] = grant.nonce
    account = services.people.account_by_id(grant.account_id)
    if {"fhirUser", "profile"} & grant.scopes:
        claims["fhirUser"] = user_address(base, str(grant.account_id))
        claims["profile"] = claims["fhirUser"]
    if "profile" in grant.scopes and account is not None:
        claims["name"] = account.name
    now = system_clock()
    with services.pool.connection() as conn:
        return identity.id_token(identity.signing_key(conn, services.region_id, now), claims, now)


def user_address(base: str, account_id: str) -> str:
    """Where the app reads who signed in."""
    return f"{base}/Practitioner/account-{account_id}"
