"""Sign-in of hospital systems: OAuth 2 client credentials with a signed assertion (SMART backend services)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Blueprint, Response, request

from api.fhir import replies
from engine.clock import system_clock
from engine.store import plain
from fhir_adapters.access import granted

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_S = 300  # SMART: an assertion is good for five minutes at most
LEEWAY_S = 10


class Refused(Exception):
    """An OAuth error; the description never says which check failed for a client that is not known."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        self.error, self.description, self.status = error, description, status


def blueprint(services: Any) -> Blueprint:
    bp = Blueprint("oauth", __name__)

    @bp.post("/oauth/token")
    def token() -> Response:
        try:
            body, status = _token(services), 200
        except Refused as refused:
            body, status = {"error": refused.error, "error_description": refused.description}, refused.status
        return _unkept(body, status)

    @bp.post("/oauth/introspect")
    def introspect() -> Response:
        """What one of the caller's own tokens is still good for (RFC 7662)."""
        try:
            return _unkept(_introspected(services), 200)
        except Refused as refused:
            return _unkept({"error": refused.error, "error_description": refused.description}, refused.status)

    @bp.post("/oauth/revoke")
    def revoke() -> Response:
        """One of the caller's own tokens opens nothing any more (RFC 7009); 200 whether there was one or not."""
        try:
            services.people.revoke_client_token(_signed_client(services), request.form.get("token", ""))
            return _unkept({}, 200)
        except Refused as refused:
            return _unkept({"error": refused.error, "error_description": refused.description}, refused.status)

    @bp.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return replies.smart_configuration(services)

    return bp


def _unkept(body: dict[str, Any], status: int) -> Response:
    response = Response(plain.dumps(body), status=status, content_type="application/json")
    response.headers["Cache-Control"], response.headers["Pragma"] = "no-store", "no-cache"
    return response


def _introspected(services: Any) -> dict[str, Any]:
    """Of a token that is not the caller's nothing is said but that it is not active for him."""
    client = _signed_client(services)
    found = services.people.client_token(client, request.form.get("token", ""))
    if found is None:
        return {"active": False}
    times = {"iat": int(found["issued_at"].timestamp()), "exp": int(found["expires_at"].timestamp())}
    return {
        "active": True,
        "scope": " ".join(found["scopes"]),
        "client_id": client.name,
        "token_type": "bearer",
        **times,
    }


def _signed_client(services: Any) -> Any:
    form = request.form
    if form.get("client_assertion_type") != ASSERTION or not form.get("client_assertion"):
        raise Refused("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
    return _client(services, form["client_assertion"])


def _token(services: Any) -> dict[str, Any]:
    form = request.form
    if form.get("grant_type") != "client_credentials":
        raise Refused("unsupported_grant_type", "grant_type must be client_credentials")
    client = _signed_client(services)
    scopes = granted(form.get("scope", ""), client.scopes)
    if not scopes:
        raise Refused("invalid_scope", "none of these scopes is registered for the client")
    issued = services.people.issue_client_token(client, scopes)
    return {
        "access_token": issued.access_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": " ".join(sorted(scopes)),
    }


def _client(services: Any, assertion: str) -> Any:
    """The client that signed it: by a registered key, for us, now, once. Time here is the machine's."""
    wrong = Refused("invalid_client", "the assertion is not acceptable", 401)
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
        name = claims["iss"]
        client = services.people.client(name) if isinstance(name, str) and name.isprintable() else None
        if client is None or header.get("alg") not in replies.ALGORITHMS:
            raise wrong
        proven = jwt.decode(
            assertion,
            _key(client.jwks, header),
            algorithms=[header["alg"]],
            audience=_audiences(services),
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        raise wrong from None
    expires = datetime.fromtimestamp(proven["exp"], UTC)
    lives = (expires - system_clock()).total_seconds()
    jti = proven["jti"]
    if (
        proven["sub"] != proven["iss"]
        or lives > LONGEST_S + LEEWAY_S
        or not isinstance(jti, str)
        or len(jti) > 200
        or not jti.isprintable()
    ):
        raise wrong
    if not services.people.use_assertion(client.id, jti, expires):
        raise wrong
    return client


def _key(jwks: dict[str, Any], header: dict[str, Any]) -> Any:
    """The registered key that the header names; without a name the only one that fits the algorithm."""
    kind = {"RS384": "RSA", "ES384": "EC"}[header["alg"]]
    fitting = [k for k in jwks.get("keys", ()) if k.get("kty") == kind and header.get("kid") in (None, k.get("kid"))]
    if len(fitting) != 1:
        raise KeyError("kid")
    return jwt.PyJWK.from_dict(fitting[0], algorithm=header["alg"]).key


def _audiences(services: Any) -> list[str]:
    return [replies.base(services).removesuffix("/fhir") + "/oauth/token", request.base_url]
