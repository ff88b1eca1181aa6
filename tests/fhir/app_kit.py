"""A hospital behind a port, somebody at a browser, and an app as the specification tells it to be."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
import uuid
from urllib.parse import parse_qs, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

BACK = "https://app.example.org/back?from=yuntu"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
HERS = "openid fhirUser launch launch/patient launch/encounter online_access offline_access patient/*.rs user/*.cruds"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ec.generate_private_key(ec.SECP384R1())
PASSWORD = "a good enough password"


class Installation:
    """A hospital behind a port, one woman in it, and what apps are registered."""

    def __init__(self, hospital, base):
        self.hospital, self.base, self.people = hospital, base, hospital.services.people
        self.woman = hospital.brings_in()
        self.other = hospital.brings_in(number="999999199706150035", day="2025-11-01")
        for login in ("doctor", "designer", "it"):
            self.people.set_password(login, PASSWORD)
        self.described = requests.get(f"{base}/fhir/.well-known/smart-configuration").json()

    def app(self, authentication="none", scopes=HERS, **more):
        keys = {"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k"}]}
        return self.people.add_app(
            name=uuid.uuid4().hex,
            title="孕期宣教",
            organisation_id="org-hospital",
            scopes=scopes.split(),
            redirect_uris=[BACK],
            launch_uri="https://app.example.org/launch",
            authentication=authentication,
            jwks=keys if authentication == "private_key_jwt" else None,
            **more,
        )


class Person:
    """Somebody at a browser without scripts."""

    def __init__(self, site, login="doctor"):
        self.site, self.http = site, requests.Session()
        page = self.http.get(f"{site.base}/sign-in")
        form = {"login": login, "password": PASSWORD, "csrf": CSRF.search(page.text)[1]}
        assert self.http.post(f"{site.base}/sign-in", data=form, allow_redirects=False).status_code == 303

    def goes(self, address):
        return self.http.get(address, allow_redirects=False)

    def sends(self, page, **form):
        """The form of a page of ours, as the browser would send it."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        hidden = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
        place = re.search(r'<form method="post" action="(/oauth/[^"]+)"', page.text)[1]
        return self.http.post(self.site.base + place, data={**hidden, **form}, allow_redirects=False)


class Client:
    """An app as the specification tells it to be."""

    def __init__(self, site, made):
        self.site, self.made, self.id = site, made, str(made.client.id)
        self.verifier, self.state, self.nonce = (
            secrets.token_urlsafe(48),
            secrets.token_urlsafe(16),
            secrets.token_hex(8),
        )

    def address(self, scope="openid fhirUser launch/patient patient/*.rs", **changes):
        digest = hashlib.sha256(self.verifier.encode()).digest()
        given = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": BACK,
            "scope": scope,
            "state": self.state,
            "aud": f"{self.site.base}/fhir",
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in {**given, **changes}.items() if value is not None}
        end = self.site.described["authorization_endpoint"]
        return requests.Request("GET", end, params=given).prepare().url

    def code(self, person, scope="openid fhirUser launch/patient patient/*.rs", woman=None, **changes):
        """The whole way over the pages: she is looked for, chosen, and the app allowed."""
        page = person.goes(self.address(scope, **changes))
        assert page.status_code == 200, page.text[:500]
        if woman is not None:
            page = person.sends(page, step="find", q="9706150027")
            assert page.status_code == 200
            page = person.sends(page, step="choose", pregnancy=woman.pregnancy_id)
        return self.told(person.sends(page, step="allow"))["code"]

    def told(self, answer):
        assert answer.status_code in (302, 303), answer.text[:800]
        address = answer.headers["Location"]
        assert address.startswith(BACK + "&")
        told = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert told["state"] == self.state
        return told

    def asks(self, end="token_endpoint", **form):
        made, sent = self.made.app, {}
        if made.authentication == "none":
            form = {"client_id": self.id, **form}
        elif made.authentication == "client_secret_basic":
            sent = {"auth": (self.id, form.pop("secret", self.made.secret))}
        else:
            form |= {"client_assertion_type": ASSERTION, "client_assertion": self.assertion()}
        return requests.post(self.site.described[end], data=form, **sent)

    def assertion(self):
        claims = {"iss": self.id, "sub": self.id, "aud": self.site.described["token_endpoint"]}
        claims |= {"exp": int(time.time()) + 200, "jti": uuid.uuid4().hex}
        return jwt.encode(claims, KEY, algorithm="ES384", headers={"kid": "k"})

    def redeems(self, code, **changes):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": self.verifier}
        return self.asks(**{**form, **changes})

    def refreshes(self, token, **more):
        return self.asks(grant_type="refresh_token", refresh_token=token, **more)

    def reads(self, path, token):
        return requests.get(f"{self.site.base}/fhir{path}", headers={"Authorization": f"Bearer {token}"})
