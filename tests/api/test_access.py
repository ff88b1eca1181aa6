"""Deny by default: routes × roles × organisations, generated against the route map."""

from __future__ import annotations

import gzip
import re
import uuid

import pytest

from runtime.demo.county import ACCOUNTS
from tests.api.conftest import problem_of
from workflows.people.access import TABLE, admits, row_of
from workflows.people.roles import ROLES

JSON_ROOMS = (
    "tasks",
    "definitions",
    "evaluation",
    "operations",
    "batches",
    "jobs",
    "timers",
    "deliveries",
    "inbox",
    "arrivals",
    "incidents",
    "messages",
    "clock",
    "pregnancies",
    "indicators",
    "health",
    "openapi",
)
PLACES = {"key": "errand", "version": "1", "wait_id": "1", "revision": "1", "destination": "his", "element_id": "start"}


def rules_of(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in JSON_ROOMS]


def requests_of(app):
    for rule in rules_of(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda place: PLACES.get(place[1], str(uuid.uuid4())), rule.rule)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


def test_every_route_has_a_row_and_every_row_a_route(county):
    endpoints = {rule.endpoint for rule in county.app.url_map.iter_rules()}

    assert [endpoint for endpoint in endpoints if row_of(endpoint) is None] == []
    assert {row for row in TABLE if "." in row} <= endpoints


def test_a_stranger_gets_nothing_but_what_is_public(county):
    answers = {(e, m): county.ask(m, path).status_code for e, m, path in requests_of(county.app)}

    public = {endpoint for endpoint, row in TABLE.items() if row.public}
    assert {key: status for key, status in answers.items() if key[0] not in public and status != 401} == {}
    assert {status for (endpoint, _), status in answers.items() if endpoint in public} == {200}


@pytest.mark.parametrize("login", [login for login, *_ in ACCOUNTS[:11]] + ["his-demo"])
def test_whom_the_table_does_not_name_is_refused_and_whom_it_names_is_not(county, login):
    caller = county.services.people.actor_for_token(county.token(login))

    for endpoint, method, path in requests_of(county.app):
        body = {"json": {}} if method == "POST" else {}
        status = county.ask(method, path, login, **body).status_code
        if admits(row_of(endpoint), caller):
            assert status != 401 and (status != 403 or endpoint == "tasks.completion"), (endpoint, status)
        else:
            assert status == 403, (login, endpoint, status)


def test_a_route_that_the_table_does_not_know_is_open_to_nobody(county):
    county.app.add_url_rule("/api/back-door", "back_door", lambda: "in")

    problem_of(county.get("/api/back-door", "it"), 403)


@pytest.mark.parametrize(
    "who", ["", "Bearer", "Bearer ", "Basic bnVyc2U6eA==", "Bearer nonsense", "Bearer " + "x" * 9000]
)
def test_what_is_no_token_lets_nobody_in(county, who):
    problem_of(county.get("/api/user-tasks", headers={"Authorization": who}), 401, "unauthenticated")


def test_a_token_in_the_address_is_no_token(county):
    problem_of(county.get(f"/api/user-tasks?access_token={county.token('nurse')}"), 401)


def test_a_role_taken_away_is_gone_at_the_next_request(county):
    assert county.get("/api/definitions", "designer").status_code == 200

    county.services.people.revoke_role("designer", "R-DESIGN")

    problem_of(county.get("/api/definitions", "designer"), 403)


def test_a_disabled_account_is_out_at_once(county):
    county.token("nurse")

    county.services.people.set_active("nurse", False)

    problem_of(county.get("/api/user-tasks", "nurse"), 401)


def test_a_hospital_system_needs_the_scope_to_write(county):
    client = county.services.people.client("his-demo")
    token = county.services.people.issue_token(client=client, scopes={"system/*.rs"}).access_token

    answer = county.post("/api/messages", json={"name": "m", "key": "k"}, headers={"Authorization": f"Bearer {token}"})

    problem_of(answer, 403)


def test_every_role_of_the_county_is_one_the_product_knows():
    assert {role for *_, roles in ACCOUNTS for role in roles} <= ROLES.keys()


def test_answers_forbid_sniffing_framing_and_keeping(county):
    for path in ("/api/user-tasks", "/health/live", "/api/docs", "/api/nothing"):
        headers = county.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


def test_a_body_that_is_too_large_is_refused_unread(county):
    answer = county.post("/api/messages", "it", data=b"x" * 1_000_001, content_type="application/json")

    problem_of(answer, 413)


@pytest.mark.parametrize("how", ["gzip", "x-gzip", "deflate", "br", "gzip, gzip"])
def test_a06_a_packed_body_is_refused_and_never_unpacked(county, how):
    bomb = gzip.compress(bytes(64 << 20))

    answer = county.post(
        "/api/messages", "it", data=bomb, content_type="application/json", headers={"Content-Encoding": how}
    )

    problem_of(answer, 415)


def test_a06_a_packed_body_that_does_not_say_so_is_no_json(county):
    answer = county.post("/api/messages", "it", data=gzip.compress(b"{}"), content_type="application/json")

    problem_of(answer, 400)


def test_the_access_log_holds_neither_query_nor_body(county, caplog):
    with caplog.at_level("INFO", logger="yuntu.access"):
        county.get("/api/pregnancies?identifier=urn:x|110101199003070000", "nurse")

    assert "/api/pregnancies" in caplog.text
    assert "110101199003070000" not in caplog.text and county.token("nurse") not in caplog.text
