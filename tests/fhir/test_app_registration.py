"""Apps are registered by hospital IT, described to whoever asks, and are nothing but apps."""

from __future__ import annotations

import re
import uuid
from types import SimpleNamespace

import requests
from jwt.algorithms import ECAlgorithm

from tests.fhir.app_kit import BACK, CSRF, KEY, Client, Person


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
    assert {"authorize-post", "context-ehr-encounter", "context-standalone-encounter"} <= set(described["capabilities"])
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect", "permission-v2"} <= set(described["capabilities"])
    assert requests.get(f"{site.base}/.well-known/smart-configuration").json() == described


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
