"""`yuntu instances …` as hospital IT uses it."""

from __future__ import annotations

import pytest

from engine.operations.batches import BatchRunner
from tests.api.test_command_line import Shell
from tests.api.test_operations import deploy, run_batches


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
    assert BatchRunner(county.services.engine).run_some() == 0
