"""A process remembers tokens that it has verified; what another process takes away counts at the next request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from workflows.people import People
from workflows.people.model import Organisation


class Wall:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def here(county: Any, wall: Wall) -> People:
    return People(county.services.pool, county.services.region_id, clock=wall)


@pytest.fixture
def elsewhere(county: Any, wall: Wall) -> People:
    """What another process has: nothing in common but the database."""
    return People(county.services.pool, county.services.region_id, clock=wall)


def token_of(people: People, login: str) -> str:
    return people.issue_token(account=people.account(login)).access_token


CHANGES: dict[str, Callable[[People], object]] = {
    "role taken": lambda people: people.revoke_role("nurse", "R-MCHW"),
    "role given": lambda people: people.grant_role("nurse", "R-OB", "it"),
    "disabled": lambda people: people.set_active("nurse", False),
    "new password": lambda people: people.set_password("nurse", "another-one-9"),
    "new village": lambda people: people.put_organisation(
        Organisation(id="org-new", kind="village", name="新村", parent_id="org-twn-1")
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_another_process_changes_counts_at_the_next_request(here, elsewhere, change):
    token = token_of(here, "nurse")
    before = here.actor_for_token(token)
    assert here.actor_for_token(token) is before, "remembered"

    CHANGES[change](elsewhere)

    after = here.actor_for_token(token)
    assert after != before
    assert after == elsewhere.actor_for_token(token)


def test_a_revoked_token_of_a_system_opens_nothing_here_either(here, elsewhere):
    client = here.client("his-demo")
    token = here.issue_client_token(client, {"system/*.rs"}).access_token
    assert here.actor_for_token(token)

    elsewhere.revoke_client_token(client, token)

    assert here.actor_for_token(token) is None


def test_a_change_that_is_not_committed_changes_nothing_yet(county, here):
    token = token_of(here, "nurse")
    before = here.actor_for_token(token)

    with psycopg.connect(county.url, autocommit=True) as conn:
        with conn.transaction(force_rollback=True):
            conn.execute("UPDATE account SET active = false")
            assert here.actor_for_token(token) is before
        assert here.actor_for_token(token) is before
        conn.execute("UPDATE account SET active = false WHERE login = 'nurse'")

    assert here.actor_for_token(token) is None


def test_a_remembered_token_ends_when_it_expires(here, wall):
    token = here.issue_token(account=here.account("nurse"), lifetime_s=60).access_token
    assert here.actor_for_token(token) is here.actor_for_token(token)

    wall.now += timedelta(seconds=61)

    assert here.actor_for_token(token) is None


def test_who_was_not_known_may_become_known(here):
    assert here.actor_for_token("nobody's") is None
    token = token_of(here, "midwife")
    assert here.actor_for_token(token).login == "midwife"
