"""/api/jobs: a hospital's own code takes jobs, does them and answers."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from engine.commands.contracts import Deploy
from runtime.demo.county import JOB_WORKER
from runtime.start import INSTALLER
from tests.api.conftest import PLACE, problem_of

LABORATORY = Path(__file__).parent / "diagrams" / "laboratory.bpmn"


@pytest.fixture
def laboratory(county):
    files = {"laboratory.bpmn": LABORATORY.read_bytes()}
    county.services.engine.execute(Deploy(files=files), by=INSTALLER)
    return county


def order(county, **variables):
    body = {"definition_key": "laboratory", "variables": variables, "business_key": variables.get("case")}
    return county.post("/api/instances", "it", body).json["id"]


def take(county, who=JOB_WORKER, **rest):
    answer = county.post("/api/jobs/activation", who, {"type": "lab-order", "worker": "w-1", **rest})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json["jobs"]


def answer(county, job, kind, key=None, **body):
    return county.post(f"/api/jobs/{job['id']}/{kind}", JOB_WORKER, {"lease": job["lease"], **body}, key=key)


def instance(county, instance_id):
    return county.get(f"/api/instances/{instance_id}", "it").json


def lease_runs_out(county):
    with psycopg.connect(county.url, autocommit=True) as conn:
        conn.execute("UPDATE job SET locked_until = clock_timestamp() - interval '1 second' WHERE state = 'running'")


def test_a_worker_takes_a_job_and_completes_it(laboratory):
    ordered = order(laboratory, sample=7, case="c-1")

    job = take(laboratory, lease="PT5M")[0]
    done = answer(laboratory, job, "completion", variables={"number": "L-7"})

    assert (job["element_id"], job["headers"], job["variables"]["sample"]) == ("task_order", {"panel": "blood"}, 7)
    assert (job["attempt"], job["retries_left"], job["business_key"]) == (1, 2, "c-1")
    assert done.json == {"completed": True}
    assert instance(laboratory, ordered)["variables"]["number"] == "L-7"
    assert instance(laboratory, ordered)["ended_at"] == ["end_ordered"]


def test_a_job_that_one_worker_holds_is_given_to_no_other(laboratory):
    order(laboratory)

    assert len(take(laboratory)) == 1
    assert take(laboratory, worker="w-2") == []


def test_no_more_jobs_than_asked_for(laboratory):
    for _ in range(3):
        order(laboratory)

    assert [len(take(laboratory, max_jobs=2)) for _ in range(3)] == [2, 1, 0]


def test_the_same_answer_sent_again_changes_nothing_and_is_answered_alike(laboratory):
    order(laboratory)
    job = take(laboratory)[0]

    answers = [answer(laboratory, job, "completion", variables={"n": n}).json for n in (1, 2)]

    assert answers == [{"completed": True}] * 2


def test_a_job_that_is_done_takes_no_other_answer(laboratory):
    order(laboratory)
    job = take(laboratory)[0]
    answer(laboratory, job, "completion")

    problem_of(answer(laboratory, job, "failure", message="late"), 404)


def test_whoever_lost_the_lease_is_refused(laboratory):
    ordered = order(laboratory)
    slow = take(laboratory)[0]
    lease_runs_out(laboratory)
    quick = take(laboratory, worker="w-2")[0]

    for kind, body in (("completion", {}), ("failure", {"message": "m"}), ("error", {"code": "no_sample"})):
        problem_of(answer(laboratory, slow, kind, **body), 409, "lease-lost")
    problem_of(answer(laboratory, slow, "extension", **{"for": "PT1M"}), 409, "lease-lost")

    assert answer(laboratory, quick, "completion").status_code == 200
    assert instance(laboratory, ordered)["state"] == "completed"


def test_a_lease_can_be_extended(laboratory):
    order(laboratory)
    job = take(laboratory, lease="PT1S")[0]

    until = answer(laboratory, job, "extension", **{"for": "PT30M"}).json["locked_until"]

    assert until > job["locked_until"]


def test_a_failed_job_rests_is_tried_again_and_becomes_an_incident_with_its_reason(laboratory):
    ordered = order(laboratory)
    first = answer(laboratory, take(laboratory)[0], "failure", message="printer on fire", back_off="PT10M")
    assert first.json == {"retries_left": 1, "incident": False}
    assert take(laboratory) == [], "it rests"

    laboratory.post("/api/clock", "it", {"advance": "PT11M"})
    second = answer(laboratory, take(laboratory)[0], "failure", message="printer on fire")

    assert second.json == {"retries_left": 0, "incident": True}
    incident = instance(laboratory, ordered)["incidents"][0]
    assert incident["element_id"] == "task_order"
    assert "printer on fire" in incident["message"]


def test_a_worker_that_dies_each_time_makes_an_incident(laboratory):
    ordered = order(laboratory)
    for _ in range(2):
        assert len(take(laboratory)) == 1
        lease_runs_out(laboratory)

    assert take(laboratory) == []
    assert "died" in instance(laboratory, ordered)["incidents"][0]["message"]


def test_an_error_that_the_diagram_foresees_takes_its_way(laboratory):
    ordered = order(laboratory)

    answer(laboratory, take(laboratory)[0], "error", code="no_sample")

    assert instance(laboratory, ordered)["ended_at"] == ["end_no_sample"]


def test_an_error_that_nothing_catches_is_an_incident(laboratory):
    ordered = order(laboratory)

    answer(laboratory, take(laboratory)[0], "error", code="on_strike")

    assert "on_strike" in instance(laboratory, ordered)["incidents"][0]["message"]


def test_a_waiting_request_is_answered_when_a_job_appears(laboratory):
    later = threading.Timer(0.4, order, [laboratory])
    later.start()

    jobs = take(laboratory, wait="PT20S")

    later.join()
    assert len(jobs) == 1


def test_an_activation_sent_again_with_its_key_is_given_the_same_jobs(laboratory):
    order(laboratory)
    order(laboratory)
    body = {"type": "lab-order", "worker": "w-1", "max_jobs": 1}

    first, second = (laboratory.post("/api/jobs/activation", JOB_WORKER, body, key="a-1").json for _ in range(2))

    assert first == second


def test_a_token_without_the_scope_for_the_type_is_refused(laboratory):
    order(laboratory)
    client = laboratory.services.people.client(JOB_WORKER)
    token = laboratory.services.people.issue_token(client=client, scopes={"jobs/x-ray"}).access_token
    body = {"type": "lab-order", "worker": "w"}

    refused = laboratory.post("/api/jobs/activation", json=body, headers={"Authorization": f"Bearer {token}"})

    problem_of(refused, 403)
    problem_of(laboratory.post("/api/jobs/activation", "his-demo", body), 403)
    problem_of(laboratory.post("/api/jobs/activation", "it", body), 403)


def test_jobs_about_women_of_other_organisations_are_not_handed_out(laboratory):
    order(laboratory, **{**PLACE, "hospital_organisation": "org-elsewhere", "county_organisation": "org-elsewhere"})
    order(laboratory, home_organisation="org-elsewhere")

    assert [job["variables"]["home_organisation"] for job in take(laboratory)] == [PLACE["home_organisation"]]


def test_every_job_handed_out_leaves_a_trace(laboratory):
    ordered = order(laboratory)
    job = take(laboratory)[0]

    rows = laboratory.services.people.audit_rows(subject_id=ordered)

    assert [(r["action"], r["detail"]) for r in rows if r["action"] == "activate"] == [("activate", {"job": job["id"]})]


@pytest.mark.parametrize(
    "body",
    [
        {"worker": "w"},
        {"type": "a", "types": ["a"], "worker": "w"},
        {"type": "a", "worker": "w", "lease": "P1D"},
        {"type": "a", "worker": "w", "lease": "PT0S"},
        {"type": "a", "worker": "w", "wait": "PT31S"},
        {"type": "a", "worker": "w", "max_jobs": 101},
        {"type": "a", "worker": "w", "max_jobs": "1"},
        {"type": "", "worker": "w"},
    ],
)
def test_what_does_not_fit_is_refused_by_field(laboratory, body):
    problem_of(laboratory.post("/api/jobs/activation", JOB_WORKER, body), 422)


def test_operators_see_jobs_without_what_they_are_given(laboratory):
    ordered = order(laboratory, secret="x")
    take(laboratory)

    row = laboratory.get("/api/jobs?type=lab-order", "it").json["items"][0]

    assert (row["instance_id"], row["state"], row["locked_by"], row["attempts"]) == (ordered, "running", "w-1", 1)
    assert "variables" not in row
    problem_of(laboratory.get("/api/jobs", "nurse"), 403)
