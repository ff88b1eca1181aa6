"""AC-23 on the pages: who learns of a birth at home first writes it down, and the township goes there the same day."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from engine.clock import CHINA
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_occasions import Case
from tests.web.test_task_page import as_form

NEWS = datetime(2026, 8, 6, 9, tzinfo=CHINA)
BIRTH = "2026-08-06T07:10:00+08:00"
CHILD = {"order": 1, "sex": "female", "birth_time": BIRTH, "weight_g": 3100, "outcome": "live_birth"}
AT_HOME = {"delivery_place": "home", "admitted_after": False, "attendant": "家人", "delivered_at": BIRTH}


@pytest.fixture
def case(site):
    """A woman at the end of her pregnancy."""
    found = Case(site)
    assert found.submits("task_screen", "nurse", "risk-screening").status_code == 303
    found.settle(seconds=(NEWS - site.clock()).total_seconds())
    return found


def records(case, who, key="b-1", **changes):
    known = {name: value for name, value in example("delivery").items() if name != "admitted_at"}
    answers = {**known, **AT_HOME, "fetus": [CHILD], **changes}
    sent = as_form({name: value for name, value in answers.items() if value is not None})
    return case.site.post(f"{case.page}/begin/birth", who, idempotency_key=key, **sent)


@pytest.mark.parametrize("who", ["village", "nurse"])
def test_ac23_the_village_doctor_or_the_nurse_records_a_birth_at_home_and_the_visit_is_due_today(case, site, who):
    page = site.get(f"{case.page}/begin/birth", who)
    assert_sound(page)
    assert f"{case.page}/begin/birth" in site.get(case.page, who).text

    unsaid = records(case, who, admitted_after=None)
    assert unsaid.status_code == 422 and "产后已住院" in unsaid.text
    assert records(case, who).status_code == 303
    assert records(case, who).status_code == 303  # the same click again

    case.settle()
    tasks = case.tasks()
    of_the_township = {"task_home_visit", "task_newborn_visit", "task_newborn_care", "task_observe_24h"}
    assert {name for name in of_the_township if tasks[name].organisation == "org-twn-1"} == of_the_township
    assert not {"task_record_discharge", "task_record_delivery", "task_acknowledge_discharge"} & tasks.keys()
    today = datetime(2026, 8, 6, 23, 59, 59, tzinfo=CHINA)
    assert tasks["task_home_visit"].due_at == tasks["task_newborn_visit"].due_at == today
    visit = site.get(f"/tasks/{tasks['task_newborn_visit'].id}", "nurse")
    assert_sound(visit)
    assert re.search(r'name="birth_institution"[^>]*value="无"|value="无"[^>]*name="birth_institution"', visit.text)
    assert records(case, who, key="b-2").status_code == 409  # it is recorded already


def test_the_ward_has_the_record_in_its_list_and_another_township_has_no_part_in_it(case, site):
    assert f"{case.page}/begin/birth" not in site.get(case.page, "midwife").text
    assert records(case, "midwife").status_code == 403
    assert records(case, "nurse2").status_code == 404
    assert "task_record_delivery" in case.tasks()


def test_a_woman_whose_registration_is_not_finished_is_named_as_the_reason(site):
    early = Case(site)  # her screening is open: no birth is waited for

    refused = records(early, "nurse", delivered_at="2026-01-05T07:10:00+08:00",
                      fetus=[{**CHILD, "birth_time": "2026-01-05T07:10:00+08:00"}])  # fmt: skip

    assert refused.status_code == 409 and "须先完成建册与筛查" in refused.text
