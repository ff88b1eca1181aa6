"""`yuntu instances …` as hospital IT uses it."""

from __future__ import annotations

import json

import pytest

from engine.operations.batches import BatchRunner
from tests.api.test_command_line import Shell
from tests.api.test_operations import deploy, run_batches
from tests.api.test_unattended import failed_job


@pytest.fixture
def yuntu(county):
    return Shell(county)


def test_an_instance_is_migrated_after_a_dry_run_and_taken_back(yuntu, county):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")
    asked = ("instances", "migrate", instance, "--map", "task_ask=task_enquire", "--timer", "*=keep")

    dry = yuntu.json(*asked, "--dry-run")
    told = yuntu(*asked, "--reason", "clearer")
    back = yuntu.json("instances", "revert", instance)

    assert dry["dry_run"] and [c["element_id"] for c in dry["changes"]["changed"]] == ["task_enquire"]
    assert "task_enquire" in told and "← task_ask" in told
    assert [c["element_id"] for c in back["changes"]["changed"]] == ["task_ask"]


def test_a_refusal_names_the_element_and_exits_with_one(yuntu, county):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")

    assert "task_ask" in yuntu("instances", "migrate", instance, code=1)
    assert "A=B" in yuntu("instances", "migrate", instance, "--map", "task_ask", code=2)


def test_a_token_is_moved_a_variable_changed_an_instance_held_and_ended(yuntu, county):
    instance = county.errand(number="n-1")

    changed = yuntu.json("instances", "variables", instance, '{"number": "n-2"}')
    moved = yuntu.json("instances", "move", instance, "--cancel", "task_ask", "--after", "task_ask")
    held = yuntu.json("instances", "suspend", instance, "--reason", "moved away")
    on = yuntu.json("instances", "activate", instance)
    ended = yuntu.json("instances", "terminate", instance)

    assert (changed["changes"]["state"], held["changes"]["state"]) == ("active", "suspended")
    assert [w["element_id"] for w in moved["changes"]["opened"]] == ["catch_answer"]
    assert (on["changes"]["state"], ended["changes"]["state"]) == ("active", "terminated")


def test_a_version_is_suspended_and_resumed_and_the_list_says_so(yuntu, county):
    def held():
        return [d["version"] for d in yuntu.json("definitions")["items"] if d["suspended"]]

    county.errand()
    told = yuntu("definitions", "suspend", "errand", "--version", "1", "--reason", "wrong deadline")
    assert ("errand v1" in told, held()) == (True, [1])
    assert county.post("/api/instances", "it", {"definition_key": "errand"}).json["code"] == "suspended"

    back = yuntu.json("definitions", "resume", "errand", "--instances")
    assert (back["suspended"], back["versions"], held()) == (False, [1], [])
    assert yuntu.json("instances", "batch", "show", back["batch"])["operation"] == "activate"
    [row] = [r for r in county.services.people.audit_rows(subject_id="errand") if r["action"] == "SuspendDefinition"]
    assert (row["actor_id"], row["detail"]["reason"]) == ("yuntu", "wrong deadline")
    yuntu("definitions", "suspend", "nothing", code=1)


def test_a_batch_is_tried_created_steered_and_its_results_listed(yuntu, county):
    instances = [county.errand() for _ in range(3)]
    query = ("--query", '{"definition_key": "errand"}')
    yuntu("instances", "suspend", instances[0])

    tried = yuntu.json("instances", "batch", "create", "suspend", *query, "--dry-run", code=1)
    batch = yuntu.json("instances", "batch", "create", "suspend", *query, "--rate", "500")["id"]
    paused = yuntu.json("instances", "batch", "pause", batch)["state"]
    yuntu("instances", "batch", "resume", batch)
    slower = yuntu.json("instances", "batch", "rate", batch, "100")["rate"]
    run_batches(county)
    shown = yuntu.json("instances", "batch", "show", batch)
    failed = yuntu.json("instances", "batch", "results", batch, "--state", "failed")["items"]

    assert tried["would"] == {"done": 2, "failed": 1}
    assert (paused, slower, shown["state"], shown["done"]) == ("paused", 100, "completed", 2)
    assert [(f["instance_id"], f["code"]) for f in failed] == [(instances[0], "suspended")]
    assert batch in yuntu("instances", "batch", "list")
    assert "no such batch" in yuntu("instances", "batch", "results", instances[0], code=1)
    assert BatchRunner(county.services.engine).run_some() == 0


def test_an_instance_is_shown_as_over_http_and_its_history_told(yuntu, county):
    instance = county.errand()

    shown = yuntu.json("instances", "show", instance)

    assert shown == county.get(f"/api/instances/{instance}", "it").json
    assert "2026-01-08T08:00:00+08:00" in yuntu("instances", "show", instance)  # when its timer is due
    told = [(line["path"], line["event"]) for line in yuntu.json("instances", "history", instance)]
    http = county.get(f"/api/instances/{instance}/history", "it").json
    assert told == [(line["path"], line["event"]) for line in http] and ("task_ask", "entered") in told
    yuntu("instances", "history", "00000000-0000-0000-0000-000000000000", code=1)


def test_an_incident_is_listed_tried_skipped_and_audited(yuntu, county):
    instance, incident = failed_job(county)
    place = ("instances", "skip", incident["id"], "--variables", '{"number": "paper"}')

    listed = yuntu.json("instances", "incidents", "--instance", instance)["items"]
    dry = yuntu.json(*place, "--dry-run")
    done = yuntu.json(*place, "--reason", "sent by hand")

    assert listed == [incident]
    assert (dry["skipped"], done["skipped"], done["changes"]) == (False, True, dry["changes"])
    [row] = [r for r in county.services.people.audit_rows(subject_id=incident["id"]) if r["action"] == "SkipIncident"]
    assert (row["actor_id"], row["detail"]) == ("yuntu", {"reason": "sent by hand", "names": ["number"]})
    assert yuntu.json("instances", "incidents", "--instance", instance)["items"] == []
    yuntu(*place, code=1)


def test_an_incident_is_tried_again_and_a_dry_run_tries_nothing(yuntu, county):
    instance, incident = failed_job(county)

    dry = yuntu.json("instances", "retry", incident["id"], "--dry-run")
    assert dry["retried"] is False and yuntu.json("instances", "incidents")["items"] == [incident]
    assert yuntu.json("instances", "retry", incident["id"])["changes"] == dry["changes"]
    assert yuntu.json("instances", "incidents", "--instance", instance)["items"] == []
    assert "JSON" in yuntu("instances", "retry", incident["id"], "--variables", "[]", code=2)


def test_a_timer_is_moved_and_fired_after_a_dry_run(yuntu, county):
    instance = county.errand()
    [timer] = yuntu.json("timers", "due", "--instance", instance)["items"]
    at = (instance, str(timer["wait_id"]))

    dry = yuntu.json("timers", "move", *at, "2026-01-20T08:00:00+08:00", "--dry-run")
    assert yuntu.json("timers", "due", "--instance", instance)["items"] == [timer]
    moved = yuntu.json("timers", "move", *at, "2026-01-20T08:00:00+08:00", "--reason", "festival")
    tried = yuntu.json("timers", "fire", *at, "--dry-run")
    fired = yuntu.json("timers", "fire", *at)

    assert moved["changes"] == dry["changes"] and moved["changes"]["changed"]
    assert (tried["fired"], fired["fired"], fired["changes"]) == (False, True, tried["changes"])
    yuntu("timers", "fire", instance, "99", code=1)
    assert "2026-01-05T08:00:00+08:00" in yuntu("timers", "move", *at, "soon", code=2)  # how it should look


def test_a_dry_run_of_suspending_a_version_says_whom_it_would_hold(yuntu, county):
    county.errand()

    dry = yuntu.json("definitions", "suspend", "errand", "--instances", "--dry-run")
    http = county.post("/api/definitions/errand/suspension", "it", {"instances": True, "dry_run": True}).json

    assert (dry["dry_run"], dry["versions"], dry["batch"], dry["instances"]) == (True, [1], None, 1)
    assert http == dry
    assert not [d for d in yuntu.json("definitions")["items"] if d["suspended"]]
    assert county.post("/api/instances", "it", {"definition_key": "errand"}).status_code != 409


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("migrate", "--called", '{"nothing": {"version": 2}}', "--map", "task_ask=task_enquire"), "nothing"),
        (("migrate", "--called", '{"nothing": {"versio": 2}}'), "called.nothing.versio"),
        (("migrate",), "nothing was changed"),
        (("move", "--cancel", "task_ask"), "nothing was changed"),
        (("variables", "{}"), "no variables"),
    ],
)
def test_what_is_asked_wrongly_is_refused_with_its_place(yuntu, county, arguments, said):
    instance = county.errand()
    deploy(county, task_ask="task_enquire")
    operation, *rest = arguments

    assert said in yuntu("instances", operation, instance, *rest, code=1)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"stat": "active"}, "query.stat"),
        ({"state": "odd"}, "query.state"),
        ({"version": 0}, "query.version"),
        ({"business_keys": "a"}, "query.business_keys"),
        ({"instance_ids": ["x"]}, "query.instance_ids"),
        ({"started_before": "2026-01-05"}, "query.started_before"),
        ({"variables": [1]}, "query.variables"),
        ({"incident": 3}, "query.incident"),
    ],
)
def test_a_query_that_cannot_be_read_names_its_filter(yuntu, county, query, said):
    told = yuntu("instances", "batch", "create", "suspend", "--query", json.dumps(query), code=1)
    answer = county.post("/api/batches", "it", {"operation": "suspend", "query": query})

    assert said in told
    assert (answer.status_code, [e["path"] for e in answer.json["errors"]]) == (422, [said])
