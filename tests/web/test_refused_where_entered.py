"""Impossible dates, a second open pregnancy, overlapping rules: refused where they are entered, in words that a nurse
uses, by page and over HTTP alike, and nothing is half done."""

from __future__ import annotations

import pytest

from tests.unit.dmn.tables import table
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_amendments import graded
from tests.web.test_task_page import as_form


def bearer(site, who):
    people = site.services.people
    return {"Authorization": f"Bearer {people.issue_token(account=people.account(who)).access_token}"}


def count(site):
    return len(site.tasks())


def register(site, **changes):
    answers = {**example("registration"), "id_no": "110101199003077598", "birth_date": "1990-03-07", **changes}
    return site.post("/register", "nurse", idempotency_key="r-1", **as_form(answers))


def finish(site, task, who, **changes):
    """The same answers from the page and over HTTP."""
    answers = {**example(task.form), **changes}
    page = site.post(f"/tasks/{task.id}", who, idempotency_key="f-1", revision=str(task.revision), **as_form(answers))
    path = f"/api/user-tasks/{task.id}/completion"
    return page, site.app.test_client().post(path, json={"answers": answers}, headers=bearer(site, who))


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"lmp": "2026-02-01"}, "lmp"),  # after today
        ({"lmp": "2025-01-01"}, "lmp"),  # longer ago than a pregnancy lasts
        ({"birth_date": "2019-03-07"}, "birth_date"),  # not the date in her number, and a child
        ({"gravidity": 1, "parity_vaginal": 3}, "parity"),  # more births than pregnancies
    ],
)
def test_a_registration_that_cannot_be_stands_at_its_field(site, changes, said):
    had = count(site)

    page = register(site, **changes)

    assert page.status_code == 422 and f'href="#f-{said}' in page.text
    assert_sound(page)
    assert count(site) == had


def test_a_second_open_pregnancy_is_refused_with_the_first_in_words(site):
    had = count(site)

    page = register(site, **{name: example("registration")[name] for name in ("id_no", "birth_date")})

    assert page.status_code == 409 and "已有在管妊娠" in page.text
    assert_sound(page)
    assert count(site) == had


@pytest.mark.parametrize("changes, field", [({"sbp": 500}, "sbp"), ({"dbp": 170}, "dbp"), ({"height": 12}, "height")])
def test_a_value_that_cannot_be_is_refused_by_page_and_over_http(site, changes, field):
    task = site.task("task_first_visit", "org-twn-2")

    page, http = finish(site, task, "nurse2", **changes)

    assert page.status_code == http.status_code == 422
    assert f'href="#f-{field}"' in page.text and field in {fault["path"] for fault in http.json["errors"]}
    assert site.stored(task.id).state != "completed"


def test_a_delivery_before_registration_is_refused_by_page_and_over_http(site):
    case = graded(site)
    task = next(t for t in site.tasks(business_key=case) if t.element_id == "task_record_delivery")

    page, http = finish(site, task, "midwife", delivered_at="2026-01-02T06:20:00+08:00")

    assert page.status_code == http.status_code == 422, http.text
    assert "早于建册日期" in page.text and '#f-delivered_at"' in page.text
    faults = {fault["path"]: fault["message"] for fault in http.json["errors"]}
    assert "registration" in faults["delivered_at"]["en"]
    assert site.stored(task.id).state != "completed"


def test_a_township_that_grades_is_refused_by_page_and_over_http(site):
    case = graded(site, o_1_2=True)
    body = {"graded_at": "x", "criteria": ["Y-1.1"], "reason": "x"}

    assert site.get(f"/pregnancies/{case}/grading", "nurse").status_code == 403
    path = f"/api/pregnancies/{case}/corrections/grading"
    assert site.app.test_client().post(path, json=body, headers=bearer(site, "nurse")).status_code == 403


def test_rules_that_overlap_are_refused_at_their_rule(site):
    number = {"types": {"x": "number", "r": "string"}}
    wrong = table(["x"], ["r"], [("< 10", '"low"'), ("< 5", '"lower"')], **number)

    answer = site.app.test_client().post("/api/definitions", data=wrong, headers=bearer(site, "designer"))

    assert answer.status_code == 422
    [fault] = [f for f in answer.json["errors"] if f["path"].endswith("d/2")]
    assert fault["message"]["zh"] and fault["message"]["en"]
