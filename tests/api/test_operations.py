"""/api/instances/{id}/migration, modification, variables; /api/definitions/{key}/…; /api/batches."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from engine.operations.batches import BatchRunner
from tests.api.conftest import ERRAND, problem_of


def deploy(county, **renamed):
    """Another version of the small process, with other words in its file."""
    text = ERRAND.read_text()
    for old, new in renamed.items():
        assert old in text
        text = text.replace(old, new)
    answer = county.post(
        "/api/definitions", "designer", data=text.encode(), headers={"Content-Type": "application/xml"}
    )
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer.json["version"]


def run_batches(county):
    runner = BatchRunner(county.services.engine)
    for _ in range(5):
        runner._rest_until = 0.0
        runner.run_some()


def events(county, instance):
    return [line["event"] for line in county.get(f"/api/instances/{instance}/history", "it").json]


def actions(county, subject):
    return [row["action"] for row in county.services.people.audit_rows(subject_id=subject)]


def test_an_instance_is_migrated_with_a_mapping_and_taken_back(county):
    instance = county.errand()
    task = county.task(instance)
    version = deploy(county, task_ask="task_enquire")
    body = {"mapping": {"task_ask": "task_enquire"}, "reason": "clearer name"}

    migrated = county.post(f"/api/instances/{instance}/migration", "designer", body)
    [kept] = county.get(f"/api/user-tasks?instance={instance}", "officer").json["items"]
    back = county.post(f"/api/instances/{instance}/migration/reversal", "it")
    again = county.post(f"/api/instances/{instance}/migration/reversal", "it")

    assert migrated.status_code == 200, migrated.json
    assert (migrated.json["definition_version"], migrated.json["dry_run"]) == (version, False)
    [change] = [c for c in migrated.json["changes"]["changed"] if c["kind"] == "user_task"]
    assert (change["element_id"], change["was"]["element_id"]) == ("task_enquire", "task_ask")
    assert (kept["id"], kept["element_id"], kept["definition_version"]) == (task["id"], "task_enquire", version)
    assert (back.status_code, back.json["definition_version"]) == (200, version - 1)
    problem_of(again, 409, "not-revertible")
    assert events(county, instance)[-2:] == ["migrated", "reverted"]
    assert actions(county, instance)[-2:].count("RevertMigration") == 1


def test_a_refused_migration_names_every_element_in_both_languages(county):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")

    refused = problem_of(county.post(f"/api/instances/{instance}/migration", "it"), 422, "refused")

    assert [(r["element_id"], r["code"]) for r in refused["refused"]] == [("task_ask", "element-removed")]
    assert refused["refused"][0]["message"]["zh"] and refused["refused"][0]["message"]["en"]


def test_the_row_in_the_audit_stands_or_falls_with_the_change(county):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")
    path, body = f"/api/instances/{instance}/migration", {"mapping": {"task_ask": "task_enquire"}}

    county.post(path, "it")  # refused
    county.post(path, "it", {**body, "dry_run": True})
    assert "MigrateInstance" not in actions(county, instance)
    with psycopg.connect(county.url, autocommit=True) as conn:
        conn.execute("ALTER TABLE audit ADD CONSTRAINT no_more CHECK (action <> 'MigrateInstance')")
    assert county.post(path, "it", body).status_code == 500
    assert county.get(f"/api/instances/{instance}", "it").json["definition_version"] == 1
    with psycopg.connect(county.url, autocommit=True) as conn:
        conn.execute("ALTER TABLE audit DROP CONSTRAINT no_more")
    for _ in range(2):
        assert county.post(path, "it", body, headers={"Idempotency-Key": "once"}).status_code == 200

    assert actions(county, instance).count("MigrateInstance") == 1


def test_a_dry_run_of_a_migration_shows_what_would_be_and_leaves_what_is(county):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")
    body = {"mapping": {"task_ask": "task_enquire"}, "dry_run": True}

    answer = county.post(f"/api/instances/{instance}/migration", "it", body).json

    assert (answer["dry_run"], answer["definition_version"], answer["revision"]) == (True, 1, 1)
    assert [c["element_id"] for c in answer["changes"]["changed"]] == ["task_enquire"]


def test_a_mapping_is_suggested_between_two_versions(county):
    deploy(county, task_ask="task_enquire")

    found = county.get("/api/definitions/errand/1/migration?to=2", "designer").json

    assert (found["key"], found["from"], found["to"]) == ("errand", 1, 2)
    assert found["mapping"] == {"task_ask": "task_enquire"}
    assert (found["unmapped"], found["added"]) == ([], [])
    problem_of(county.get("/api/definitions/errand/9/migration", "designer"), 404)


def test_a_token_is_moved_and_a_wrong_move_is_refused(county):
    instance = county.errand(number="n-1")
    moves = [{"cancel": "task_ask"}, {"start_after": "task_ask"}]

    wrong = county.post(f"/api/instances/{instance}/modification", "it", {"instructions": [{"cancel": "task_ask"}]})
    moved = county.post(f"/api/instances/{instance}/modification", "it", {"instructions": moves, "reason": "by phone"})

    assert problem_of(wrong, 422, "refused")["refused"][0]["code"] == "nothing-left"
    assert [w["element_id"] for w in moved.json["waiting"]] == ["catch_answer"]
    [line] = [n for n in county.get(f"/api/instances/{instance}/history", "it").json if n["event"] == "modified"]
    assert line["detail"]["reason"] == "by phone"


@pytest.mark.parametrize(
    "instructions", [[], [{}], [{"jump": "x"}], [{"cancel": 1}], ["x"], [{"cancel": "a", "b": "c"}]]
)
def test_an_instruction_that_does_not_exist_is_refused(county, instructions):
    answer = county.post(f"/api/instances/{county.errand()}/modification", "it", {"instructions": instructions})

    problem_of(answer, 422)


def test_variables_are_changed_and_history_keeps_their_names_only(county):
    instance = county.errand(number="n-1")

    changed = county.post(f"/api/instances/{instance}/variables", "it", {"variables": {"number": "n-2"}})

    assert changed.json["variables"]["number"] == "n-2"
    lines = county.get(f"/api/instances/{instance}/history", "it").json
    assert [line["detail"] for line in lines if line["event"] == "variables"] == [{"names": ["number"]}]


def test_a_suspended_definition_starts_nothing_and_its_instances_can_be_held_with_it(county):
    instance = county.errand()

    held = county.post("/api/definitions/errand/suspension", "designer", {"instances": True, "reason": "wrong"}).json
    refused = county.post("/api/instances", "it", {"definition_key": "errand"})
    run_batches(county)
    state = county.get(f"/api/instances/{instance}", "it").json["state"]
    again = county.post("/api/definitions/errand/activation", "designer", {"instances": True}).json
    run_batches(county)

    assert (held["versions"], held["suspended"], again["suspended"]) == ([1], True, False)
    problem_of(refused, 409, "suspended")
    assert state == "suspended"
    assert county.get(f"/api/instances/{instance}", "it").json["state"] == "active"


def test_a_batch_is_tried_created_paused_resumed_and_reports_on_each_instance(county):
    instances = [county.errand() for _ in range(3)]
    county.post(f"/api/instances/{instances[0]}/suspension", "officer")
    body = {"operation": "suspend", "query": {"definition_key": "errand"}, "reason": "drill"}

    tried = county.post("/api/batches", "it", {**body, "dry_run": True})
    created = county.post("/api/batches", "it", body, key="batch-1")
    repeated = county.post("/api/batches", "it", body, key="batch-1")
    batch = f"/api/batches/{created.json['id']}"
    paused, resumed = (county.post(f"{batch}/{action}", "it").json["state"] for action in ("pause", "resume"))
    county.post(f"{batch}/rate", "it", {"rate": 500})
    run_batches(county)
    shown = county.get(batch, "auditor").json

    assert tried.json["would"] == {"done": 2, "failed": 1} and tried.json["failures"][0]["code"] == "suspended"
    assert (created.status_code, created.json["total"], created.json["waiting"]) == (201, 3, 3)
    assert repeated.json["id"] == created.json["id"]
    assert (paused, resumed) == ("paused", "running")
    assert (shown["state"], shown["done"], shown["failed"], shown["rate"]) == ("completed", 2, 1, 500)
    [failed] = county.get(f"{batch}/results?state=failed", "it").json["items"]
    assert (failed["instance_id"], failed["code"]) == (instances[0], "suspended")
    assert failed["message"]["zh"] and failed["message"]["en"]
    assert [one["id"] for one in county.get("/api/batches", "it").json["items"]] == [created.json["id"]]
    assert actions(county, created.json["id"]).count("ControlBatch") == 3


def test_a_list_of_results_is_read_page_by_page(county):
    for _ in range(3):
        county.errand()
    body = {"operation": "suspend", "query": {"definition_key": "errand"}}
    batch = county.post("/api/batches", "it", body).json["id"]

    first = county.get(f"/api/batches/{batch}/results?limit=2", "it").json
    rest = county.get(f"/api/batches/{batch}/results?limit=2&after={first['next']}", "it").json

    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


def test_a_designer_migrates_many_and_operates_nothing_else(county):
    query = {"definition_key": "errand"}

    assert county.post("/api/batches", "designer", {"operation": "migrate", "query": query}).status_code == 201
    problem_of(county.post("/api/batches", "designer", {"operation": "terminate", "query": query}), 403)
    problem_of(county.post(f"/api/instances/{county.errand()}/modification", "designer", {}), 403)


@pytest.mark.parametrize("body", [
    {}, {"operation": "suspend"}, {"operation": "suspend", "query": {}}, {"operation": "x", "query": {"version": 1}},
    {"operation": "suspend", "query": {"version": 1}, "rate": 0}, {"operation": "suspend", "query": {"wrong": 1}},
    {"operation": "variables", "query": {"version": 1}, "parameters": {}},
])  # fmt: skip
def test_a_batch_that_cannot_be_is_refused(county, body):
    problem_of(county.post("/api/batches", "it", body), 422)


@pytest.mark.parametrize("path", ["migration", "migration/reversal", "modification", "variables"])
def test_what_never_was_is_not_found(county, path):
    body = {"instructions": [{"cancel": "x"}]} if path == "modification" else {"variables": {"x": 1}}
    given = body if path in ("modification", "variables") else None
    answer = county.post(f"/api/instances/{uuid.uuid4()}/{path}", "it", given)

    problem_of(answer, 404)
