"""A wrong name, document or birth date is corrected in place; nobody's document is taken, no colour falls by age."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from fhir_adapters.corrections.identity import identity_now
from tests.web.conftest import example, served
from tests.web.markup import assert_sound
from tests.web.test_amendments import variables
from tests.web.visitor import visitor
from workflows import completion
from workflows.policies import identity_card

NUMBER = "99999919880615001"  # invented, of somebody of 37 years, without its check character


@pytest.fixture
def case(site):
    """A woman who was screened negative."""
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    return case


def now(site, case):
    with site.services.engine.read() as conn:
        return identity_now(conn, site.services.region_id, case)


def fields(site, case, **changed):
    person = now(site, case)[1]
    told = {name: getattr(person, name) for name in person.__dataclass_fields__}
    return {**told, "reason": "建册时抄错", **changed}


def correct(site, case, **changed):
    path, given = f"/pregnancies/{case}/identity", fields(site, case, **changed)
    shown = site.post(path, "nurse", **given)
    confirmed = shown.text.partition('name="confirmed" value="')[2].partition('"')[0]
    return shown, site.post(path, "nurse", **given, confirmed=confirmed)


def older():
    return NUMBER + identity_card.check_character(NUMBER)


def test_a_wrong_name_is_corrected_in_place_and_what_was_registered_stays_to_be_read(site, case):
    patient_id, before = now(site, case)
    assert_sound(site.get(f"/pregnancies/{case}/identity", "nurse"))

    shown, done = correct(site, case, name="改名甲")

    assert_sound(shown)
    assert "任务与时限都不变" in shown.text and done.status_code == 303
    assert (now(site, case)[0], now(site, case)[1].name) == (patient_id, "改名甲")
    page = site.get(f"/pregnancies/{case}/identity", "nurse")
    assert_sound(page)
    assert f'<del lang="zh-CN">{before.name}' in page.text and "建册时抄错" in page.text


def test_another_age_proposes_its_criteria_and_changes_no_colour_itself(site, case):
    colour = variables(site, case)["colour"]

    shown, done = correct(site, case, birth_date="1988-06-15", id_no=older())

    assert "新符合的分级标准：Y-1.1" in shown.text and done.status_code == 303
    assert variables(site, case)["colour"] == colour
    (task,) = [t for t in site.tasks(business_key=case) if t.element_id == "task_grade"]
    assert "身份更正" in site.get(f"/tasks/{task.id}", "doctor").text


def test_a_younger_age_takes_no_criterion_away_by_itself(site, case):
    original = fields(site, case)
    correct(site, case, birth_date="1988-06-15", id_no=older())
    (task,) = [t for t in site.tasks(business_key=case) if t.element_id == "task_grade"]
    plain = {name: value for name, value in example("risk-grading").items() if value is not True}
    answers = {**plain, "y_1_1": True}
    completion.complete(site.services, task.id, by=site.principal("doctor"), answers=answers)

    shown, _ = correct(site, case, birth_date=original["birth_date"], id_no=original["id_no"])

    assert "不再由年龄得出的标准：Y-1.1" in shown.text
    assert (variables(site, case)["colour"], variables(site, case)["criteria"]) == ("yellow", ["Y-1.1"])
    assert [t.element_id for t in site.tasks(business_key=case)].count("task_grade") == 1


def test_ac30_the_document_of_another_woman_is_refused_and_the_way_to_the_merge_is_shown(site, case):
    taken = now(site, site.task("task_first_visit", "org-twn-2").business_key)[1]

    shown = site.post(
        f"/pregnancies/{case}/identity", "nurse", **fields(site, case, id_no=taken.id_no, birth_date=taken.birth_date)
    )

    assert shown.status_code == 409 and "请合并" in shown.text
    assert_sound(shown)
    assert now(site, case)[1].id_no != taken.id_no


def test_her_old_number_finds_her_no_more_and_belongs_to_whoever_holds_it(site, case):
    before = now(site, case)[1]
    correct(site, case, birth_date="1988-06-15", id_no=older())

    with site.services.engine.read() as conn:
        assert site.services.patients.by_document(conn, "id_card", before.id_no) is None
        assert site.services.patients.by_document(conn, "id_card", older())[1] == case
    opened = site.woman("nurse", name="真正的持证人", id_no=before.id_no, handbook_no="SF-2026-0099")
    assert opened.pregnancy_id != case and now(site, opened.pregnancy_id)[1].id_no == before.id_no


@pytest.mark.parametrize(
    "changed, field",
    [
        ({"name": ""}, "name"),
        ({"id_no": "999999198806150010"}, "id_no"),
        ({"birth_date": "1988-06-16"}, "birth_date"),
        ({"birth_date": "2020-01-01", "id_type": "passport"}, "birth_date"),
        ({"id_type": "x"}, "id_type"),
        ({"name": "乙", "reason": ""}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(site, case, changed, field):
    answer = site.post(f"/pregnancies/{case}/identity", "nurse", **fields(site, case, **changed))

    assert answer.status_code == 422 and f'href="#{field}"' in answer.text
    assert_sound(answer)


def test_the_same_over_http_and_no_name_in_the_audit(site, case):
    client, people = site.app.test_client(), site.services.people
    headers = {"Authorization": f"Bearer {people.issue_token(account=people.account('nurse')).access_token}"}
    url = f"/api/pregnancies/{case}/corrections/identity"
    body = fields(site, case, name="改名乙")

    dry = client.post(url, json={**body, "dry_run": True}, headers=headers)
    assert (dry.status_code, dry.json["noted"]["fields"]) == (200, ["name"])
    assert now(site, case)[1].name != "改名乙"
    assert client.post(url, json=body, headers=headers).status_code == 200
    (row,) = [row for row in people.newest(subject_id=case) if row["action"] == "correct-identity"]
    assert "改名乙" not in str(row)
    assert site.post(f"/pregnancies/{case}/identity", "nurse2", **body).status_code == 404


def test_in_a_browser_a_nurse_corrects_a_name(site, chromium, case):
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("nurse", site.passwords["nurse"])
        person.goto(f"/pregnancies/{case}/identity")
        person.page.fill("#name", "改名丙")
        person.page.fill("#reason", "typed wrongly")
        person.page.get_by_role("button", name="Show the effect first").click()
        expect(person.page.locator("#effect")).to_be_visible()
        person.check()
        person.page.get_by_role("button", name="Amend").click()
        expect(person.page.locator("h1")).to_contain_text("改名丙")
