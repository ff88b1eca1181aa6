"""SMART App Launch with Yuntu as the authorization server, over real HTTP with a client that knows nothing of us."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.fhir.conftest import opened
from tests.web.conftest import served
from workflows.people import People

BACK = "https://app.example.org/back?from=yuntu"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
HERS = "openid fhirUser launch launch/patient online_access offline_access patient/*.rs user/*.cruds"
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


@pytest.fixture(scope="module")
def site(server, hospital_template):
    with opened(server, hospital_template) as hospital, served(hospital) as base:
        yield Installation(hospital, base)


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
        return self.http.post(f"{self.site.base}/oauth/authorize", data={**hidden, **form}, allow_redirects=False)


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


ALLOWED = ["none", "client_secret_basic", "private_key_jwt"]


@pytest.mark.parametrize("authentication", ALLOWED)
def test_an_app_gets_the_woman_that_was_chosen_and_nobody_else(site, authentication):
    app, woman = Client(site, site.app(authentication)), site.woman
    answer = app.redeems(app.code(Person(site), woman=woman))

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["patient"] == woman.patient_id and told["need_patient_banner"] is True
    assert told["token_type"] == "bearer" and 0 < told["expires_in"] <= 900 and "refresh_token" not in told
    assert set(told["scope"].split()) == {"openid", "fhirUser", "launch/patient", "patient/*.rs"}
    assert answer.headers["Cache-Control"] == "no-store"
    token = told["access_token"]
    assert app.reads(f"/Patient/{woman.patient_id}", token).status_code == 200
    assert app.reads(f"/Patient/{site.other.patient_id}", token).status_code == 404
    assert [e["resource"]["id"] for e in app.reads("/Patient", token).json()["entry"]] == [woman.patient_id]


def test_who_signed_in_is_said_with_a_signature_that_anybody_can_check(site):
    app = Client(site, site.app())
    told = app.redeems(app.code(Person(site), woman=site.woman)).json()
    keys = jwt.PyJWKClient(site.described["jwks_uri"])
    key = keys.get_signing_key_from_jwt(told["id_token"]).key

    said = jwt.decode(told["id_token"], key, algorithms=["RS256"], audience=app.id, issuer=site.described["issuer"])

    assert said["nonce"] == app.nonce and said["sub"]
    user = requests.get(said["fhirUser"], headers={"Authorization": f"Bearer {told['access_token']}"}).json()
    assert user["resourceType"] == "Practitioner" and user["identifier"][0]["value"] == "doctor"
    assert site.described["issuer"] == requests.get(f"{site.base}/.well-known/openid-configuration").json()["issuer"]


def test_keys_are_rotated_and_what_the_old_one_signed_is_still_checked(site):
    from fhir_adapters.partners import identity

    app = Client(site, site.app())
    told = app.redeems(app.code(Person(site), woman=site.woman)).json()
    services, now = site.hospital.services, datetime.now(UTC)
    with services.pool.connection() as conn:
        new = identity.rotate(conn, services.region_id, now)

    published = {one["kid"] for one in requests.get(site.described["jwks_uri"]).json()["keys"]}
    old = jwt.get_unverified_header(told["id_token"])["kid"]
    assert {old, new} <= published and old != new
    with services.pool.connection() as conn:
        later = identity.published(conn, services.region_id, now + timedelta(hours=3))
    assert old not in {one["kid"] for one in later["keys"]}


def test_opened_from_her_page_it_gets_her(site):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.goes(f"{site.base}/pregnancies/{site.woman.pregnancy_id}")
    link = f"/pregnancies/{site.woman.pregnancy_id}/apps/{app.id}"
    assert link in page.text
    launched = doctor.goes(site.base + link)
    given = {name: values[0] for name, values in parse_qs(urlsplit(launched.headers["Location"]).query).items()}
    assert given["iss"] == f"{site.base}/fhir"

    code = app.code(doctor, "openid launch patient/*.rs", launch=given["launch"])
    told = app.redeems(code).json()

    assert told["patient"] == site.woman.patient_id
    again = Client(site, app.made)
    page = doctor.goes(again.address("launch patient/*.rs", launch=given["launch"]))
    assert again.told(page)["error"] == "invalid_request"


def test_a_launch_is_for_who_opened_it_and_for_that_app_alone(site):
    app, other, doctor = Client(site, site.app()), Client(site, site.app()), Person(site)
    launched = doctor.goes(f"{site.base}/pregnancies/{site.woman.pregnancy_id}/apps/{app.id}")
    token = parse_qs(urlsplit(launched.headers["Location"]).query)["launch"][0]

    assert other.told(doctor.goes(other.address("launch", launch=token)))["error"] == "invalid_request"
    assert app.told(doctor.goes(app.address("launch", launch="x")))["error"] == "invalid_request"
    assert app.told(doctor.goes(app.address("launch", launch=None)))["error"] == "invalid_request"


WRONG = {
    "no state": ({"state": None}, "invalid_request"),
    "no challenge": ({"code_challenge": None}, "invalid_request"),
    "a plain challenge": ({"code_challenge_method": "plain"}, "invalid_request"),
    "a short challenge": ({"code_challenge": "x" * 42}, "invalid_request"),
    "another server's audience": ({"aud": "https://elsewhere.example.org/fhir"}, "invalid_request"),
    "no audience": ({"aud": None}, "invalid_request"),
    "the token itself": ({"response_type": "token"}, "unsupported_response_type"),
    "a scope that is none": ({"scope": "patient/*.rs nonsense"}, "invalid_scope"),
    "letters out of order": ({"scope": "patient/*.sr"}, "invalid_scope"),
    "an unknown condition": ({"scope": "patient/Observation.rs?nonsense=1"}, "invalid_scope"),
    "nothing it is registered for": ({"scope": "system/*.rs"}, "invalid_scope"),
}


@pytest.mark.parametrize("changes, error", WRONG.values(), ids=WRONG)
def test_a_wrong_wish_is_told_to_the_app(site, changes, error):
    app = Client(site, site.app())
    answer = requests.get(app.address(**changes), allow_redirects=False)

    address = answer.headers["Location"]
    assert answer.status_code == 302 and address.startswith(BACK + "&")
    told = parse_qs(urlsplit(address).query)
    assert told["error"] == [error] and (told.get("state") == [app.state] or "state" in changes)


@pytest.mark.parametrize("back", ["https://app.example.org/back", BACK + "&x=1", "https://evil.example.org/", "", None])
def test_nobody_is_sent_to_an_address_that_is_not_registered(site, back):
    answer = requests.get(Client(site, site.app()).address(redirect_uri=back), allow_redirects=False)

    assert answer.status_code in (400, 422) and "Location" not in answer.headers
    assert "回跳地址没有登记" in answer.text


def test_an_app_that_is_not_there_gets_nobody(site):
    answer = requests.get(Client(site, site.app()).address(client_id=str(uuid.uuid4())), allow_redirects=False)

    assert answer.status_code in (400, 422) and "没有登记这个应用" in answer.text


def test_a_stranger_signs_in_first_and_comes_back(site):
    address = Client(site, site.app()).address()
    answer = requests.get(address, allow_redirects=False)

    there = urlsplit(answer.headers["Location"])
    assert answer.status_code == 302 and there.path == "/sign-in"
    assert urlsplit(parse_qs(there.query)["next"][0]).path == "/oauth/authorize"


def test_who_does_not_agree_gives_nothing(site):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.goes(app.address("openid user/*.rs"))

    assert app.told(doctor.sends(page, step="deny"))["error"] == "access_denied"


def test_who_reads_no_records_cannot_let_an_app_read_them(site):
    page = Person(site, "designer").goes(Client(site, site.app()).address())

    assert page.status_code == 200 and "您的角色不能让" in page.text and "error=access_denied" in page.text


def test_a_woman_of_another_place_cannot_be_chosen(site):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.sends(doctor.goes(app.address()), step="choose", pregnancy=str(uuid.uuid4()))

    assert page.status_code == 404


def test_what_the_scopes_mean_is_said_in_words(site):
    doctor = Person(site)
    page = doctor.goes(
        Client(site, site.app(scopes="user/Observation.rs?category=laboratory user/Task.u")).address(
            "user/Observation.rs?category=laboratory user/Task.u"
        )
    )

    assert "读取、检索您能看到的检验检查结果（只限 category=laboratory）" in page.text
    assert "会改动" in page.text and "修改您能看到的任务" in page.text
    assert "form-action 'self' https://app.example.org" in page.headers["Content-Security-Policy"]


# --- codes and tokens -------------------------------------------------------------------------------------------------


def test_a_code_is_good_once_and_the_second_use_ends_everything(site):
    app = Client(site, site.app())
    code = app.code(Person(site), "openid offline_access launch/patient patient/*.rs", woman=site.woman)
    first = app.redeems(code).json()

    assert app.redeems(code).json()["error"] == "invalid_grant"
    assert app.reads("/Patient", first["access_token"]).status_code == 401
    assert app.refreshes(first["refresh_token"]).json()["error"] == "invalid_grant"


CLAIMED = {
    "another verifier": {"code_verifier": "v" * 50},
    "a verifier that is too short": {"code_verifier": "v" * 42},
    "no verifier": {"code_verifier": ""},
    "another address": {"redirect_uri": "https://app.example.org/back"},
}


@pytest.mark.parametrize("changes", CLAIMED.values(), ids=CLAIMED)
def test_a_code_is_claimed_by_who_asked_for_it(site, changes):
    app = Client(site, site.app())
    code = app.code(Person(site), "openid user/*.rs")

    answer = app.redeems(code, **changes)

    assert answer.status_code == 400 and answer.json()["error"] in ("invalid_grant", "invalid_request")


def test_a_code_is_of_its_app_alone_and_of_a_minute(site):
    app, thief = Client(site, site.app()), Client(site, site.app())
    code = app.code(Person(site), "openid user/*.rs")
    thief.verifier = app.verifier
    assert thief.redeems(code).json()["error"] == "invalid_grant"
    late = People(site.people.pool, site.people.region_id, clock=lambda: datetime.now(UTC) + timedelta(seconds=61))

    with pytest.raises(Exception, match="code"):
        late.redeem(app.made.app, code, BACK, app.verifier)


def test_a_refresh_token_is_spent_by_its_use_and_in_two_hands_ends_everything(site):
    app = Client(site, site.app("client_secret_basic"))
    first = app.redeems(app.code(Person(site), "offline_access launch/patient patient/*.rs", woman=site.woman)).json()
    second = app.refreshes(first["refresh_token"]).json()

    assert second["patient"] == site.woman.patient_id
    assert second["refresh_token"] != first["refresh_token"]
    assert app.reads("/Patient", second["access_token"]).status_code == 200
    assert app.refreshes(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.refreshes(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.reads("/Patient", second["access_token"]).status_code == 401


def test_a_refresh_narrows_and_never_widens(site):
    app = Client(site, site.app())
    first = app.redeems(app.code(Person(site), "offline_access launch/patient patient/*.rs", woman=site.woman)).json()

    assert app.refreshes(first["refresh_token"], scope="patient/*.cruds").json()["error"] == "invalid_grant"
    second = app.refreshes(first["refresh_token"], scope="patient/*.rs").json()
    assert second["scope"] == "patient/*.rs"


def test_online_access_ends_with_the_session(site):
    app, doctor = Client(site, site.app()), Person(site)
    first = app.redeems(app.code(doctor, "online_access user/*.rs")).json()
    second = app.refreshes(first["refresh_token"]).json()
    assert app.reads("/Task", second["access_token"]).status_code == 200
    page = doctor.goes(f"{site.base}/tasks")
    doctor.http.post(f"{site.base}/sign-out", data={"csrf": CSRF.search(page.text)[1]})

    assert app.reads("/Task", second["access_token"]).status_code == 401  # who left the shared PC has left the app too
    assert app.refreshes(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.reads("/Task", second["access_token"]).status_code == 401


def test_an_app_acts_with_no_more_than_the_person_may(site):
    app = Client(site, site.app())
    token = app.redeems(app.code(Person(site), "user/*.cruds")).json()["access_token"]
    assert app.reads("/Task", token).status_code == 200
    api = requests.get(f"{site.base}/api/user-tasks", headers={"Authorization": f"Bearer {token}"})
    assert api.status_code == 403 and "应用只能使用 FHIR 接口" in api.text

    site.people.revoke_role("doctor", "R-OB")
    try:
        assert app.reads("/Task", token).status_code == 403
    finally:
        site.people.grant_role("doctor", "R-OB", "test")


def test_a_wrong_secret_opens_nothing(site):
    app = Client(site, site.app("client_secret_basic"))
    code = app.code(Person(site), "openid user/*.rs")

    answer = app.redeems(code, secret="guess")

    assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
    assert app.redeems(code).status_code == 200
    as_public = {"client_id": app.id, "grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    assert requests.post(site.described["token_endpoint"], data=as_public).status_code == 401


def test_who_guesses_secrets_waits(site):
    app = Client(site, site.app("client_secret_basic"))
    answers = [app.asks(grant_type="refresh_token", refresh_token="x", secret="guess") for _ in range(61)]

    assert [a.status_code for a in answers[:60]] == [401] * 60
    assert answers[60].status_code == 429 and answers[60].headers["Retry-After"]


# --- what a token is good for, and its end ----------------------------------------------------------------------------


def test_introspection_says_of_its_own_tokens_what_they_are_good_for(site):
    app, other = Client(site, site.app()), Client(site, site.app("client_secret_basic"))
    told = app.redeems(
        app.code(Person(site), "openid fhirUser offline_access launch/patient patient/*.rs", woman=site.woman)
    ).json()

    def said(client, token):
        return client.asks("introspection_endpoint", token=token).json()

    found = said(app, told["access_token"])
    assert found["active"] and found["patient"] == site.woman.patient_id and found["client_id"] == app.id
    assert found["scope"] == told["scope"] and found["exp"] > found["iat"] and found["fhirUser"]
    assert said(app, told["refresh_token"])["active"] is True
    assert said(other, told["access_token"]) == said(app, "nonsense") == {"active": False}
    app.asks("revocation_endpoint", token=told["access_token"])
    assert said(app, told["access_token"]) == {"active": False}


def test_a_revoked_token_stops_at_once_in_every_process(site):
    """Another process has believed it before: it is asked again, and believes it no more."""
    app = Client(site, site.app())
    told = app.redeems(app.code(Person(site), "offline_access user/*.rs")).json()
    elsewhere = People(site.people.pool, site.people.region_id)
    assert elsewhere.actor_for_token(told["access_token"]) is not None
    assert elsewhere.remembered(told["access_token"]) is not None

    assert app.asks("revocation_endpoint", token=told["access_token"]).status_code == 200

    assert elsewhere.actor_for_token(told["access_token"]) is None
    assert app.reads("/Task", told["access_token"]).status_code == 401
    assert app.refreshes(told["refresh_token"]).status_code == 200


def test_revoking_a_refresh_token_ends_its_family(site):
    app, thief = Client(site, site.app()), Client(site, site.app())
    first = app.redeems(app.code(Person(site), "offline_access user/*.rs")).json()
    second = app.refreshes(first["refresh_token"]).json()

    assert thief.asks("revocation_endpoint", token=second["refresh_token"]).status_code == 200
    assert app.reads("/Task", second["access_token"]).status_code == 200
    assert app.asks("revocation_endpoint", token=second["refresh_token"]).status_code == 200
    assert app.reads("/Task", first["access_token"]).status_code == 401
    assert app.reads("/Task", second["access_token"]).status_code == 401
    assert app.refreshes(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert app.asks("revocation_endpoint", token="nonsense").status_code == 200


def test_what_took_an_account_or_an_app_away_takes_its_tokens_along(site):
    app = Client(site, site.app())
    token = app.redeems(app.code(Person(site), "user/*.rs")).json()["access_token"]
    assert app.reads("/Task", token).status_code == 200
    site.people.switch_app(app.made.app, False)

    assert app.reads("/Task", token).status_code == 401
    site.people.switch_app(app.made.app, True)
    assert app.reads("/Task", token).status_code == 401


def test_every_step_leaves_an_audit_row_and_no_secret(site, caplog):
    app = Client(site, site.app())
    code = app.code(Person(site), "offline_access launch/patient patient/*.rs", woman=site.woman)
    told = app.redeems(code).json()
    app.reads(f"/Patient/{site.woman.patient_id}", told["access_token"])
    app.asks("revocation_endpoint", token=told["refresh_token"])
    with site.hospital.pool.connection() as conn:
        asked = "SELECT action, detail::text FROM audit WHERE detail ->> 'app' = %s ORDER BY id"
        rows = conn.execute(asked, [app.made.client.name]).fetchall()
        stored = conn.execute("SELECT string_agg(g::text, '') FROM app_grant g").fetchone()[0]

    assert [action for action, _ in rows if action != "search"] == ["grant-app", "issue-token", "read", "end-grant"]
    secrets_ = [code, told["access_token"], told["refresh_token"], app.verifier]
    assert not any(secret in text for secret in secrets_ for text in (caplog.text, stored, *(d or "" for _, d in rows)))


def test_a_system_is_no_app_and_an_app_no_system(site):
    app = Client(site, site.app("private_key_jwt"))
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    assert app.asks(**form).json()["error"] == "unauthorized_client"
    keys = {"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "k"}]}
    made = site.people.add_client(
        name=uuid.uuid4().hex, organisation_id="org-hospital", scopes=["system/*.rs"], jwks=keys
    )
    system = Client(site, SimpleNamespace(client=made, app=SimpleNamespace(authentication="private_key_jwt")))
    assert system.asks(grant_type="refresh_token", refresh_token="x").json()["error"] == "unauthorized_client"
    narrowed = system.asks(grant_type="client_credentials", scope="system/Observation.rs?category=laboratory").json()
    assert narrowed["scope"] == "system/Observation.rs?category=laboratory"
    wrong = system.asks(grant_type="client_credentials", scope="system/Observation.rs?nonsense=1").json()
    assert wrong["error"] == "invalid_scope"


def test_a_browser_hands_answers_to_pages_of_registered_public_apps_alone(site):
    app, origin = Client(site, site.app()), {"Origin": "https://app.example.org"}
    token = app.redeems(app.code(Person(site), "user/*.rs")).json()["access_token"]
    asks = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    path, bearer = f"{site.base}/fhir/Patient/{site.woman.patient_id}", {"Authorization": f"Bearer {token}"}

    before = requests.options(path, headers=asks)
    read = requests.get(path, headers={**origin, **bearer})
    assert before.status_code == 204 and "Authorization" in before.headers["Access-Control-Allow-Headers"]
    assert before.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert read.status_code == 200 and read.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert "Access-Control-Allow-Credentials" not in read.headers and "Origin" in read.headers["Vary"]
    for other in ("https://evil.example.org", "null", "https://app.example.org.evil.example.org"):
        refused = requests.options(path, headers={**asks, "Origin": other})
        read = requests.get(path, headers={**bearer, "Origin": other})
        assert "Access-Control-Allow-Origin" not in {**refused.headers, **read.headers}
    page = requests.get(f"{site.base}/sign-in", headers=origin)
    assert "Access-Control-Allow-Origin" not in page.headers


# --- registration -----------------------------------------------------------------------------------------------------


def test_hospital_it_registers_an_app_on_a_page_and_switches_it_off(site):
    it = Person(site, "it")
    page = it.goes(f"{site.base}/apps")
    form = {
        "csrf": CSRF.search(page.text)[1],
        "name": f"n{uuid.uuid4().hex}",
        "title": "胎心监护",
        "authentication": "client_secret_basic",
    }
    form |= {"redirect_uris": BACK, "scopes": "openid launch/patient patient/Observation.rs?category=vital-signs"}
    made = it.http.post(f"{site.base}/apps", data=form)
    assert made.status_code == 201, made.text[:500]
    secret = re.search(r'id="client-secret">([^<]+)<', made.text)[1]
    client_id = re.search(r'id="client-id">([^<]+)<', made.text)[1]

    assert secret not in it.goes(f"{site.base}/apps").text
    again = it.http.post(f"{site.base}/apps", data={**form, "name": "x2", "scopes": "patient/*.sr"})
    assert again.status_code == 422 and "权限范围" in again.text
    assert (
        it.http.post(
            f"{site.base}/apps", data={**form, "name": "x3", "redirect_uris": "http://far.example.org/"}
        ).status_code
        == 422
    )
    assert site.people.app(client_id) is not None
    it.http.post(f"{site.base}/apps/{client_id}/switch", data={"csrf": form["csrf"], "active": "0"})
    assert site.people.app(client_id) is None
    assert Person(site).goes(f"{site.base}/apps").status_code == 403


def test_the_description_says_what_is_there(site):
    described = site.described
    statement = requests.get(f"{site.base}/fhir/metadata").json()["rest"][0]["security"]
    uris = {one["url"]: one["valueUri"] for one in statement["extension"][0]["extension"]}

    assert uris == {
        "authorize": described["authorization_endpoint"],
        "token": described["token_endpoint"],
        "introspect": described["introspection_endpoint"],
        "revoke": described["revocation_endpoint"],
    }
    assert described["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect", "permission-v2"} <= set(described["capabilities"])
    assert requests.get(f"{site.base}/.well-known/smart-configuration").json() == described


def test_hospital_it_registers_over_the_api_too(site):
    token = site.people.issue_token(account=site.people.account("it")).access_token
    sent = {"Authorization": f"Bearer {token}"}

    def asks(method, path, body=None, **headers):
        return requests.request(method, f"{site.base}/api{path}", json=body, headers={**sent, **headers})

    body = {"name": uuid.uuid4().hex, "title": "x", "scopes": "patient/*.rs", "redirect_uris": [BACK]}
    made = asks("POST", "/apps", {**body, "authentication": "client_secret_basic"})
    assert made.status_code == 201, made.text
    client_id = made.json()["client_id"]
    assert made.json()["client_secret"] and made.json()["client_secret"] not in asks("GET", "/apps").text
    assert asks("POST", "/apps", {**body, "authentication": "none", "scopes": "patient/*.sr"}).status_code == 422
    assert asks("POST", f"/apps/{client_id}/secret").json()["client_secret"] != made.json()["client_secret"]
    assert asks("POST", f"/apps/{client_id}/switch", {"active": False}).json()["active"] is False
    assert site.people.app(client_id) is None
    hospital = {"issuer": "https://his.example.org/fhir", "title": "县医院", "client_id": "yuntu"}
    hospital["origins"] = ["https://his.example.org"]
    assert asks("PUT", "/hospitals", hospital).status_code == 200
    far = asks("PUT", "/hospitals", {**hospital, "issuer": "http://his.example.org/fhir"})
    assert far.status_code == 422 and "须为 https" in far.text
    mapped = asks("PUT", "/hospitals/people", {"issuer": hospital["issuer"], "external": "P/1", "account": "doctor"})
    assert mapped.json()["people"] == [{"external": "P/1", "account": "doctor"}]
    assert asks("GET", "/hospitals").json()["items"][0]["people"] == mapped.json()["people"]
    doctor = site.people.issue_token(account=site.people.account("doctor")).access_token
    assert asks("GET", "/apps", Authorization=f"Bearer {doctor}").status_code == 403
