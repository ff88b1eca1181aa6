"""/api/instances, /api/incidents: start, look, suspend, activate, terminate, retry."""

from __future__ import annotations

import uuid

import pytest

from tests.api.conftest import PLACE, problem_of


def test_an_instance_shows_its_variables_and_everything_it_waits_for(county):
    instance = county.errand(number="n-1")

    shown = county.get(f"/api/instances/{instance}", "it").json

    assert (shown["id"], shown["definition_key"], shown["definition_version"]) == (instance, "errand", 1)
    assert (shown["state"], shown["business_key"], shown["ended_at"], shown["incidents"]) == ("active", None, [], [])
    assert shown["variables"]["number"] == "n-1"
    assert {w["kind"]: w["element_id"] for w in shown["waiting"]} == {"user_task": "task_ask", "timer": "timer_late"}
    assert {w["kind"]: w["due_at"] for w in shown["waiting"]}["timer"] == "2026-01-08T08:00:00+08:00"
    assert all(w.keys() == {"element_id", "kind", "task_id", "due_at", "message", "key"} for w in shown["waiting"])


def test_a_finished_instance_says_where_it_ended(county):
    instance = county.errand(number="n-1")
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})
    county.post("/api/messages", "it", {"name": "message_answer", "key": "n-1"})

    shown = county.get(f"/api/instances/{instance}", "it").json

    assert (shown["state"], shown["waiting"], shown["ended_at"]) == ("completed", [], ["end_answered"])


def test_history_tells_in_order_what_happened_and_who_did_it(county):
    instance = county.errand()
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})

    lines = county.get(f"/api/instances/{instance}/history", "it").json

    assert all(line.keys() >= {"at", "element_id", "event", "by"} for line in lines)
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert ("task_ask", "completed", "nurse") in {(line["element_id"], line["event"], line["by"]) for line in lines}


def test_a_business_key_has_one_open_instance(county):
    body = {"definition_key": "errand", "business_key": "b-1", "variables": {**PLACE, "number": "1"}}
    assert county.post("/api/instances", "it", body).status_code == 201

    problem_of(county.post("/api/instances", "it", body), 409)


def test_the_same_start_with_the_same_key_starts_once(county):
    body = {"definition_key": "errand", "variables": {**PLACE, "number": "1"}}

    first = county.post("/api/instances", "it", body, key="start-1")
    second = county.post("/api/instances", "it", body, key="start-1")

    assert first.json == second.json
    assert len(county.get("/api/user-tasks", "nurse").json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"definition_key": ""}, 422),
        ({"definition_key": "nothing"}, 404),
        ({"definition_key": "errand", "version": 99}, 404),
        ({"definition_key": "errand", "version": "1"}, 422),
        ({"definition_key": "errand", "variables": []}, 422),
        ({"definition_key": "errand", "id": "mine"}, 422),
    ],
)
def test_a_start_that_cannot_be_is_refused(county, body, status):
    problem_of(county.post("/api/instances", "it", body), status)


def test_a_suspended_instance_refuses_completion_until_it_is_activated(county):
    instance = county.errand()
    task = county.task(instance)

    suspended = county.post(f"/api/instances/{instance}/suspension", "it").json
    refused = county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})
    activated = county.post(f"/api/instances/{instance}/activation", "it").json
    done = county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})

    assert (suspended["state"], activated["state"]) == ("suspended", "active")
    problem_of(refused, 409)
    assert done.status_code == 200


def test_a_terminated_instance_takes_its_tasks_with_it(county):
    instance = county.errand()

    assert county.post(f"/api/instances/{instance}/termination", "it", {"reason": "test"}).json["state"] == "terminated"

    assert county.get("/api/user-tasks", "nurse").json["items"] == []
    problem_of(county.post(f"/api/instances/{instance}/termination", "it"), 409)


@pytest.mark.parametrize(
    ("operation", "before", "would_be"),
    [
        ("suspension", "active", "suspended"),
        ("activation", "suspended", "active"),
        ("termination", "active", "terminated"),
    ],
)
def test_a_dry_run_says_what_would_be_and_changes_nothing(county, operation, before, would_be):
    instance = county.errand()
    if before == "suspended":
        county.post(f"/api/instances/{instance}/suspension", "it")
    revision = county.get(f"/api/instances/{instance}", "it").json["revision"]

    answer = county.post(f"/api/instances/{instance}/{operation}", "it", {"dry_run": True})

    assert (answer.json["dry_run"], answer.json["state"], answer.json["changes"]["state"]) == (True, before, would_be)
    assert county.get(f"/api/instances/{instance}", "it").json["revision"] == revision


def test_a_dry_run_of_what_cannot_be_is_refused_as_the_thing_itself_would_be(county):
    problem_of(county.post(f"/api/instances/{county.errand()}/activation", "it", {"dry_run": True}), 409)


@pytest.mark.parametrize("path", ["", "/history", "/suspension", "/activation", "/termination"])
def test_an_instance_that_never_was_is_not_found(county, path):
    method = "GET" if path in ("", "/history") else "POST"
    problem_of(county.ask(method, f"/api/instances/{uuid.uuid4()}{path}", "it"), 404)


def test_the_nurse_of_another_township_does_not_know_the_instance(county):
    instance = county.errand()

    hidden = county.get(f"/api/instances/{instance}", "nurse2")
    never = county.get(f"/api/instances/{uuid.uuid4()}", "nurse2")

    assert county.get(f"/api/instances/{instance}", "nurse").status_code == 200
    assert (hidden.status_code, hidden.data) == (404, never.data)


def test_an_incident_can_be_tried_again_when_its_cause_is_gone(county):
    instance = county.errand(number=None)
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})
    [incident] = county.get(f"/api/instances/{instance}", "it").json["incidents"]

    address = f"/api/incidents/{incident['id']}/retry"

    dry = county.post(address, "it", {"dry_run": True, "variables": {"number": "7"}})
    still = county.get(f"/api/instances/{instance}", "it").json
    again = county.post(address, "it", {"variables": {"number": "7"}}, headers={"Idempotency-Key": "once"})
    replayed = county.post(address, "it", {"variables": {"number": "7"}}, headers={"Idempotency-Key": "once"})

    assert incident["element_id"] == "catch_answer" and incident["message"]
    assert (dry.status_code, again.status_code, replayed.status_code) == (200, 200, 200)
    assert [one["element_id"] for one in dry.json["changes"]["opened"]] == ["catch_answer"]
    assert [one["id"] for one in still["incidents"]] == [incident["id"]]
    assert (replayed.json, again.json["changes"]) == (again.json, dry.json["changes"])
    assert county.get(f"/api/instances/{instance}", "it").json["incidents"] == []
    problem_of(county.post(address, "it"), 409, "incident-resolved")


def test_a_dry_run_of_a_retry_says_what_would_be_refused(county):
    instance = county.errand(number=None)
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})
    [incident] = county.get(f"/api/instances/{instance}", "it").json["incidents"]
    county.post(f"/api/instances/{instance}/suspension", "it")

    dry = county.post(f"/api/incidents/{incident['id']}/retry", "it", {"dry_run": True})

    problem_of(dry, 409, "suspended")


def test_an_incident_that_never_was_is_not_found(county):
    problem_of(county.post(f"/api/incidents/{uuid.uuid4()}/retry", "it"), 404)


def test_history_names_the_account_and_its_organisation_and_the_version_of_each_decision(county):
    instance = county.errand()
    task = county.task(instance)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})

    lines = county.get(f"/api/instances/{instance}/history", "it").json

    done = next(line for line in lines if (line["element_id"], line["event"]) == ("task_ask", "completed"))
    assert (done["by"], done["name"], done["organisation"]) == ("nurse", "示范妇幼专干", "org-twn-1")
    assert all("detail" in line for line in lines)


def test_statistics_count_entries_ends_and_the_time_between_by_element(county):
    first, second = county.errand(), county.errand()
    county.post("/api/clock", "it", {"advance": "PT2H"})
    task = county.task(first)
    county.post(f"/api/user-tasks/{task['id']}/completion", "nurse", {"variables": {}})

    found = county.get("/api/definitions/errand/1/statistics", "designer").json

    assert found["instances"]["active"] == 2
    ask = next(one for one in found["elements"] if one["element_id"] == "task_ask")
    assert (ask["entered"], ask["completed"], ask["open"]) == (2, 1, 1)
    assert ask["seconds"] == {"mean": 7200, "p50": 7200, "p90": 7200, "max": 7200}
    assert second
    problem_of(county.get("/api/definitions/errand/9/statistics", "designer"), 404)
    problem_of(county.get("/api/definitions/errand/1/statistics"), 401)
