"""Two women were merged by mistake: the merge is taken back, and what came since goes to whom it was entered for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from engine.operations.reconcile import reconcile
from fhir_adapters.corrections.unmerging import merges_of
from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.test_amendments import graded
from tests.web.test_merging import ask, case_of, merged, names, patient
from tests.web.visitor import visitor


@pytest.fixture
def two(site):
    """An orange woman of the first township, and another woman of the second, who is newly registered."""
    return graded(site, o_1_2=True), site.task("task_first_visit", "org-twn-2").business_key


@pytest.fixture
def wrongly(site, two):
    """The two as one: the first goes on, the second is void. And the Patient that was hers."""
    here, other = two
    goes = patient(site, other)[0]
    merged(site, here, other, survivor=here, kept=here)
    assert case_of(site, other).status == "terminated"
    return here, other, goes


def bearer(site, **who):
    people = site.services.people
    who = {"account": people.account(who["account"])} if "account" in who else {"client": people.client(who["client"])}
    return {"Authorization": f"Bearer {people.issue_token(**who).access_token}"}


def undo(site, here, goes, *, account="officer", **more):
    body = {"replaced": goes, "reason": "同名同姓，不是同一人", **more}
    path = f"/api/pregnancies/{here}/corrections/unmerge"
    return site.app.test_client().post(path, json=body, headers=bearer(site, account=account))


def haemoglobin(site, value, subject, **more):
    coded = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    unit = {"unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    sent = site.app.test_client().post(
        "/fhir/Observation",
        json={
            "resourceType": "Observation", "status": "final", "code": coded,
            "subject": {"reference": f"Patient/{subject}"}, "effectiveDateTime": "2026-01-05T07:00:00+08:00",
            "valueQuantity": {"value": value, **unit}, **more,
        },
        headers=bearer(site, client="his-demo"),
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    return sent.headers["Location"].split("/Observation/")[1].split("/")[0]


def late_result(site, case, account, value="101"):
    body = {"name": "hb", "value": value, "observed_at": "2026-01-05T06:00:00+08:00", "reason": "补录"}
    path = f"/api/pregnancies/{case}/corrections/results"
    done = site.app.test_client().post(path, json=body, headers=bearer(site, account=account))
    assert done.status_code == 200, done.text
    return done.json["noted"]["resource"]


def whose(site, reference):
    return ask(site, f"/fhir/{reference}").json["subject"]["reference"]


def test_the_effect_comes_first_and_then_each_is_her_own_again(site, two):
    here, other = two
    (stays, one), (goes, another) = patient(site, here), patient(site, other)
    had, open_tasks = names(site, here), {t.element_id for t in site.tasks(business_key=other)}
    merged(site, here, other, survivor=here, kept=here)

    shown = undo(site, here, goes, dry_run=True).json
    assert shown["dry_run"] and case_of(site, other).status == "terminated"
    assert {t["element_id"] for case in shown["cases"] for t in case["opened"]} >= open_tasks

    assert undo(site, here, goes).status_code == 200
    assert (patient(site, here), patient(site, other)) == ((stays, one), (goes, another))
    assert case_of(site, other).status == "active" and case_of(site, other).variables["patient_id"] == goes
    assert not case_of(site, other).variables.get("end_code")
    assert {t.element_id for t in site.tasks(business_key=other)} >= open_tasks
    assert names(site, here) == had
    with site.services.engine.read() as conn:
        assert reconcile(conn, site.services.region_id)[1] == []
        assert site.services.patients.by_document(conn, "id_card", another.id_no) == (goes, other)
        assert merges_of(conn, site.services.region_id, here) == []
    for id_ in (stays, goes):
        assert "link" not in ask(site, f"/fhir/Patient/{id_}").json
    found = ask(site, f"/fhir/Patient?identifier={another.id_no}", "officer").json["entry"]
    assert [entry["resource"]["id"] for entry in found] == [goes]
    assert ask(site, f"/fhir/EpisodeOfCare/{other}", "officer").json["status"] == "active"


def test_a_deadline_that_passed_while_she_was_void_is_due_at_once(site, two):
    here, other = two
    goes = patient(site, here)[0]
    merged(site, here, other, survivor=other, kept=other)
    assert not site.tasks(business_key=here)
    site.clock.set(site.clock() + timedelta(days=10))  # the report of an orange woman is due within three days

    assert undo(site, other, goes).status_code == 200

    with site.services.engine.read() as conn:
        rows = conn.execute(
            "SELECT count(*) FROM timer WHERE instance_id = %s AND due_at < %s", [case_of(site, here).id, site.clock()]
        )
        assert rows.fetchone()[0] > 0
    report = next(task for task in site.tasks(business_key=here) if task.element_id == "task_report_risk")
    assert report.due_at < site.clock(), "the deadline is what it was"
    with site.services.engine.read() as conn:
        assert reconcile(conn, site.services.region_id)[1] == []


def test_what_came_since_goes_to_whom_it_was_entered_for(site, wrongly):
    here, other, goes = wrongly
    stays = patient(site, here)[0]
    sent = haemoglobin(site, 65, goes)
    assert whose(site, f"Observation/{sent}") == f"Patient/{stays}", "until then she is one"
    entered = late_result(site, here, "nurse")  # of the township that looks after the first alone

    answer = undo(site, here, goes)

    assert answer.status_code == 200, answer.text
    told = {one["reference"]: (one["belongs"], one["why"]) for one in answer.json["noted"]["divided"]}
    assert told[f"Observation/{sent}"] == ("replaced", "named")
    assert told[entered] == ("survivor", "organisation")
    assert "hb" in names(site, other) and whose(site, entered) == f"Patient/{stays}"
    found = ask(site, f"/fhir/Observation?patient={goes}", "officer").json["entry"]
    assert sent in [entry["resource"]["id"] for entry in found]


def paper(site, case, account="doctor"):
    asked = f"/fhir/EpisodeOfCare/{case}/$document"
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "type", "valueString": "transfer"}]}
    made = site.app.test_client().post(asked, json=parameters, headers=bearer(site, account=account))
    assert made.status_code in (200, 201), made.text
    return made.json["id"]


def papers(site, patient_id):
    found = ask(site, f"/fhir/DocumentReference?patient={patient_id}", "officer").json.get("entry", [])
    return {entry["resource"]["id"]: entry["resource"]["subject"]["reference"] for entry in found}


def test_documents_go_with_their_woman_and_back_again(site, two):
    here, other = two
    stays, goes = patient(site, here)[0], patient(site, other)[0]
    hers, others = paper(site, here), paper(site, other, "officer")
    merged(site, here, other, survivor=here, kept=here)
    assert papers(site, stays) == dict.fromkeys((hers, others), f"Patient/{stays}") and papers(site, goes) == {}
    since = paper(site, here, "nurse")

    told = undo(site, here, goes)

    assert told.status_code == 200, told.text
    divided = {one["reference"]: (one["belongs"], one["why"]) for one in told.json["noted"]["divided"]}
    assert divided == {f"DocumentReference/{since}": ("survivor", "organisation")}
    assert set(papers(site, stays)) == {hers, since} and set(papers(site, goes)) == {others}


def test_what_nobody_can_tell_is_asked_and_never_guessed(site, wrongly):
    here, other, goes = wrongly
    stays = patient(site, here)[0]
    entered = late_result(site, here, "doctor")  # of the hospital of both

    shown = undo(site, here, goes, dry_run=True)
    assert [one["reference"] for one in shown.json["noted"]["asked"]] == [entered]
    refused = undo(site, here, goes)
    assert refused.status_code == 422
    assert [fault["path"] for fault in refused.json["errors"]] == [f"belongs.{entered}"]
    assert case_of(site, other).status == "terminated"
    assert undo(site, here, goes, belongs={"Observation/no": "survivor"}).status_code == 422

    assert undo(site, here, goes, belongs={entered: "replaced"}).status_code == 200
    assert whose(site, entered) == f"Patient/{goes}" != f"Patient/{stays}"
    assert "hb" in names(site, other)


def test_asked_twice_with_one_key_it_answers_as_the_first_time(site, wrongly):
    here, other, goes = wrongly
    body = {"replaced": goes, "reason": "不是同一人"}
    headers = {**bearer(site, account="officer"), "Idempotency-Key": "u-1"}
    path = f"/api/pregnancies/{here}/corrections/unmerge"

    first, again = (site.app.test_client().post(path, json=body, headers=headers) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200) and first.json["noted"] == again.json["noted"]
    assert case_of(site, other).status == "active" and undo(site, here, goes).status_code == 404


def test_a_doctor_of_each_confirms_the_grading_and_no_colour_changes_by_itself(site, wrongly):
    here, other, goes = wrongly

    undo(site, here, goes)

    assert case_of(site, here).variables["colour"] == "orange"
    assert "task_grade" in {task.element_id for task in site.tasks(business_key=here)}
    assert "合并已撤销" in case_of(site, here).variables["raised_by"][-1]["text"]
    for case in (here, other):
        assert case_of(site, case).variables["corrections"][-1]["kind"] == "unmerge"


def test_the_pregnancy_of_the_other_record_may_have_gone_on(site, two):
    here, other = two
    stays, goes = patient(site, here)[0], patient(site, other)[0]
    merged(site, here, other, survivor=here, kept=other)
    assert case_of(site, other).variables["patient_id"] == stays

    assert undo(site, other, goes).status_code == 200

    assert (case_of(site, here).status, case_of(site, other).status) == ("active", "active")
    assert (patient(site, here)[0], patient(site, other)[0]) == (stays, goes)
    assert case_of(site, other).variables["patient_id"] == goes
    for task in site.tasks(business_key=other):
        assert ask(site, f"/fhir/Task/{task.id}", "officer").json["for"]["reference"] == f"Patient/{goes}"


def test_what_cannot_be_is_refused(site, two, wrongly):
    here, other, goes = wrongly

    assert undo(site, here, goes, account="nurse").status_code == 403
    assert undo(site, here, "nobody").status_code == 404
    keys = sorted({t.business_key for t in site.tasks() if t.business_key not in (here, other, None)})
    third = next(key for key in keys if patient(site, key))
    assert undo(site, third, goes).status_code == 404
    site.clock.set(site.clock() + timedelta(minutes=1))
    merged(site, here, third, survivor=here, kept=here)
    assert undo(site, here, goes).json["code"] == "merged-again"
    assert undo(site, here, goes, reason=" ").status_code == 422
    assert case_of(site, other).status == "terminated", "nothing half done"


def test_her_old_page_leads_to_the_record_it_went_into_and_back(site, wrongly):
    here, other, goes = wrongly
    assert f'href="/pregnancies/{here}"' in site.get(f"/pregnancies/{other}", "officer").text
    assert f"/pregnancies/{here}/unmerge" in site.get(f"/pregnancies/{here}", "officer").text

    undo(site, here, goes)

    assert f'href="/pregnancies/{here}"' not in site.get(f"/pregnancies/{other}", "officer").text


def test_in_a_browser_an_officer_divides_two_women(site, chromium, wrongly):
    here, other, _ = wrongly
    entered = late_result(site, here, "doctor")
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("officer", site.passwords["officer"])
        person.goto(f"/pregnancies/{here}/unmerge")
        person.check()
        page = person.page
        page.fill("#reason", "two women of one name")
        page.get_by_role("button", name="Show the effect first").click()
        expect(page.get_by_text("nothing is guessed")).to_be_visible()
        page.locator(f"input[name='belongs:{entered}'][value=replaced]").check()
        page.get_by_role("button", name="Show the effect first").click()
        expect(page.locator("#effect")).to_be_visible()
        person.check()
        page.get_by_role("button", name="Undo the merge now").click()
        page.wait_for_url(f"**/pregnancies/{here}")
    assert case_of(site, other).status == "active" and "hb" in names(site, other)


def test_the_page_is_sound(site, wrongly):
    here, _, _ = wrongly
    late_result(site, here, "doctor")
    page = site.get(f"/pregnancies/{here}/unmerge", "officer")
    assert page.status_code == 200
    assert_sound(page)
