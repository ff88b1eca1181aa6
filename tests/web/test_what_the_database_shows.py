"""Beneath a page's own questions the database narrows resources by organisation and label, as it does for FHIR."""

from __future__ import annotations

import pytest

from api.operations import inspection
from api.pregnancies import summary
from api.tasks import listing
from runtime.trials.databases import looking
from workflows import task_access

PAGES = ("", "/results", "/label")


@pytest.fixture
def hers(site):
    """A woman of the first township, by name."""
    task = site.task("task_screen")
    return f"/pregnancies/{task.business_key}"


def forget_the_area(site):
    """As if the application let somebody in of whom the database knows nothing."""
    with looking(site.services.pool) as conn:
        assert conn.execute("DELETE FROM patient_area WHERE organisation_id = 'org-twn-1'").rowcount > 0


def test_her_pages_show_who_she_is_to_those_who_look_after_her(site, hers):
    name = site.get(hers, "nurse").text

    assert "测试" in name and "未登记姓名" not in name
    assert "测试" in site.get(f"{hers}/results", "nurse").text
    found = site.post("/search", "nurse", q="测试")
    assert "测试甲" in found.text and "测试乙" not in found.text


def test_what_a_page_forgets_to_ask_the_database_asks(site, hers):
    forget_the_area(site)

    for page in PAGES:
        shown = site.get(f"{hers}{page}", "nurse")
        assert shown.status_code == 200 and "测试" not in shown.text, page
    assert "测试甲" not in site.post("/search", "nurse", q="测试").text


def test_a_task_that_came_from_elsewhere_is_filled_in_all_the_same(site):
    """Who is asked to work on a woman sees what that work needs: the task decides, not the area."""
    task = site.task("task_screen")
    forget_the_area(site)

    assert site.get(f"/tasks/{task.id}", "nurse").status_code == 200


@pytest.fixture
def forgetful(monkeypatch):
    """As if the product asked nobody whether a task or a case is theirs."""
    monkeypatch.setattr(task_access, "may_see", lambda *_: True)
    monkeypatch.setattr(listing, "may_see", lambda *_: True)
    for place in (inspection, summary):
        monkeypatch.setattr(place, "may_read_woman", lambda *_: True)


def test_a_task_and_a_case_of_another_township_are_not_there_though_the_product_forgets_to_ask(site, forgetful):
    theirs = next(task for task in site.tasks() if task.organisation == "org-twn-2")
    places = (
        f"/api/user-tasks/{theirs.id}",
        f"/api/user-tasks/{theirs.id}/form",
        f"/api/user-tasks/{theirs.id}/comments",
        f"/api/instances/{theirs.instance_id}",
        f"/api/instances/{theirs.instance_id}/history",
        f"/api/pregnancies/{theirs.business_key}",
    )
    people, api = site.services.people, site.app.test_client()

    def asked(who, place):
        token = people.issue_token(account=people.account(who)).access_token
        return api.get(place, headers={"Authorization": f"Bearer {token}"})

    assert site.get(f"/tasks/{theirs.id}", "nurse").status_code == 404
    assert {place: asked("nurse", place).status_code for place in places} == dict.fromkeys(places, 404)
    assert asked("nurse", f"/api/user-tasks?pregnancy={theirs.business_key}").json["items"] == []
    for who in ("nurse2", "officer"):
        assert site.get(f"/tasks/{theirs.id}", who).status_code == 200
        assert {place: asked(who, place).status_code for place in places} == dict.fromkeys(places, 200)
