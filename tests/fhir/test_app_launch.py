"""SMART App Launch with Yuntu as the authorization server, over real HTTP with a client that knows nothing of us."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
import pytest
import requests

from tests.fhir.app_kit import BACK, Client, Person

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


# --- sent as a form, and of one visit ---------------------------------------------------------------------------------


def by_post(app, http=requests, **changes):
    """As a page of the app sends it: from elsewhere, so that the browser sends no cookie along."""
    place, _, query = app.address(**changes).partition("?")
    return http.post(place, data=dict(parse_qsl(query)), allow_redirects=False)


def test_a_wish_that_is_sent_as_a_form_is_led_on_and_answered(site):
    app, doctor = Client(site, site.app()), Person(site)
    assert "authorize-post" in site.described["capabilities"]

    sent = by_post(app)

    assert sent.status_code == 303 and sent.headers["Location"].startswith("/oauth/authorize?")
    page = doctor.goes(site.base + sent.headers["Location"])
    page = doctor.sends(page, step="choose", pregnancy=site.woman.pregnancy_id)
    told = app.redeems(app.told(doctor.sends(page, step="allow"))["code"]).json()
    assert told["patient"] == site.woman.patient_id


def test_a_wrong_wish_in_a_form_is_told_to_the_app_and_nobody_is_sent_to_a_stranger(site):
    app = Client(site, site.app())

    assert app.told(by_post(app, aud="https://elsewhere.example.org/fhir"))["error"] == "invalid_request"
    stranger = by_post(app, redirect_uri="https://evil.example.org/")
    assert stranger.status_code == 422 and "Location" not in stranger.headers and "回跳地址没有登记" in stranger.text
    pairs = [*parse_qsl(urlsplit(app.address()).query), ("state", "2")]
    twice = requests.post(f"{site.base}/oauth/authorize", data=pairs, allow_redirects=False)
    assert app.told(twice)["error"] == "invalid_request"
    long = by_post(app, scope="patient/*.rs " * 900)
    assert long.status_code == 422 and "请求过长" in long.text


def test_what_our_own_pages_send_still_needs_their_token(site):
    app, doctor = Client(site, site.app()), Person(site)
    query = urlsplit(app.address("user/*.rs")).query

    for place in ("/oauth/consent", "/oauth/authorize"):
        answer = doctor.http.post(site.base + place, data={"query": query, "step": "allow"}, allow_redirects=False)
        assert answer.status_code in (403, 422) and "Location" not in answer.headers


@pytest.fixture(scope="module")
def visits(site):
    """Two of hers, the later one first, and one of the other woman."""

    def came(woman, on, what):
        visit = {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "type": [{"text": what}],
            "subject": {"reference": f"Patient/{woman.patient_id}"},
            "period": {"start": on, "end": on},
        }
        made = site.hospital.post("/Encounter", visit)
        assert made.status_code == 201, made.get_data(as_text=True)
        return made.json["id"]

    early = came(site.woman, "2026-01-02", "产前检查一")
    late = came(site.woman, "2026-01-04T09:30:00+08:00", "产前检查二")
    return SimpleNamespace(early=early, late=late, others=came(site.other, "2026-01-03", "别人的"))


VISIT = "openid launch/patient launch/encounter offline_access patient/*.rs"


def test_the_app_gets_the_visit_that_was_chosen(site, visits):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.sends(doctor.goes(app.address(VISIT)), step="choose", pregnancy=site.woman.pregnancy_id)
    assert page.text.index("产前检查二") < page.text.index("产前检查一") and "别人的" not in page.text
    assert "2026-01-04 09:30" in page.text

    page = doctor.sends(page, step="visit", encounter=visits.early)
    assert "产前检查一" in page.text and "产前检查二" not in page.text
    told = app.redeems(app.told(doctor.sends(page, step="allow"))["code"]).json()

    assert (told["patient"], told["encounter"]) == (site.woman.patient_id, visits.early)
    assert app.reads(f"/Encounter/{told['encounter']}", told["access_token"]).status_code == 200
    assert app.asks("introspection_endpoint", token=told["access_token"]).json()["encounter"] == visits.early
    assert app.refreshes(told["refresh_token"]).json()["encounter"] == visits.early


def test_opened_from_her_page_the_visit_is_asked_for_too(site, visits):
    app, doctor = Client(site, site.app()), Person(site)
    launched = doctor.goes(f"{site.base}/pregnancies/{site.woman.pregnancy_id}/apps/{app.id}")
    token = parse_qs(urlsplit(launched.headers["Location"]).query)["launch"][0]
    page = doctor.goes(app.address("launch launch/encounter patient/*.rs", launch=token))

    page = doctor.sends(page, step="visit", encounter=visits.late)
    told = app.redeems(app.told(doctor.sends(page, step="allow"))["code"]).json()

    assert (told["patient"], told["encounter"]) == (site.woman.patient_id, visits.late)


def test_a_visit_of_another_woman_is_none_and_none_need_be_chosen(site, visits):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.sends(doctor.goes(app.address(VISIT)), step="choose", pregnancy=site.woman.pregnancy_id)

    for step in ("visit", "allow"):
        assert doctor.sends(page, step=step, encounter=visits.others).status_code == 404
    page = doctor.sends(page, step="visit", encounter="")
    assert "没有指定就诊" in page.text
    told = app.redeems(app.told(doctor.sends(page, step="allow"))["code"]).json()
    assert "encounter" not in told and told["patient"] == site.woman.patient_id


def test_who_did_not_ask_for_a_visit_is_given_none(site, visits):
    app, doctor = Client(site, site.app()), Person(site)
    page = doctor.sends(doctor.goes(app.address()), step="choose", pregnancy=site.woman.pregnancy_id)
    told = app.redeems(app.told(doctor.sends(page, step="allow", encounter=visits.early))["code"]).json()

    assert "encounter" not in told
