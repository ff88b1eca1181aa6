"""After every FHIR request of a hospital system: what it asked for, what it was answered, what was overlooked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from flask import Response, g, request

from api.fhir.searching import BY_POST
from fhir_adapters.issues import Issue
from fhir_adapters.traffic import Traffic
from fhir_adapters.types import TYPES

LONGEST_PLACE = 160
_INDEX = re.compile(r"\[[0-9]+\]")
_INTERACTIONS = {
    "conditional_update": "update",
    "conditional_patch": "patch",
    "conditional_delete": "delete",
    "instance_history": "history",
    "type_history": "history",
    "system_history": "history",
    "bundle": "transaction",
}


def counting(app_traffic: Callable[[], Traffic]) -> Callable[[Response], Response]:
    """After every FHIR request."""

    def count(response: Response) -> Response:
        who = g.get("principal")
        if who is not None and who.kind == "client":
            app_traffic().add(who.login, _of_request(response.status_code))
        return response

    return count


def _of_request(status: int) -> Iterable[tuple[str, str, str, str, str]]:
    type_, interaction = asked()
    yield "traffic", type_, interaction, str(status), ""
    for inner_type, inner, inner_status in g.get("entries", ()):
        yield "traffic", inner_type, inner, str(inner_status), "Bundle.entry"
    for issue in g.get("issues", ()):
        yield "error", type_, interaction, issue.code, place_of(issue)
    for tolerance, about, at in g.get("tolerated", ()):
        yield "tolerance", about, interaction, tolerance, general(at)


def asked() -> tuple[str, str]:
    """Type and interaction of the request."""
    type_ = (request.view_args or {}).get("type_", "")
    name = (request.endpoint or "").partition(".")[2].removesuffix(f"_{BY_POST}")
    return type_ if type_ in TYPES else "", g.get("interaction") or _INTERACTIONS.get(name, name)


def place_of(issue: Issue) -> str:
    return general(issue.expression or "")


def general(expression: str) -> str:
    """Without indices: the hundredth entry is wrong in the same place as the first."""
    return _INDEX.sub("[]", expression)[:LONGEST_PLACE]
