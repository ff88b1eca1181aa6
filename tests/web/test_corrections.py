"""A wrong last period, corrected by a nurse and settled by a doctor."""

from __future__ import annotations

import pytest

from engine.commands.contracts import SaveDraft, TerminateInstance
from engine.store import reads
from tests.web.conftest import example
from tests.web.markup import assert_sound
from workflows import completion


@pytest.fixture
def case(site):
    return next(
        t.business_key for t in site.tasks() if t.element_id != "task_register" and t.organisation == "org-twn-1"
    )


def edd_of(site, case):
    with site.services.engine.read() as conn:
        return reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", case).variables["edd"]


def test_the_effect_is_shown_before_it_is_done_and_nothing_moves_before_a_doctor_says_so(site, case):
    before, path = edd_of(site, case), f"/pregnancies/{case}/dates"
    assert_sound(site.get(path, "nurse"))

    shown = site.post(path, "nurse", lmp="2025-10-20", reason="农历换算错误")
    assert_sound(shown)
    html = shown.get_data(as_text=True)
    assert "将会改变" in html and before in html and "2026-07-27" in html
    assert not [t for t in site.tasks() if t.element_id == "task_confirm_edd"]

    sent = site.post(path, "nurse", lmp="2025-10-20", reason="农历换算错误", confirmed="2026-07-27")
    assert sent.status_code == 303
    (task,) = [t for t in site.tasks() if t.element_id == "task_confirm_edd"]
    assert (task.business_key, task.organisation, edd_of(site, case)) == (case, "org-hospital", before)
    assert "农历换算错误" in site.get(f"/tasks/{task.id}", "doctor").get_data(as_text=True)


def test_a_lunar_date_is_shown_with_its_day_and_the_doctor_reads_what_was_told(site, case):
    path = f"/pregnancies/{case}/dates"

    shown = site.post(path, "nurse", lmp="八月廿九", reason="她记的是农历")
    assert_sound(shown)
    assert "八月廿九 = 2025-10-20" in shown.text and "2026-07-27" in shown.text

    assert site.post(path, "nurse", lmp="八月廿九", reason="她记的是农历", confirmed="2026-07-27").status_code == 303
    (task,) = [t for t in site.tasks() if t.element_id == "task_confirm_edd"]
    told = site.get(f"/tasks/{task.id}", "doctor").text
    assert "她记的是农历（所述农历：八月廿九）" in told and "2025-10-20" in told
    no_such = site.post(path, "nurse", lmp="闰四月初三", reason="x")
    assert no_such.status_code == 422 and "没有这个农历日期" in no_such.text


def test_a_confirmation_of_another_effect_shows_the_effect_again(site, case):
    answer = site.post(f"/pregnancies/{case}/dates", "nurse", lmp="2025-10-20", reason="x", confirmed="2026-07-20")

    assert answer.status_code == 200 and "将会改变" in answer.get_data(as_text=True)
    assert not [t for t in site.tasks() if t.element_id == "task_confirm_edd"]


@pytest.mark.parametrize("fields", [{"lmp": "2026-02-01", "reason": "x"}, {"lmp": "2025-10-20", "reason": " "}, {}])
def test_what_cannot_be_is_refused_and_what_was_typed_stays(site, case, fields):
    answer = site.post(f"/pregnancies/{case}/dates", "nurse", **fields)

    assert answer.status_code == 422
    assert_sound(answer)
    assert fields.get("lmp", "") in answer.get_data(as_text=True)


def test_another_townships_woman_does_not_exist_and_a_reader_corrects_nothing(site, case):
    assert site.get(f"/pregnancies/{case}/dates", "nurse2").status_code == 404
    assert site.get(f"/pregnancies/{case}/dates", "county").status_code == 403


def redated(site, case):
    """A doctor settles another last period."""
    site.post(f"/pregnancies/{case}/dates", "nurse", lmp="2025-10-20", reason="x", confirmed="2026-07-27")
    task = site.task("task_confirm_edd", "org-hospital")
    settled = {"edd_confirmed": "2026-07-27", "confirmed_basis": "lmp", "lmp_corrected": "2025-10-20"}
    answers = {**example("edd-confirmation"), "edd_proposed": "2026-07-27", **settled}
    completion.complete(site.services, task.id, by=site.principal("doctor"), answers=answers)


def test_a_draft_goes_with_the_visit_that_another_due_date_plans_anew(site):
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    before = next(t for t in site.tasks(business_key=case) if t.element_id == "task_antenatal_visit")
    draft = SaveDraft(user_task_id=before.id, draft={"sbp": "118"})
    site.services.engine.execute(draft, by=site.principal("nurse").actor)

    redated(site, case)

    after = next(t for t in site.tasks(business_key=case) if t.element_id == "task_antenatal_visit")
    assert (site.stored(before.id).state, after.id == before.id, after.draft) == ("cancelled", False, {"sbp": "118"})
    page = site.get(f"/tasks/{after.id}", "nurse")
    assert_sound(page)
    assert 'value="118"' in page.text and "重新安排或交回之前填写" in page.text


def test_a_draft_whose_task_is_closed_for_good_is_read_by_whom_it_was_meant_for(site):
    task = site.task("task_first_visit")
    actor = site.principal("nurse").actor
    site.services.engine.execute(SaveDraft(user_task_id=task.id, draft={"sbp": "118"}), by=actor)
    site.services.engine.execute(TerminateInstance(instance_id=task.instance_id, reason="迁出"), by=actor)

    her_page, page = (site.get(path, "nurse") for path in (f"/pregnancies/{task.business_key}", f"/tasks/{task.id}"))
    assert_sound(her_page)
    assert_sound(page)
    assert "未提交的草稿" in her_page.text and f"/tasks/{task.id}" in her_page.text
    assert 'id="f-sbp">118' in page.text and "不是记录" in page.text and "data-draft-url" not in page.text
    assert 'id="f-sbp">118' not in site.get(f"/tasks/{task.id}", "officer").text
    assert "未提交的草稿" not in site.get(f"/pregnancies/{task.business_key}", "officer").text
