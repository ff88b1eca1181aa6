"""Sign-in of programs: hospital systems for themselves, apps for people. The pages that people see stand in `web`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from api.oauth import described, grants, standing
from api.oauth.errors import Refused, refusal, unkept


def blueprint(services: Any) -> Blueprint:
    bp = Blueprint("oauth", __name__)
    bp.register_error_handler(Refused, refusal)

    @bp.post("/oauth/token")
    def token() -> Response:
        return unkept(grants.token(services))

    @bp.post("/oauth/introspect")
    def introspect() -> Response:
        """What one of the caller's own tokens is still good for (RFC 7662)."""
        return unkept(standing.introspected(services))

    @bp.post("/oauth/revoke")
    def revoke() -> Response:
        """One of the caller's own tokens opens nothing any more (RFC 7009); 200 whether there was one or not."""
        standing.revoke(services)
        return unkept({})

    @bp.get("/.well-known/smart-configuration")
    def smart_configuration() -> Response:
        return described.smart(services)

    @bp.get("/.well-known/openid-configuration")
    def openid_configuration() -> Response:
        return described.openid(services)

    @bp.get("/.well-known/jwks.json")
    def keys() -> Response:
        return described.keys(services)

    return bp
