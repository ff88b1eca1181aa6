"""How programs sign in here: SMART configuration, OpenID discovery, our public keys. What stands in it is there."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.fhir import replies
from engine.clock import system_clock
from engine.store import plain
from fhir_adapters.partners import identity

CAPABILITIES = (
    *("launch-ehr", "launch-standalone", "authorize-post"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("sso-openid-connect", "context-banner"),
    *("context-ehr-patient", "context-ehr-encounter", "context-standalone-patient", "context-standalone-encounter"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2"),
)
SCOPES = (
    *("openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter"),
    *("online_access", "offline_access"),
    *("patient/*.cruds", "patient/*.rs", "user/*.cruds", "user/*.rs", "system/*.cruds", "system/*.rs"),
    *("patient/Observation.rs?category=laboratory", "system/Patient.crus", "system/Observation.crs", "system/Task.rus"),
)


def configuration(services: Any) -> dict[str, Any]:
    root = replies.base(services).removesuffix("/fhir")
    return {
        "issuer": root,
        "jwks_uri": f"{root}/.well-known/jwks.json",
        "authorization_endpoint": f"{root}/oauth/authorize",
        "token_endpoint": f"{root}/oauth/token",
        "introspection_endpoint": f"{root}/oauth/introspect",
        "revocation_endpoint": f"{root}/oauth/revoke",
        "management_endpoint": f"{root}/apps",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(replies.ALGORITHMS),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": list(SCOPES),
        "capabilities": list(CAPABILITIES),
    }


def smart(services: Any) -> Response:
    return Response(plain.dumps(configuration(services)), content_type="application/json")


def openid(services: Any) -> Response:
    more = {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [identity.ALGORITHM],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "fhirUser", "profile", "name"],
    }
    body = {name: value for name, value in configuration(services).items() if name != "capabilities"}
    return Response(plain.dumps({**body, **more}), content_type="application/json")


def keys(services: Any) -> Response:
    with services.pool.connection() as conn:
        body = identity.published(conn, services.region_id, system_clock())
    response = Response(plain.dumps(body), content_type="application/json")
    response.headers["Cache-Control"] = "max-age=300"
    return response
