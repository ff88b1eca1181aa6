"""/api/timers, /api/incidents, GET /api/messages, /api/conditions: what waits without anybody standing by."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from engine.commands.contracts import Deploy, SweepRegion
from runtime.cli import main
from runtime.database.roles import as_application
from runtime.demo.county import JOB_WORKER
from runtime.start import INSTALLER
from tests.api.conftest import problem_of
from tests.api.test_jobs import LABORATORY

START = '<?xml version="1.0"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
ROUND = (
    START + 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="t">'
    '<bpmn:process id="round" isExecutable="true"><bpmn:startEvent id="daily"><bpmn:outgoing>f</bpmn:outgoing>'
    '<bpmn:timerEventDefinition id="t"><bpmn:timeCycle xsi:type="bpmn:tFormalExpression">R/P1D</bpmn:timeCycle>'
    "</bpmn:timerEventDefinition></bpmn:startEvent>"
    '<bpmn:endEvent id="e"><bpmn:incoming>f</bpmn:incoming></bpmn:endEvent>'
    '<bpmn:sequenceFlow id="f" sourceRef="daily" targetRef="e"/></bpmn:process></bpmn:definitions>'
).encode()


def deploy(county, **files):
    county.services.engine.execute(Deploy(files={f"{n}.bpmn": f for n, f in files.items()}), by=INSTALLER)


def timer_of(county, instance):
    return county.get(f"/api/timers?instance={instance}", "it").json["items"][0]


def failed_job(county):
    deploy(county, laboratory=LABORATORY.read_bytes())
    instance = county.post("/api/instances", "it", {"definition_key": "laboratory", "variables": {"n": 1}}).json["id"]
    job = county.post("/api/jobs/activation", JOB_WORKER, {"type": "lab-order", "worker": "w"}).json["jobs"][0]
    body = {"lease": job["lease"], "message": "no paper", "retries_left": 0}
    county.post(f"/api/jobs/{job['id']}/failure", JOB_WORKER, body)
    return instance, county.get(f"/api/incidents?instance={instance}", "it").json["items"][0]


def test_timers_are_listed_page_by_page_soonest_first(county):
    county.errand()
    county.post("/api/clock", "it", {"advance": "PT1H"})
    county.errand()

    first = county.get("/api/timers?limit=1", "it").json
    second = county.get(f"/api/timers?limit=1&after={first['next']}", "it").json

    assert [t["due_at"] for t in first["items"] + second["items"]] == [
        "2026-01-08T08:00:00+08:00",
        "2026-01-08T09:00:00+08:00",
    ]
    assert second["next"] is None
    assert first["items"][0]["element_id"] == "timer_late"
    problem_of(county.get("/api/timers?after=nonsense", "it"), 400, "cursor")
    problem_of(county.get("/api/timers?due_before=tomorrow", "it"), 400)


def test_a_running_timer_is_moved_and_fires_then(county):
    instance = county.errand()
    timer = timer_of(county, instance)
    place = f"/api/instances/{instance}/timers/{timer['wait_id']}/due-date"

    dry = county.post(place, "it", {"due_at": "2026-01-20T08:00:00+08:00", "dry_run": True}).json
    assert timer_of(county, instance) == timer
    moved = county.post(place, "it", {"due_at": "2026-01-20T08:00:00+08:00", "reason": "spring festival"})

    assert moved.json == {"due_at": "2026-01-20T08:00:00+08:00", "dry_run": False, "changes": dry["changes"]}
    [change] = dry["changes"]["changed"]
    assert (change["due_at"], change["was"]["due_at"]) == ("2026-01-20T08:00:00+08:00", timer["due_at"])
    [row] = [r for r in county.services.people.audit_rows(subject_id=instance) if r["action"] == "MoveTimer"]
    assert row["detail"] == {"wait": timer["wait_id"], "reason": "spring festival"}
    assert county.post("/api/clock", "it", {"advance": "P10D"}).json["fired"] == 0
    assert county.post("/api/clock", "it", {"advance": "P10D"}).json["fired"] == 1
    problem_of(county.post(place, "nurse", {"due_at": "2026-01-20T08:00:00+08:00"}), 403)
    problem_of(county.post(place, "it", {"due_at": "2026-01-20"}), 422)


def test_a_running_timer_is_fired_now_and_a_dry_run_fires_nothing(county):
    instance = county.errand()
    place = f"/api/instances/{instance}/timers/{timer_of(county, instance)['wait_id']}/firing"

    dry = county.post(place, "it", {"dry_run": True}).json
    assert (dry["fired"], dry["dry_run"]) == (False, True)
    done = county.post(place, "it").json
    assert (done["fired"], done["changes"]) == (True, dry["changes"])

    events = [line["event"] for line in county.get(f"/api/instances/{instance}/history", "it").json]
    assert events.count("fired") == 1
    problem_of(county.post(f"/api/instances/{instance}/timers/99/firing", "it"), 409, "timer-gone")


def test_what_begins_a_process_by_time_is_listed_and_moved(county):
    deploy(county, round=ROUND)
    assert county.get("/api/timers", "it").json["starts"][0]["due_at"] == "2026-01-06T08:00:00+08:00"

    place = "/api/definitions/round/starts/daily/due-date"
    assert county.post(place, "it", {"due_at": "2026-01-05T09:00:00+08:00"}).status_code == 200

    assert county.post("/api/clock", "it", {"advance": "PT1H"}).json["fired"] == 1
    problem_of(county.post("/api/definitions/round/starts/x/due-date", "it", {"due_at": "2026-01-05T09:00:00Z"}), 404)


def test_an_incident_names_its_cause_and_owner_and_is_skipped_with_variables(county):
    instance, incident = failed_job(county)

    assert (incident["element_id"], incident["kind"], incident["owner"]) == ("task_order", "job_failed", INSTALLER.id)
    assert "no paper" in incident["message"]["en"]
    assert (
        county.post(f"/api/incidents/{incident['id']}/owner", "it", {"owner": "designer"}).json["owner"] == "designer"
    )
    address, given = f"/api/incidents/{incident['id']}/skip", {"variables": {"number": "paper"}}
    dry = county.post(address, "it", {**given, "dry_run": True}).json
    assert county.get("/api/incidents", "it").json["items"][0]["id"] == incident["id"]
    skipped = county.post(address, "it", given)

    assert skipped.json == {"id": incident["id"], "skipped": True, "changes": dry["changes"]}
    assert dry["skipped"] is False
    assert county.get(f"/api/instances/{instance}", "it").json["variables"]["number"] == "paper"
    assert county.get("/api/incidents", "it").json == {"items": [], "next": None}
    assert county.get("/api/incidents?state=resolved", "it").json["items"][0]["resolved_by"] == "it"
    problem_of(county.post(f"/api/incidents/{incident['id']}/skip", "it"), 409, "incident-resolved")
    problem_of(county.get("/api/incidents", "nurse"), 403)


def test_an_incident_is_retried_with_repaired_variables(county):
    _, incident = failed_job(county)

    county.post(f"/api/incidents/{incident['id']}/retry", "it", {"variables": {"n": 2}})

    job = county.post("/api/jobs/activation", JOB_WORKER, {"type": "lab-order", "worker": "w"}).json["jobs"][0]
    assert job["variables"]["n"] == 2


def test_messages_without_a_receiver_are_listed_and_one_is_sent_again(county):
    for key in ("n-1", "n-2"):
        county.post("/api/messages", "it", {"name": "message_answer", "key": key, "ttl": "PT1H", "payload": {"s": 1}})
    assert [m["state"] for m in county.get("/api/messages?state=buffered", "it").json["items"]] == ["buffered"] * 2

    county.post("/api/clock", "it", {"advance": "PT2H"})
    county.services.engine.execute(SweepRegion(), by=INSTALLER)
    expired = county.get("/api/messages?state=expired&key=n-1", "it").json["items"]

    assert [(m["key"], "payload" in m) for m in expired] == [("n-1", False)]
    again = county.post(f"/api/messages/{expired[0]['id']}/delivery", "it")
    assert again.json == {"result": "buffered", "instance_id": None}
    problem_of(county.get("/api/messages?state=nonsense", "it"), 400)
    problem_of(county.get("/api/messages", "nurse"), 403)


def test_values_that_meet_no_condition_begin_nothing(county):
    assert county.post("/api/conditions", "it", {"variables": {"hb": 60}}).json == {"instance_ids": []}


@pytest.mark.parametrize("arguments", [["due", "--json"], ["due", "--all"]])
def test_the_command_line_lists_timers(county, monkeypatch, arguments):
    county.errand()
    monkeypatch.setenv("YUNTU_DATABASE_URL", as_application(county.url))
    monkeypatch.setenv("YUNTU_HOME", str(county.settings.home))
    monkeypatch.setenv("YUNTU_CLOCK", "manual:2026-01-05T08:00:00+08:00")

    printed = CliRunner().invoke(main, ["timers", *arguments])

    assert printed.exit_code == 0, printed.output
    assert ("timer_late" in printed.output) == ("--all" in arguments)


def test_the_command_line_moves_and_fires(county, monkeypatch):
    instance = county.errand()
    monkeypatch.setenv("YUNTU_DATABASE_URL", as_application(county.url))
    monkeypatch.setenv("YUNTU_HOME", str(county.settings.home))
    monkeypatch.setenv("YUNTU_CLOCK", "manual:2026-01-05T08:00:00+08:00")
    wait = str(timer_of(county, instance)["wait_id"])

    moved = CliRunner().invoke(main, ["timers", "move", instance, wait, "2026-02-01T08:00:00+08:00"])
    assert moved.exit_code == 0, moved.output
    assert timer_of(county, instance)["due_at"] == "2026-02-01T08:00:00+08:00"

    fired = CliRunner().invoke(main, ["timers", "fire", instance, wait, "--json"])
    assert fired.exit_code == 0, fired.output
    assert CliRunner().invoke(main, ["timers", "fire", instance, wait]).exit_code == 1
