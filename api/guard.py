"""Who may come in. One function before every request of the JSON interface; what it does not know it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g, request

from api.errors import Unauthenticated
from engine.errors import Forbidden, Malformed
from workflows.people import access


def guard(services: Any) -> Callable[[], None]:
    """A before-request function: finds the caller's row in the access table and the caller behind the bearer token."""

    def check() -> None:
        if any("\0" in value for _, value in request.args.items(multi=True)):
            raise Malformed("参数含有无效字符", "a parameter holds a character that cannot be stored", code="query")
        row = access.row_of(request.endpoint)
        if row is None:
            raise Forbidden("此接口未开放", "this route is open to nobody")
        if row.public:
            return
        g.principal = principal = services.people.actor_for_token(_token())
        if principal is None:
            raise Unauthenticated("访问令牌无效或已过期", "the access token is unknown or has expired")
        if principal.app is not None:
            raise Forbidden("应用只能使用 FHIR 接口", "an app may use the FHIR interface alone", code="app")
        if not access.admits(row, principal):
            raise Forbidden("您的角色不能使用此接口", "none of your roles may use this route")

    return check


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("请在 Authorization 中给出访问令牌", "send an access token as Authorization: Bearer")
    return token.strip()
