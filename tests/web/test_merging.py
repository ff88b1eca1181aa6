"""Two records of one woman become one: what moves, what closes, what the old ids still find."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from engine.store import reads
from fhir_adapters.corrections.identity import identity_now
from fhir_adapters.corrections.results import results_of
from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.test_amendments import graded
from tests.web.visitor import visitor


@pytest.fixture
def two(site):
    """An orange woman of the first township, and the same woman registered again in the second."""
    case = graded(site, o_1_2=True)
    return case, site.task("task_first_visit", "org-twn-2").business_key


def case_of(site, pregnancy_id):
    with site.services.engine.read() as conn:
        return reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", pregnancy_id)


def patient(site, pregnancy_id):
    with site.services.engine.read() as conn:
        return identity_now(conn, site.services.region_id, pregnancy_id)


def names(site, pregnancy_id):
    with site.services.engine.read() as conn:
        return [one.name for one in results_of(conn, site.services.region_id, pregnancy_id, restricted=True)]


def merged(site, here, other, survivor, kept, who="officer"):
    path = f"/pregnancies/{here}/merge"
    given = {"other": other, "survivor": survivor, "kept": kept, "reason": "同一人两处建册"}
    shown = site.post(path, who, **given)
    return shown, site.post(path, who, **given, confirmed=f"{survivor}|{kept}")


def ask(site, path, who="doctor"):
    people = site.services.people
    token = people.issue_token(account=people.account(who)).access_token
    return site.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})


def test_the_two_stand_side_by_side_and_nothing_happens_before_it_is_confirmed(site, two):
    here, other = two
    assert_sound(site.get(f"/pregnancies/{here}/merge?q=测试", "officer"))
    page = site.get(f"/pregnancies/{here}/merge?other={other}", "officer")
    assert_sound(page)
    assert patient(site, here)[1].id_no in page.text and patient(site, other)[1].id_no in page.text

    given = {"other": other, "survivor": here, "kept": here, "reason": "x"}
    shown = site.post(f"/pregnancies/{here}/merge", "officer", **given)

    assert_sound(shown)
    assert "收回的任务" in shown.text and "登记有误，作废" in shown.text
    assert case_of(site, other).status == "active" and patient(site, here)[0] != patient(site, other)[0]


def test_the_second_open_pregnancy_closes_as_a_duplicate_with_its_tasks_and_its_results_go_on(site, two):
    here, other = two
    had = names(site, here)

    _, done = merged(site, here, other, survivor=other, kept=other)

    assert (done.status_code, done.headers["Location"]) == (303, f"/pregnancies/{other}")
    assert (case_of(site, here).status, case_of(site, here).variables["end_code"]) == ("terminated", "void")
    assert not site.tasks(business_key=here) and site.tasks(business_key=other)
    assert had and set(had) <= set(names(site, other)) and not names(site, here)
    with site.services.engine.read() as conn:
        assert {"hb", "plt"} & set(site.services.facts(conn, other))


def test_a_higher_colour_of_the_record_that_closes_is_put_to_the_doctor_of_the_one_that_stays(site, two):
    here, other = two

    merged(site, here, other, survivor=other, kept=other)

    assert case_of(site, other).variables.get("colour") != "orange"
    assert "O-1.2" in case_of(site, other).variables["raised_by"][0]["text"]
    assert "task_grade" in {task.element_id for task in site.tasks(business_key=other)}


def test_the_woman_of_one_record_may_stay_with_the_pregnancy_of_the_other(site, two):
    here, other = two
    stays = patient(site, other)[0]

    merged(site, here, other, survivor=other, kept=here)

    assert case_of(site, here).variables["patient_id"] == stays == patient(site, here)[0]
    assert case_of(site, other).status == "terminated" and case_of(site, here).status == "active"


def test_over_fhir_the_two_are_linked_and_the_old_id_and_the_old_document_find_the_survivor(site, two):
    here, other = two
    (stays, _), (goes, old) = patient(site, here), patient(site, other)

    merged(site, here, other, survivor=here, kept=here)

    one, replaced = (ask(site, f"/fhir/Patient/{id_}").json for id_ in (stays, goes))
    assert one["link"] == [{"other": {"reference": f"Patient/{goes}"}, "type": "replaces"}]
    assert replaced["link"] == [{"other": {"reference": f"Patient/{stays}"}, "type": "replaced-by"}]
    assert (replaced["active"], "identifier" in replaced) == (False, False)
    found = ask(site, f"/fhir/Patient?identifier={old.id_no}").json["entry"]
    assert [entry["resource"]["id"] for entry in found] == [stays]
    assert stays in [entry["resource"]["id"] for entry in ask(site, f"/fhir/Patient?_id={goes}").json["entry"]]
    by_old, by_new = (ask(site, f"/fhir/Observation?patient={id_}&_count=500").json["entry"] for id_ in (goes, stays))
    assert len(by_old) == len(by_new) > 0
    with site.services.engine.read() as conn:
        assert site.services.patients.by_document(conn, "id_card", old.id_no) == (stays, here)


def test_what_is_sent_to_the_old_pregnancy_later_reaches_the_one_that_stays(site, two):
    here, other = two
    goes = patient(site, other)[0]
    merged(site, here, other, survivor=here, kept=here)
    people = site.services.people
    client = site.app.test_client()
    for_people = {"Authorization": f"Bearer {people.issue_token(account=people.account('officer')).access_token}"}
    for_system = {"Authorization": f"Bearer {people.issue_token(client=people.client('his-demo')).access_token}"}

    told = {"name": "message_redating_proposed", "key": other, "payload": {"edd_proposed": "2026-07-27"}}
    assert client.post("/api/messages", json=told, headers=for_people).json["result"] == "delivered"
    assert "task_confirm_edd" in {task.element_id for task in site.tasks(business_key=here)}

    heavy = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    sent = client.post(
        "/fhir/Observation",
        json={
            "resourceType": "Observation", "status": "final", "code": heavy,
            "subject": {"reference": f"Patient/{goes}"},
            "effectiveDateTime": "2026-01-05T07:00:00+08:00",
            "valueQuantity": {"value": 65, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
        },
        headers=for_system,
    )  # fmt: skip
    assert sent.headers["X-MCH-Correlated"] == f"case/{here}", sent.text


def test_what_cannot_be_is_refused(site, two):
    here, other = two

    assert merged(site, here, here, survivor=here, kept=here)[0].status_code == 409
    answer = site.post(f"/pregnancies/{here}/merge", "officer", other=other, survivor=here, reason="x")
    assert answer.status_code == 422 and "请选择保留哪一份" in answer.text
    assert site.get(f"/pregnancies/{here}/merge", "nurse").status_code == 403


def test_a_hospitals_own_merge_is_decided_on_the_same_page_and_leaves_the_inbox(site, two):
    here, other = two
    (stays, _), (goes, _) = patient(site, here), patient(site, other)
    from fhir_adapters.store import inbound

    with site.pool.connection() as conn, conn.transaction():
        inbound.ask_a_person(
            conn, site.services.region_id, kind="merged-patient", source="client:his-demo", reason="x / x",
            at=site.services.clock(), resource=("Patient", goes, 1), patient_id=goes,
        )  # fmt: skip
    page = site.get("/inbox", "officer")
    assert f"/pregnancies/{other}/merge" in page.text
    assert_sound(page)

    merged(site, here, other, survivor=here, kept=here)

    assert f"/pregnancies/{other}/merge" not in site.get("/inbox", "officer").text and stays == patient(site, here)[0]


def test_in_a_browser_an_officer_merges_two_records(site, chromium, two):
    here, other = two
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("officer", site.passwords["officer"])
        person.goto(f"/pregnancies/{here}/merge?other={other}")
        person.check()
        page = person.page
        page.locator(f"input[name=survivor][value='{here}']").check()
        page.locator(f"input[name=kept][value='{here}']").check()
        page.fill("#reason", "registered twice")
        page.get_by_role("button", name="Show the effect first").click()
        expect(page.locator("#effect")).to_be_visible()
        person.check()
        page.get_by_role("button", name="Merge", exact=True).click()
        page.wait_for_url(f"**/pregnancies/{here}")
    assert case_of(site, other).status == "terminated"
