"""What an app asks of a person, read from the address it sends her to (SMART App Launch 2.2, RFC 6749, RFC 7636).

As long as app and redirect address are not both known nobody is sent anywhere: the person is told on a page of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from engine.errors import Incorrect
from fhir_adapters import access
from workflows.people.apps_model import App
from workflows.people.roles import scopes_of
from workflows.people.scopes import AROUND, limited, read_scope

NAMES = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "launch", "nonce"),
    *("code_challenge", "code_challenge_method"),
)
LONGEST = 2000
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


class Declined(Exception):
    """Told to the app: where to, and what."""

    def __init__(self, wish: Wish, error: str, description: str) -> None:
        self.wish, self.error, self.description = wish, error, description

    @property
    def address(self) -> str:
        return answer(self.wish, {"error": self.error, "error_description": self.description})


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`scopes`: of those that it asks the ones that the app is registered for; what of them is the person's to give
    follows from her roles. `launch`: None where it was not opened from a woman's page."""

    app: App
    redirect_uri: str
    state: str
    scopes: frozenset[str]
    code_challenge: str
    nonce: str | None
    launch: str | None

    @property
    def wants_patient(self) -> bool:
        if {"launch/patient", "launch/encounter"} & self.scopes:
            return True
        context = (read_scope(text) for text in self.scopes)
        return any(one and one.context == "patient" for one in context)

    @property
    def wants_encounter(self) -> bool:
        return "launch/encounter" in self.scopes

    @property
    def origin(self) -> str:
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"


def read_wish(people: Any, given: Mapping[str, list[str]], base: str) -> Wish:
    """Raises Incorrect for what only the person may be told, Declined for what the app is told."""
    asked = {name: values[0] for name, values in given.items() if name in NAMES and values}
    app = people.app(asked.get("client_id", "")[:200])
    if app is None:
        raise Incorrect("没有登记这个应用，或已停用", "this app is not registered, or switched off", code="client")
    address = asked.get("redirect_uri", "")
    if address not in app.redirect_uris or len(given.get("redirect_uri", ())) != 1:
        raise Incorrect(
            "应用给出的回跳地址没有登记", "the app's redirect address is not registered", code="redirect-uri"
        )
    wish = Wish(
        app=app,
        redirect_uri=address,
        state=asked.get("state", "")[:LONGEST],
        scopes=access.granted(asked.get("scope", ""), app.client.scopes),
        code_challenge=asked.get("code_challenge", ""),
        nonce=asked.get("nonce", "")[:LONGEST] or None,
        launch=asked.get("launch") if "launch" in asked.get("scope", "").split() else None,
    )
    _check(wish, asked, given, base)
    return wish


def _check(wish: Wish, asked: Mapping[str, str], given: Mapping[str, list[str]], base: str) -> None:
    twice = sorted(name for name, values in given.items() if name in NAMES and len(values) > 1)
    if twice:
        raise Declined(wish, "invalid_request", f"{twice[0]} is there twice")
    if asked.get("response_type") != "code":
        raise Declined(wish, "unsupported_response_type", "response_type must be code")
    if not wish.state:
        raise Declined(wish, "invalid_request", "state is needed")
    if asked.get("aud", "").rstrip("/") != base:
        raise Declined(wish, "invalid_request", f"aud must be {base}")
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(wish.code_challenge):
        raise Declined(wish, "invalid_request", "PKCE is needed: code_challenge with code_challenge_method S256")
    wrong = access.unknown(asked.get("scope", "").split(), AROUND)
    if wrong:
        said = wrong[0][:100] if wrong[0].isascii() and wrong[0].isprintable() else "?"
        raise Declined(wish, "invalid_scope", f"not a scope: {said}")
    if not wish.scopes:
        raise Declined(wish, "invalid_scope", "none of these scopes is registered for the app")
    if "launch" in wish.scopes and wish.launch is None:
        raise Declined(wish, "invalid_request", "the scope launch needs the parameter launch")


def given_by(wish: Wish, roles: frozenset[str]) -> frozenset[str]:
    """The scopes that this person may pass on: none with a letter that is not hers."""
    own = "".join(one.letters for text in scopes_of(roles) if (one := read_scope(text)) is not None)
    return limited(wish.scopes, own)


def answer(wish: Wish, parameters: Mapping[str, str]) -> str:
    """The app's address with what it is told, and its own state."""
    told = {**parameters, **({"state": wish.state} if wish.state else {})}
    return wish.redirect_uri + ("&" if urlsplit(wish.redirect_uri).query else "?") + urlencode(told)
