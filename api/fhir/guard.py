"""Before every FHIR request: who asks, in which format, how large."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import g, request

from api.fhir import formats
from api.fhir.searching import BY_POST
from fhir_adapters.access import Viewer
from fhir_adapters.issues import FhirError, Issue, refuse
from fhir_adapters.patches.patch import JSON_PATCH, MERGE_PATCH
from fhir_adapters.types import TYPES
from workflows.people.model import Principal

PUBLIC = frozenset({"fhir.metadata", "fhir.smart_configuration"})
PATCHES = frozenset({JSON_PATCH, MERGE_PATCH})
FORM = "application/x-www-form-urlencoded"
LARGEST = 5_000_000


def guard(services: Any) -> Callable[[], None]:
    def check() -> None:
        formats.choose()
        _require_readable_address()
        if request.endpoint in PUBLIC:
            return
        g.principal = _caller(services)
        if request.method in ("POST", "PUT", "PATCH"):
            _require_readable_body()

    return check


def principal() -> Principal:
    return g.principal


def viewer() -> Viewer:
    """The caller as the store sees it."""
    return Viewer.of(principal())


def scopes() -> frozenset[str]:
    """What the token covers. A person's rights are the role's: who reads records may read here, who works in
    care may send."""
    return principal().scopes


def known_type(type_: str) -> str:
    """Raises 404 for a type that is not spoken here."""
    if type_ not in TYPES:
        raise refuse(404, "not-supported", "MCH-V-0007", "不支持此资源类型", "resource type not supported")
    return type_


def bearer(header: str) -> str:
    """The token in an Authorization header; empty where there is none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _caller(services: Any) -> Principal:
    token = bearer(request.headers.get("Authorization", ""))
    found = services.people.actor_for_token(token) if token else None
    if found is None:
        raise FhirError(
            401,
            [
                Issue(
                    type="login",
                    code="MCH-A-001",
                    zh="请给出有效的访问令牌",
                    en="a valid access token is needed",
                )
            ],
        )
    return found


def _require_readable_address() -> None:
    """NUL is in no text that could be stored or looked up."""
    if "\x00" in request.path or any("\x00" in text for pair in request.args.items(multi=True) for text in pair):
        raise refuse(
            400, "invalid", "MCH-V-0013", "地址含不可用的字符", "the address holds a character that no text has"
        )


def _require_readable_body() -> None:
    if (request.content_length or 0) > LARGEST:
        raise refuse(
            413, "too-long", "MCH-V-0009", "内容超过 5 MB", "the body is larger than 5 MB", allowed="5000000 bytes"
        )
    if any("\x00" in text for pair in request.form.items(multi=True) for text in pair):
        raise refuse(400, "invalid", "MCH-V-0013", "表单含不可用的字符", "the form holds a character that no text has")
    wanted = frozenset({FORM} if (request.endpoint or "").endswith(BY_POST) else formats.JSON | formats.XML)
    wanted |= PATCHES if request.method == "PATCH" else frozenset()
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    version = re.sub('"', "", request.mimetype_params.get("fhirversion", "4.0"))
    if request.mimetype not in wanted or charset not in ("utf-8", "utf8") or version != "4.0":
        raise refuse(
            415,
            "not-supported",
            "MCH-V-0010",
            "内容类型不支持",
            "unsupported content type",
            allowed=" | ".join(sorted(wanted)),
        )
