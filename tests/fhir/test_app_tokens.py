"""What an app gets for its code, how long it is good, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.fhir.app_kit import BACK, CSRF, Client, Person
from workflows.people import People


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
