"""Beneath a page's own questions the database narrows resources by organisation and label, as it does for FHIR."""

from __future__ import annotations

import pytest

from runtime.trials.databases import looking

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
