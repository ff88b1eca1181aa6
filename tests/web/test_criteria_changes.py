"""AC-34: a new version of the criteria table; open cases keep their result, and those it concerns are listed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from engine.commands.contracts import Deploy
from tests.web.conftest import example, served
from tests.web.markup import assert_sound
from tests.web.test_amendments import graded, variables
from tests.web.visitor import visitor
from workflows import completion, tables

TABLE = Path(tables.FOLDER) / "grading.dmn"


@pytest.fixture
def case(site):
    """A woman with a haemoglobin of 124, graded yellow by the first version."""
    return graded(site, y_1_1=True)


def publish(site):
    """The same table with anaemia from 130 g/L, an hour after what was there."""
    text, old = TABLE.read_text(encoding="utf-8"), "<text>[60..110)</text>"
    assert old in text
    site.services.timekeeper.advance_to(site.services.clock() + timedelta(hours=1))
    changed = text.replace(old, "<text>[60..130)</text>").encode()
    site.services.engine.execute(Deploy(files={"grading.dmn": changed}), by=site.principal("publisher").actor)


def test_ac34_open_cases_keep_their_result_and_those_the_new_version_sees_differently_are_listed(site, case):
    assert "没有受影响的个案" in site.get("/criteria-changes", "officer").text
    publish(site)

    page = site.get("/criteria-changes", "officer")
    assert_sound(page)
    assert f"/pregnancies/{case}" in page.text and "Y-2.6.2" in page.text
    assert (variables(site, case)["colour"], variables(site, case)["criteria"]) == ("yellow", ["Y-1.1"])

    people = site.services.people
    token = people.issue_token(account=people.account("doctor")).access_token
    listed = site.app.test_client().get(
        "/api/pregnancies/criteria-changes", headers={"Authorization": f"Bearer {token}"}
    )
    (mine,) = [one for one in listed.json["items"] if one["pregnancy_id"] == case]
    assert (mine["version"], mine["gained"], mine["lost"]) == (1, ["Y-2.6.2"], [])


def test_whoever_was_graded_by_the_new_version_is_not_listed(site):
    publish(site)
    case = graded(site, y_1_1=True)

    assert f"/pregnancies/{case}" not in site.get("/criteria-changes", "officer").text


@pytest.mark.parametrize("who", ["nurse", "village", "it"])
def test_the_list_is_for_the_county_and_for_doctors(shown, who):
    assert shown.get("/criteria-changes", who).status_code == 403


def test_in_a_browser_the_officer_reads_the_list(site, chromium, case):
    publish(site)
    with served(site) as base, visitor(chromium, base, lang="en") as person:
        person.sign_in("officer", site.passwords["officer"])
        person.goto("/criteria-changes")
        person.check()
        expect(person.page.locator("main table")).to_contain_text("Y-2.6.2")


@pytest.mark.parametrize("published", [False, True])
def test_ac34_at_her_next_visit_she_is_looked_at_by_the_new_version(site, published):
    case = graded(site, g_0=True)
    if published:
        publish(site)
    assert variables(site, case)["colour"] == "green"
    site.services.timekeeper.advance_to(site.services.clock() + timedelta(days=49))
    visit = next(task for task in site.tasks(business_key=case) if task.element_id.endswith("task_antenatal_visit"))
    grown = {"fundal_height": 16, "abdominal_circ": 82, "fhr": [142], "next_date": "2026-03-23"}
    answers = {**example("anc-visit"), **grown, "visit_date": "2026-02-23", "hb": 124}

    completion.complete(site.services, visit.id, by=site.principal("nurse"), answers=answers)

    asked = [task for task in site.tasks(business_key=case) if task.element_id.endswith("task_grade")]
    assert bool(asked) is published  # by the first version 124 g/L is nothing
    if asked:
        with site.services.engine.read() as conn:
            opened = completion.open_form(site.services, conn, asked[0], today=site.services.clock().date())
        assert opened.answers["y_2_6_2"] is True
        assert variables(site, case)["colour"] == "green"  # until a doctor signs
