"""「未见异常」 beside values that are not: asked about once more by their names, and taken when somebody says so."""

import pytest

from tests.web.conftest import example
from tests.web.test_task_page import as_form


def submit(site, element, form, **answers):
    task = site.task(element)
    confirmed = answers.pop("_confirm", [])
    sent = as_form({**example(form), **answers}) | {"_confirm": confirmed}
    return task, site.post(f"/tasks/{task.id}", "nurse", revision=str(task.revision), **sent)


@pytest.mark.parametrize(
    ("answers", "named"), [({"sbp": 150, "dbp": 70}, "A-1"), ({"hb": 78}, "A-4"), ({"urine_protein": "2+"}, "A-3")]
)
def test_a_first_visit_that_found_something_does_not_conclude_that_it_found_nothing_unasked(site, answers, named):
    task, asked = submit(site, "task_first_visit", "anc-first", overall="normal", **answers)

    assert asked.status_code == 422 and f"（{named}）" in asked.text and "不符，请核对" in asked.text
    assert site.stored(task.id).is_open
    assert "处请核对：无误的在该处勾选" in asked.text and 'href="#f-overall"' in asked.text  # not somewhere below

    _, taken = submit(
        site, "task_first_visit", "anc-first", overall="normal", **answers, _confirm=["overall", "dbp", "hb"]
    )
    assert taken.status_code == 303


def test_a_visit_dated_before_her_last_period_is_asked_about_by_both_dates_and_taken_when_it_is_right(site):
    task, asked = submit(site, "task_first_visit", "anc-first", filled_on="2025-01-05")

    assert asked.status_code == 422 and 'href="#f-filled_on"' in asked.text
    assert "2025-01-05 早于她的末次月经 2025-11-03，请核对年份和日期" in asked.text and site.stored(task.id).is_open

    _, taken = submit(site, "task_first_visit", "anc-first", filled_on="2025-01-05", _confirm=["filled_on"])
    assert taken.status_code == 303


def test_it_asks_nothing_where_the_conclusion_names_it_or_nothing_was_found(site):
    text = {"overall": "abnormal", "overall_text": "血压偏高"}

    assert submit(site, "task_first_visit", "anc-first", sbp=150, dbp=95, **text)[1].status_code == 303
