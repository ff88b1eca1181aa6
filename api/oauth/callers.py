"""Which registered client sends this request: by a signed assertion, by its secret, or, for an app that everybody can
read, by its name alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote_plus

import jwt
from flask import request

from api.fhir import replies
from api.oauth.errors import Refused
from engine.clock import system_clock
from engine.errors import EngineError
from fhir_adapters.partners import key_sets
from workflows.people import tokens
from workflows.people.apps_model import App
from workflows.people.model import Client

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_S = 300  # SMART: an assertion is good for five minutes at most
LEEWAY_S = 10
KINDS = {"RS384": "RSA", "ES384": "EC"}
NOT_ACCEPTABLE = "the assertion is not acceptable"


def caller(services: Any) -> tuple[Client, App | None]:
    """The client, and the app that it is where it acts for people. Raises Refused: 401, or 429 where somebody has tried
    too often from this address."""
    people, name = services.people, _called()
    if not people.may_try(name, request.remote_addr or ""):
        raise Refused("temporarily_unavailable", "too many failed attempts, come again later", 429, after_s=600)
    try:
        return _proven(services)
    except Refused as refused:
        if refused.status == 401:
            people.note_failed_try(name, request.remote_addr or "")
        raise


def signed_client(services: Any) -> Client:
    """A caller that proves who it is by its key."""
    form = request.form
    if form.get("client_assertion_type") != ASSERTION or not form.get("client_assertion"):
        raise Refused("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
    return _by_assertion(services, form["client_assertion"])


def _proven(services: Any) -> tuple[Client, App | None]:
    form, header = request.form, request.headers.get("Authorization", "")
    has_assertion = bool(form.get("client_assertion") or form.get("client_assertion_type"))
    if form.get("client_secret") or (header and has_assertion):
        raise Refused("invalid_request", "authenticate by client_secret_basic or private_key_jwt, by one of them")
    if header:
        app = _by_secret(services, header)
    elif has_assertion:
        client = signed_client(services)
        found = services.people.app(str(client.id))
        if found is not None and found.authentication != "private_key_jwt":
            raise Refused("invalid_client", NOT_ACCEPTABLE, 401)
        return client, found
    else:
        app = services.people.app(form.get("client_id", "")[:200])
        if app is None or app.authentication != "none":
            raise Refused("invalid_client", "a client_assertion of type jwt-bearer is needed", 401)
    if form.get("client_id") not in (None, str(app.id)):
        raise Refused("invalid_client", "client_id is another's", 401)
    return app.client, app


def _by_secret(services: Any, header: str) -> App:
    wrong = Refused("invalid_client", "unknown client, or not its secret", 401)
    scheme, _, packed = header.partition(" ")
    try:
        text = base64.b64decode(packed.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise wrong from None
    name, colon, secret = text.partition(":")
    app = services.people.app(unquote_plus(name)[:200]) if scheme.lower() == "basic" and colon else None
    kept = app.secret_hash if app is not None and app.secret_hash is not None else b""
    if not compare_digest(tokens.hashed(unquote_plus(secret)), kept) or app is None:
        raise wrong
    return app


def _by_assertion(services: Any, assertion: str) -> Client:
    """The client that signed it: by a registered key, for us, now, once. Time here is the machine's."""
    wrong = Refused("invalid_client", NOT_ACCEPTABLE, 401)
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
        name = claims["iss"]
        client = services.people.client(name) if isinstance(name, str) and name.isprintable() else None
        if client is None or header.get("alg") not in replies.ALGORITHMS:
            raise wrong
        proven = jwt.decode(
            assertion,
            _key_of(services, client, header),
            algorithms=[header["alg"]],
            audience=_audiences(services),
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "jti"]},
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        raise wrong from None
    expires = datetime.fromtimestamp(proven["exp"], UTC)
    lives, jti = (expires - system_clock()).total_seconds(), proven["jti"]
    is_number = isinstance(jti, str) and len(jti) <= 200 and jti.isprintable()
    if proven["sub"] != proven["iss"] or lives > LONGEST_S + LEEWAY_S or not is_number:
        raise wrong
    if not services.people.use_assertion(client.id, jti, expires):
        raise wrong
    found: Client = client
    return found


def _key_of(services: Any, client: Client, header: Mapping[str, Any]) -> Any:
    """A key that is not known is asked for where the client publishes its own, so that it changes them as it likes."""
    try:
        return _key(client.jwks, header)
    except KeyError:
        where = services.people.take_key_address(client)
        if where is None:
            raise
    try:
        address, network = where
        found = services.people.replace_client_keys(client, key_sets.read(address, network, system_clock()))
    except EngineError:
        raise KeyError("kid") from None
    return _key(found.jwks, header)


def _key(jwks: Mapping[str, Any], header: Mapping[str, Any]) -> Any:
    """The registered key that the header names; without a name the only one that fits the algorithm."""
    kind, name = KINDS[header["alg"]], header.get("kid")
    fitting = [k for k in jwks.get("keys", ()) if k.get("kty") == kind and name in (None, k.get("kid"))]
    if len(fitting) != 1:
        raise KeyError("kid")
    return jwt.PyJWK.from_dict(fitting[0], algorithm=header["alg"]).key


def _audiences(services: Any) -> list[str]:
    return [replies.base(services).removesuffix("/fhir") + "/oauth/token", request.base_url]


def _called() -> str:
    """As what the caller presents itself, for counting its failures; nothing of it is believed."""
    form, header = request.form, request.headers.get("Authorization", "")
    try:
        if form.get("client_assertion"):
            return str(jwt.decode(form["client_assertion"], options={"verify_signature": False}).get("iss"))[:80]
        if header:
            return base64.b64decode(header.partition(" ")[2]).decode(errors="replace").partition(":")[0][:80]
    except (jwt.PyJWTError, ValueError):
        return "?"
    return form.get("client_id", "?")[:80]
