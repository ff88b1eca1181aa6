"""/api/messages, /api/signals."""

from __future__ import annotations

import pytest

from tests.api.conftest import problem_of


def waiting_for_an_answer(county, number="n-1"):
    instance = county.errand(number=number)
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})
    return instance


def test_a_message_reaches_the_one_who_waits_for_it(county):
    instance = waiting_for_an_answer(county)

    answer = county.post("/api/messages", "it", {"name": "message_answer", "key": "n-1", "payload": {"said": "yes"}})

    assert answer.json == {"result": "delivered", "instance_id": instance}
    assert county.get(f"/api/instances/{instance}", "it").json["state"] == "completed"


def test_a_message_that_came_early_is_kept_until_somebody_waits(county):
    early = county.post("/api/messages", "it", {"name": "message_answer", "key": "n-1"})

    instance = waiting_for_an_answer(county)

    assert early.json == {"result": "buffered", "instance_id": None}
    assert county.get(f"/api/instances/{instance}", "it").json["state"] == "completed"


def test_a_kept_message_is_forgotten_after_its_time(county):
    county.post("/api/messages", "it", {"name": "message_answer", "key": "n-1", "ttl": "PT1H"})
    county.post("/api/clock", "it", {"advance": "PT2H"})

    instance = waiting_for_an_answer(county)

    assert county.get(f"/api/instances/{instance}", "it").json["state"] == "active"


def test_a_number_as_key_equals_its_text(county):
    waiting_for_an_answer(county, number=17)

    assert county.post("/api/messages", "it", {"name": "message_answer", "key": 17}).json["result"] == "delivered"


def test_a_message_id_seen_before_changes_nothing(county):
    body = {"name": "message_answer", "key": "n-1", "message_id": "m-1"}
    county.post("/api/messages", "it", body)

    assert county.post("/api/messages", "it", body).json["result"] == "duplicate"


def test_a_hospital_system_may_send_a_message(county):
    answer = county.post("/api/messages", "his-demo", {"name": "message_answer", "key": "n-1"})

    assert answer.json["result"] == "buffered"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "m"},
        {"name": "", "key": "k"},
        {"name": "m", "key": True},
        {"name": "m", "key": "k", "ttl": "a week"},
        {"name": "m", "key": "k", "payload": []},
        {"name": "m", "key": "k", "to": "everybody"},
    ],
)
def test_a_message_that_does_not_fit_is_refused(county, body):
    problem_of(county.post("/api/messages", "it", body), 422)


def test_a_signal_nobody_waits_for_reaches_nobody(county):
    assert county.post("/api/signals", "it", {"name": "signal_closed"}).json == {"reached": 0}


@pytest.mark.parametrize("body", [{}, {"name": 1}, {"name": "s", "key": "k"}])
def test_a_signal_that_does_not_fit_is_refused(county, body):
    problem_of(county.post("/api/signals", "it", body), 422)
