"""A quiet system signs in with a signed assertion: by a registered key, for us, for minutes, once."""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "http://localhost/oauth/token"
EC_KEY, OTHER_KEY = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def his(quiet):
    keys = [
        {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec"},
        {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa"},
    ]
    return quiet.services.people.add_client(
        name="his", organisation_id="org-hospital", scopes=["system/Patient.rs", "system/Task.rus"], jwks={"keys": keys}
    )


def assertion(key=EC_KEY, algorithm="ES384", kid="ec", **changes):
    now = int(time.time())
    claims = {"iss": "his", "sub": "his", "aud": TOKEN, "exp": now + 200, "jti": uuid.uuid4().hex}
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})


def ask(quiet, signed, scope="", **changes):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
        "scope": scope,
        **changes,
    }
    return quiet.app.test_client().post("/oauth/token", data=form)


@pytest.mark.parametrize("key, algorithm, kid", [(EC_KEY, "ES384", "ec"), (RSA_KEY, "RS384", "rsa")])
def test_a_signed_assertion_gets_a_token_that_reads(quiet, his, key, algorithm, kid):
    answer = ask(quiet, assertion(key, algorithm, kid), "system/Patient.rs")

    assert answer.status_code == 200
    assert answer.json["token_type"] == "bearer" and answer.json["expires_in"] > 0
    assert answer.json["scope"] == "system/Patient.rs"
    assert answer.headers["Cache-Control"] == "no-store"
    bearer = f"Bearer {answer.json['access_token']}"
    assert quiet.get("/Patient", who=None, Authorization=bearer).status_code == 200
    assert quiet.get("/Task", who=None, Authorization=bearer).status_code == 403


def test_without_a_wish_it_gets_what_it_is_registered_for(quiet, his):
    assert ask(quiet, assertion()).json["scope"] == "system/Patient.rs system/Task.rus"


def test_a_narrower_scope_is_granted_a_wider_one_is_not(quiet, his):
    assert ask(quiet, assertion(), "system/Task.r system/Observation.rs").json["scope"] == "system/Task.r"
    assert ask(quiet, assertion(), "system/*.cruds").json["error"] == "invalid_scope"


def test_an_assertion_is_good_once(quiet, his):
    signed = assertion()

    assert ask(quiet, signed).status_code == 200
    assert ask(quiet, signed).status_code == 401


WRONG = {
    "another key": lambda: assertion(OTHER_KEY),
    "a key that does not fit the algorithm": lambda: assertion(kid="rsa"),
    "an unknown key": lambda: assertion(kid="none"),
    "a weaker algorithm": lambda: assertion(RSA_KEY, "RS256", "rsa"),
    "a secret": lambda: assertion("s" * 48, "HS384", "ec"),
    "no signature": lambda: unsigned(),
    "another issuer": lambda: assertion(iss="nobody", sub="nobody"),
    "another subject": lambda: assertion(sub="else"),
    "another audience": lambda: assertion(aud="https://other.example/token"),
    "expired": lambda: assertion(exp=int(time.time()) - 60),
    "good for an hour": lambda: assertion(exp=int(time.time()) + 3600),
    "without an end": lambda: assertion(exp=None),
    "without a number": lambda: assertion(jti=None),
    "a number that is a list": lambda: assertion(jti=["x"]),
    "not yet": lambda: assertion(nbf=int(time.time()) + 600),
    "an issuer that no name can be": lambda: assertion(iss="a\x00b", sub="a\x00b"),
    "a number that no text can be": lambda: assertion(jti="a\x00b"),
    "rubbish": lambda: "a.b.c",
    "empty parts": lambda: "..",
}


def unsigned():
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{assertion().split('.')[1]}."


@pytest.mark.parametrize("signed", WRONG.values(), ids=WRONG)
def test_a_wrong_assertion_is_refused_without_saying_why(quiet, his, signed):
    answer = ask(quiet, signed())

    assert answer.status_code == 401
    assert answer.json == {"error": "invalid_client", "error_description": "the assertion is not acceptable"}


@pytest.mark.parametrize(
    "changes, status",
    [({"grant_type": "password"}, 400), ({"client_assertion_type": "x"}, 401), ({"client_assertion": ""}, 401)],
)
def test_another_kind_of_request_is_refused(quiet, his, changes, status):
    assert ask(quiet, assertion(), **changes).status_code == status


def test_a_client_that_was_switched_off_gets_nothing(quiet, his):
    def switch(active):
        with quiet.pool.connection() as conn:
            conn.execute("UPDATE client SET active = %s WHERE name = 'his'", [active])

    switch(False)
    refused = ask(quiet, assertion()).status_code
    switch(True)

    assert refused == 401


def test_the_way_in_is_described_where_smart_says(quiet):
    described = quiet.app.test_client().get("/.well-known/smart-configuration").json

    assert described["token_endpoint"] == TOKEN
    assert described["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]


def own(quiet, path, token, signed):
    form = {"client_assertion_type": ASSERTION, "client_assertion": signed, "token": token}
    return quiet.app.test_client().post(f"/oauth/{path}", data=form)


def test_a_client_learns_what_its_own_token_is_good_for_and_can_end_it(quiet, his):
    token = ask(quiet, assertion(), "system/Patient.rs").json["access_token"]
    told = own(quiet, "introspect", token, assertion()).json
    foreign = own(quiet, "introspect", quiet.token("his-demo"), assertion()).json

    assert (told["active"], told["scope"], told["client_id"]) == (True, "system/Patient.rs", "his")
    assert told["exp"] > told["iat"]
    assert foreign == own(quiet, "introspect", "nonsense", assertion()).json == {"active": False}
    assert own(quiet, "introspect", token, "a.b.c").status_code == 401
    assert own(quiet, "revoke", quiet.token("his-demo"), assertion()).status_code == 200
    assert quiet.get("/Patient").status_code == 200
    assert own(quiet, "revoke", token, assertion()).status_code == 200
    assert quiet.get("/Patient", who=None, Authorization=f"Bearer {token}").status_code == 401
    assert own(quiet, "introspect", token, assertion()).json == {"active": False}


def test_keys_are_rotated_without_a_gap(quiet, his):
    old = quiet.services.people.client("his").jwks["keys"]
    new = {**ECAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True), "kid": "next"}
    rotate = quiet.services.people.replace_client_keys

    rotate(his, {"keys": [*old, new]})
    both = [ask(quiet, assertion()).status_code, ask(quiet, assertion(OTHER_KEY, kid="next")).status_code]
    rotate(his, {"keys": [new]})
    after = [ask(quiet, assertion()).status_code, ask(quiet, assertion(OTHER_KEY, kid="next")).status_code]
    rotate(his, {"keys": old})

    assert (both, after) == ([200, 200], [401, 200])


class Published:
    """A hospital's system that publishes its keys on a port of this machine, and counts who asks."""

    def __init__(self):
        self.keys, self.asked, self.status = [], 0, 200
        published = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                published.asked += 1
                body = json.dumps({"keys": published.keys}).encode()
                self.send_response(published.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/jwks.json"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def end(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def published():
    made = Published()
    yield made
    made.end()


def test_a_system_changes_its_keys_where_it_publishes_them_and_asks_nobody(quiet, published):
    """The first assertion by a key that is not known lets its keys be read anew, no more often than once a minute."""
    name, people = uuid.uuid4().hex, quiet.services.people
    old = {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec"}
    new = {**ECAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True), "kid": "next"}
    scopes = ["system/Patient.rs"]
    made = people.add_client(name=name, organisation_id="org-hospital", scopes=scopes, jwks={"keys": [old]})
    people.put_key_address(made, published.address, "loopback")
    published.keys = [new]

    def asks(key, kid):
        return ask(quiet, assertion(key, kid=kid, iss=name, sub=name)).status_code

    assert asks(EC_KEY, "ec") == 200 and published.asked == 0
    assert asks(OTHER_KEY, "next") == 200 and published.asked == 1
    assert asks(EC_KEY, "ec") == 401
    assert asks(EC_KEY, "nonsense") == 401 and published.asked == 1


@pytest.mark.parametrize("network, status", [("public", 200), ("intranet", 200), ("loopback", 500)])
def test_keys_are_read_where_they_were_registered_and_nowhere_else(quiet, published, network, status):
    """A loopback address that was not registered as that is not spoken to, and what does not answer changes none."""
    name, people = uuid.uuid4().hex, quiet.services.people
    old = {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec"}
    scopes = ["system/Patient.rs"]
    made = people.add_client(name=name, organisation_id="org-hospital", scopes=scopes, jwks={"keys": [old]})
    people.put_key_address(made, published.address, network)
    published.status = status

    refused = ask(quiet, assertion(OTHER_KEY, kid="next", iss=name, sub=name))

    assert refused.status_code == 401 and published.asked == (1 if network == "loopback" else 0)
    assert ask(quiet, assertion(EC_KEY, kid="ec", iss=name, sub=name)).status_code == 200


def test_what_is_no_scope_is_refused_and_named(quiet, his):
    refused = ask(quiet, assertion(), "system/Patient.rs system/Patient.sr").json

    assert refused == {"error": "invalid_scope", "error_description": "not a scope: system/Patient.sr"}
