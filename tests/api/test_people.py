"""Signing in, sessions, tokens, hospital systems: who gets in, for how long, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from engine.errors import Conflict, Forbidden, Incorrect, NotFound
from runtime.demo.county import key_pair
from runtime.trials.databases import looking
from workflows.people import People

HERE = "10.0.0.7"


class Wall:
    """The machine's clock, to be moved."""

    def __init__(self):
        self.now = datetime(2026, 1, 5, tzinfo=UTC)

    def __call__(self):
        return self.now

    def forward(self, **by):
        self.now += timedelta(**by)


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def people(county, wall):
    return People(county.pool, county.settings.region_id, clock=wall)


def test_the_right_password_opens_a_session(people, password):
    session = people.sign_in("nurse", password["nurse"], remote=HERE)

    again = people.session(session.token)
    assert again.principal.login == "nurse" and again.principal.roles == {"R-MCHW"}
    assert again.csrf == session.csrf and session.csrf not in session.token


def test_the_log_in_is_not_case_sensitive_the_password_is(people, password):
    assert people.sign_in(" Nurse ", password["nurse"], remote=HERE).principal.login == "nurse"
    with pytest.raises(Forbidden):
        people.sign_in("nurse", password["nurse"].swapcase(), remote=HERE)


def refusal(people, login, word):
    with pytest.raises(Forbidden) as caught:
        people.sign_in(login, word, remote=HERE)
    return caught.value.code, caught.value.message


def test_wrong_unknown_disabled_and_locked_get_one_and_the_same_answer(people, password):
    people.set_active("midwife", False)
    answers = {refusal(people, "nurse", "wrong"), refusal(people, "nobody", "wrong")}
    answers.add(refusal(people, "midwife", password["midwife"]))
    for _ in range(4):
        refusal(people, "nurse", "wrong")

    answers.add(refusal(people, "nurse", password["nurse"]))

    assert len(answers) == 1


def test_five_wrong_passwords_lock_the_account_for_this_address_for_ten_minutes(people, password, wall):
    for _ in range(5):
        refusal(people, "nurse", "wrong")

    refusal(people, "nurse", password["nurse"])
    assert people.sign_in("nurse", password["nurse"], remote="10.0.0.8").principal.login == "nurse"
    wall.forward(minutes=11)
    assert people.sign_in("nurse", password["nurse"], remote=HERE).principal.login == "nurse"


def test_a_good_sign_in_forgets_the_wrong_ones_before_it(people, password):
    for _ in range(3):
        for _ in range(4):
            refusal(people, "nurse", "wrong")
        people.sign_in("nurse", password["nurse"], remote=HERE)


def test_a_session_ends_after_fifteen_idle_minutes(people, password, wall):
    token = people.sign_in("nurse", password["nurse"], remote=HERE).token
    wall.forward(minutes=14)
    assert people.session(token)
    wall.forward(minutes=14)
    assert people.session(token)

    wall.forward(minutes=16)

    assert people.session(token) is None


def test_a_session_ends_after_twelve_hours_however_busy(people, password, wall):
    token = people.sign_in("nurse", password["nurse"], remote=HERE).token
    for _ in range(71):
        wall.forward(minutes=10)
        assert people.session(token)

    wall.forward(minutes=10, seconds=1)

    assert people.session(token) is None


def test_signing_out_ends_the_session_and_only_this_one(people, password):
    one = people.sign_in("nurse", password["nurse"], remote=HERE).token
    other = people.sign_in("nurse", password["nurse"], remote=HERE).token

    people.sign_out(one)

    assert people.session(one) is None and people.session(other)


def test_a_new_password_ends_every_session_and_token(people, password):
    session = people.sign_in("nurse", password["nurse"], remote=HERE).token
    token = people.issue_token(account=people.account("nurse")).access_token

    people.set_password("nurse", "another-one-9")

    assert people.session(session) is None and people.actor_for_token(token) is None
    assert people.sign_in("nurse", "another-one-9", remote=HERE)


@pytest.mark.parametrize("token", [None, "", "x", "x" * 10_000, "\ud800"])
def test_a_made_up_session_is_nobodys(people, token):
    assert people.session(token) is None


def test_neither_passwords_nor_tokens_are_stored(county, people, password):
    session = people.sign_in("nurse", password["nurse"], remote=HERE).token
    token = people.issue_token(account=people.account("nurse")).access_token

    with county.pool.connection() as conn:
        rows = [
            str(conn.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("account", "session", "access_token", "audit", "sign_in_failure")
        ]

    assert not [row for row in rows for secret in (session, token, password["nurse"]) if secret in row]


def test_a_token_is_good_until_it_expires(people, wall):
    token = people.issue_token(account=people.account("nurse"), lifetime_s=60)
    assert people.actor_for_token(token.access_token).login == "nurse"

    wall.forward(seconds=61)

    assert people.actor_for_token(token.access_token) is None


def test_a_systems_token_carries_its_scopes_and_its_hospital(people):
    client = people.client("his-demo")

    caller = people.actor_for_token(people.issue_client_token(client, {"system/Patient.rs"}).access_token)

    assert (caller.kind, caller.organisation, caller.scopes) == ("client", "org-hospital", {"system/Patient.rs"})
    assert caller.organisations == {"org-hospital"} and caller.roles == frozenset()


def test_an_assertion_is_good_once(people, wall):
    client, expires = people.client("his-demo"), wall.now + timedelta(minutes=5)

    assert people.use_assertion(client.id, "j-1", expires)
    assert not people.use_assertion(client.id, "j-1", expires)


def test_a_system_registers_public_keys_only(people):
    private, _ = key_pair()

    client = people.add_client(
        name="other", organisation_id="org-hospital", scopes={"system/*.rs"}, jwks={"keys": [private]}
    )

    assert "d" not in client.jwks["keys"][0] and client.jwks["keys"][0]["x"] == private["x"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "his-demo"}, Conflict),
        ({"organisation_id": "org-nowhere"}, NotFound),
        ({"scopes": {"user/*.rs"}}, Incorrect),
        ({"scopes": {"system/*.sr"}}, Incorrect),
        ({"scopes": {"system/*."}}, Incorrect),
        ({"jwks": {}}, Incorrect),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, Incorrect),
    ],
)
def test_a_system_that_does_not_fit_is_not_registered(people, change, error):
    good = {
        "name": "n",
        "organisation_id": "org-hospital",
        "scopes": {"system/*.rs"},
        "jwks": {"keys": [key_pair()[1]]},
    }

    with pytest.raises(error):
        people.add_client(**{**good, **change})


def test_an_account_has_its_log_in_alone_a_known_role_and_a_real_organisation(people):
    good = {
        "login": "wang",
        "name": "测试",
        "organisation_id": "org-twn-1",
        "roles": ["R-MCHW"],
        "password": "p",
        "by": "t",
    }
    people.add_account(**good)

    for change, error in (
        ({}, Conflict),
        ({"login": "li", "organisation_id": "org-nowhere"}, NotFound),
        ({"login": "li", "roles": ["R-KING"]}, Incorrect),
    ):
        with pytest.raises(error):
            people.add_account(**{**good, **change})
    assert "li" not in {account.login for account in people.accounts()}


def test_whose_women_each_account_may_know_of(people):
    county = people.actor_for_token
    seen = {
        login: county(people.issue_token(account=people.account(login)).access_token).organisations
        for login in ("village", "nurse", "doctor", "officer")
    }

    assert seen["village"] == {"org-vil-1", "org-twn-1"}
    assert seen["nurse"] == {"org-twn-1", "org-vil-1"}
    assert seen["doctor"] == {"org-hospital"}
    assert len(seen["officer"]) == 8


def test_a_look_at_a_record_and_its_trace_are_one_transaction(people):
    caller = people.actor_for_token(people.issue_token(account=people.account("nurse")).access_token)

    with pytest.raises(RuntimeError), people.reading(caller, "read", "pregnancy", "p-1"):
        raise RuntimeError
    with people.reading(caller, "read", "pregnancy", "p-2"):
        pass

    assert [row["subject_id"] for row in people.audit_rows() if row["action"] == "read"] == ["p-2"]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor_id = 'me'", "DELETE FROM audit", "TRUNCATE audit"])
def test_an_audit_row_is_never_changed(county, people, password, statement):
    people.sign_in("nurse", password["nurse"], remote=HERE)

    with county.pool.connection() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)
    with looking(county.pool) as conn, pytest.raises(psycopg.errors.RaiseException):  # nor by the owner
        conn.execute(statement)
