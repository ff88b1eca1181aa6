"""A result that comes after its day, and one that was entered in error: AC-33 and D-2, on the page and over HTTP."""

from __future__ import annotations

from datetime import datetime

import pytest
from playwright.sync_api import expect

from fhir_adapters.corrections.results import results_of
from tests.web.conftest import example, served
from tests.web.markup import assert_sound
from tests.web.test_amendments import variables
from tests.web.visitor import visitor
from workflows import completion

LATE = {"name": "lvef", "value": "45", "observed_at": "2026-01-03 09:30", "reason": "外院纸质报告"}


@pytest.fixture
def case(site):
    """A woman who was screened negative."""
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    return case


def grading(site, case):
    return [task for task in site.tasks(business_key=case) if task.element_id == "task_grade"]


def enter(site, case, **given):
    fields = {**LATE, **given}
    said = "|".join(fields[name] for name in ("name", "value", "observed_at"))
    return site.post(f"/pregnancies/{case}/results", "nurse", **fields, confirmed=said)


def entered(site, case):
    """The id of the result that was entered late."""
    with site.services.engine.read() as conn:
        found = results_of(conn, site.services.region_id, case, restricted=True)
    return next(one.id for one in found if one.name == "lvef" and one.value == "45 %")


def test_ac33_a_late_result_is_due_from_when_it_was_measured_not_from_when_it_was_entered(site, case):
    path = f"/pregnancies/{case}/results"
    assert_sound(site.get(path, "nurse"))
    shown = site.post(path, "nurse", **LATE)
    assert_sound(shown)
    assert "新开的任务" in shown.text and "妊娠风险评估分级" in shown.text and not grading(site, case)

    assert enter(site, case).status_code == 303

    (task,) = grading(site, case)
    assert task.due_at == datetime.fromisoformat("2026-01-04T09:30:00+08:00")  # 24 hours after it was measured
    page = site.get(path, "nurse")
    assert_sound(page)
    assert "2026-01-05 08:00 补录" in page.text and "45 %" in page.text


def test_a_late_result_older_than_the_one_that_is_known_asks_for_nothing(site, case):
    enter(site, case, value="60", observed_at="2026-01-04 09:00")

    shown = site.post(f"/pregnancies/{case}/results", "nurse", **LATE)
    assert "已有更新的同类结果" in shown.text
    enter(site, case)

    assert not grading(site, case)


@pytest.mark.parametrize(
    "given, field",
    [
        ({"name": "x"}, "name"),
        ({"value": "5500"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"observed_at": "2026-01-06 09:00"}, "observed_at"),
        ({"observed_at": "gestern"}, "observed_at"),
        ({"reason": " "}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(site, case, given, field):
    answer = site.post(f"/pregnancies/{case}/results", "nurse", **{**LATE, **given})

    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert_sound(answer)


def test_a_result_taken_back_lists_what_rested_on_it_and_asks_a_doctor_and_the_colour_stays(site, case):
    enter(site, case)
    before = variables(site, case)["colour"]
    found = entered(site, case)
    path = f"/pregnancies/{case}/results/{found}/withdrawal"

    shown = site.post(path, "nurse", reason="抄错病历号")
    assert_sound(shown)
    assert "据此的分级标准：O-2.1.1" in shown.text
    assert site.post(path, "nurse", reason="抄错病历号", confirmed=found).status_code == 303

    page = site.get(f"/pregnancies/{case}/results", "nurse")
    assert "<del>45 %</del>" in page.text
    assert variables(site, case)["colour"] == before
    (task,) = grading(site, case)
    form = site.get(f"/tasks/{task.id}", "doctor").text
    assert "撤回" in form and "O-2.1.1" in form and "抄错病历号" in form
    assert site.post(path, "nurse", reason="x", confirmed=found).status_code == 409


def test_what_she_was_graded_by_stays_ticked_when_its_result_is_taken_back(site, case):
    enter(site, case)
    (task,) = grading(site, case)
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    answers = {**plain, "o_2_1_1": True}
    completion.complete(site.services, task.id, by=site.principal("doctor"), answers=answers)
    found = entered(site, case)

    site.post(f"/pregnancies/{case}/results/{found}/withdrawal", "nurse", reason="抄错", confirmed=found)

    (task,) = grading(site, case)
    with site.services.engine.read() as conn:
        opened = completion.open_form(site.services, conn, task, today=datetime(2026, 1, 5).date())
    assert opened.answers["o_2_1_1"] is True and variables(site, case)["colour"] == "orange"


def test_another_womans_result_is_not_there(site, case):
    enter(site, case)
    found = entered(site, case)
    other = next(t.business_key for t in site.tasks() if t.organisation == "org-twn-1" and t.business_key != case)

    assert site.post(f"/pregnancies/{other}/results/{found}/withdrawal", "nurse", reason="x").status_code == 404
    assert site.get(f"/pregnancies/{case}/results", "nurse2").status_code == 404


def test_the_same_over_http(site, case):
    client, people = site.app.test_client(), site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('nurse')).access_token}"}
    base = f"/api/pregnancies/{case}"
    given = {**LATE, "observed_at": "2026-01-03T09:30:00+08:00"}

    dry = client.post(f"{base}/corrections/results", json={**given, "dry_run": True}, headers=headers)
    assert [task["element_id"] for task in dry.json["cases"][0]["opened"]] == ["task_grade"]
    assert client.post(f"{base}/corrections/results", json=given, headers=headers).status_code == 200
    (item,) = [one for one in client.get(f"{base}/results", headers=headers).json["items"] if one["late"]]
    gone = client.post(f"{base}/corrections/results/{item['id']}/withdrawal", json={"reason": "x"}, headers=headers)
    assert gone.json["noted"]["criteria"] == ["O-2.1.1"]
    stored = client.get(f"/fhir/Observation/{item['id']}", headers=headers).json
    assert (stored["status"], stored["meta"]["versionId"]) == ("entered-in-error", "2")


def test_in_a_browser_a_nurse_enters_a_late_result_and_takes_it_back(site, chromium, case):
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/pregnancies/{case}/results")
        page = person.page
        page.select_option("#name", "lvef")
        for name in ("value", "observed_at", "reason"):
            page.fill(f"#{name}", LATE[name])
        page.get_by_role("button", name="Show the effect first").click()
        expect(page.locator("#effect")).to_be_visible()
        person.check()
        page.get_by_role("button", name="Enter it").click()
        page.goto(f"{base}/pregnancies/{case}/results?withdraw={entered(site, case)}")
        page.fill("#reason", "wrong woman")
        page.get_by_role("button", name="Show the effect first").click()
        expect(page.locator("form.card")).to_contain_text("O-2.1.1")
        page.get_by_role("button", name="Take it back").click()
        expect(page.locator("del")).to_contain_text("45 %")
