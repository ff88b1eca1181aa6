"""Who oversees, the medical affairs office first of all, sees and finishes what is meant for that role, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.commands.contracts import PublishMessage
from engine.store import reads
from tests.web.conftest import example
from tests.web.markup import assert_sound
from tests.web.test_duties_and_ladder import set_variables

SEE, CHASE = "task_see_result", "task_chase_result"
DEATH = "message_maternal_death"


def waiting(site, case):
    return {task.element_id.rpartition("/")[2]: task for task in site.tasks(business_key=case)}


@pytest.fixture
def case(site):
    """A yellow woman; the township enters a haemoglobin of 95 g/L from a paper, which is yellow too."""
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    set_variables(site, case, colour="yellow", purple=False, graded_at="2026-01-05T07:00:00+08:00")
    site.clock.set(site.clock() + timedelta(hours=2))
    said = {"name": "hb", "value": "95", "observed_at": "2026-01-05 09:30", "reason": "外院纸质报告"}
    confirmed = "|".join(said[name] for name in ("name", "value", "observed_at"))
    answer = site.post(f"/pregnancies/{case}/results", "nurse", **said, confirmed=confirmed)
    assert answer.status_code == 303, answer.text
    return case


def test_t09_an_abnormal_result_that_was_entered_is_the_doctors_to_see_with_what_was_found(site, case):
    task = waiting(site, case)[SEE]
    assert (task.due_at.isoformat(), task.organisation) == ("2026-01-06T01:30:00+00:00", "org-hospital")

    page = site.get(f"/tasks/{task.id}", "doctor")

    assert_sound(page)
    assert "看异常结果" in page.text and "A-4 血红蛋白 &lt;110 g/L" in page.text
    for who, status in (("medical", 403), ("nurse", 403)):
        assert site.post(f"/tasks/{task.id}", who, result_action="seen").status_code == status, who
    assert site.post(f"/tasks/{task.id}", "doctor", result_action="seen").status_code == 303
    assert SEE not in waiting(site, case)


def test_t09_unseen_after_24_hours_the_medical_office_finishes_its_task_and_the_doctors_stays(site, case):
    site.services.timekeeper.advance_to(waiting(site, case)[SEE].due_at + timedelta(minutes=1))

    task = waiting(site, case)[CHASE]

    listed = site.get("/tasks", "medical")
    assert_sound(listed)
    assert str(task.id) in listed.text and str(task.id) not in site.get("/tasks", "midwife").text
    page = site.get(f"/tasks/{task.id}", "medical")
    assert_sound(page)
    assert "督办异常结果" in page.text and "A-4" not in page.text
    answers = {**example("urging-note"), "contacted_on": "2026-01-06"}
    assert site.post(f"/tasks/{task.id}", "doctor", **answers).status_code == 403
    assert site.post(f"/tasks/{task.id}", "medical", **answers).status_code == 303
    assert set(waiting(site, case)) >= {SEE} and CHASE not in waiting(site, case)


def test_t12_without_a_conclusion_the_medical_office_or_the_county_officer_urges_and_nobody_else(site):
    case = site.task("task_screen").business_key
    site.complete("task_screen", "nurse", "risk-screening")
    asked = PublishMessage(name="message_suitability_requested", key=case, payload={})
    site.services.engine.execute(asked, by=site.principal("doctor").actor)
    site.services.timekeeper.advance_to(site.clock() + timedelta(days=3, minutes=1))
    task = waiting(site, case)["task_urge_suitability"]
    assert (set(task.candidate_roles), task.organisation) == ({"R-MED", "R-PM-F"}, "org-hospital")

    for who in ("medical", "officer"):
        assert str(task.id) in site.get("/tasks", who).text, who
    answers = {**example("urging-note"), "contacted_on": "2026-01-08"}
    for who in ("doctor", "senior", "data", "director", "county"):
        assert site.post(f"/tasks/{task.id}", who, **answers).status_code == 403, who
    assert site.post(f"/tasks/{task.id}", "medical", **answers).status_code == 303
    assert "task_urge_suitability" not in waiting(site, case)
    assert "task_assess_suitability" in waiting(site, case)


def test_who_oversees_begins_nothing_and_writes_nothing_of_a_woman(site):
    case = site.task("task_screen").business_key

    for who in ("medical", "data", "director", "safety"):
        for path in (f"/pregnancies/{case}/results", f"/pregnancies/{case}/dates", "/pregnancies/new", "/register"):
            assert site.get(path, who).status_code in (403, 404), (who, path)
        assert site.post(f"/tasks/{site.task('task_screen').id}", who).status_code in (403, 404), who


def test_t19a_a_death_not_reported_is_urged_by_those_who_oversee_the_institution_and_by_nobody_else_in_it(site):
    first = site.task("task_screen")
    with site.services.engine.read() as conn:
        known = reads.instance_by_business_key(conn, site.services.region_id, "pregnancy_journey", first.business_key)
    names = (
        "pregnancy_id",
        "patient_id",
        "home_organisation",
        "hospital_organisation",
        "county_organisation",
        "policy",
    )
    payload = {name: known.variables.get(name) for name in names} | {"ended_on": "2026-01-05"}
    told = PublishMessage(name=DEATH, key=first.business_key, payload=payload)
    site.services.engine.execute(told, by=site.principal("doctor").actor)
    site.services.timekeeper.advance_to(site.clock() + timedelta(days=3))

    urge = waiting(site, first.business_key)["task_urge_death"]

    for who in ("medical", "director", "officer"):
        page = site.get(f"/tasks/{urge.id}", who)
        assert_sound(page)
        assert page.status_code == 200 and "催报与核实" in page.text, who
    answers = {**example("death-note"), "contacted_on": "2026-01-08"}
    for who in ("data", "midwife", "doctor", "nurse"):
        assert site.post(f"/tasks/{urge.id}", who, **answers).status_code in (403, 404), who
    assert site.post(f"/tasks/{urge.id}", "director", **answers).status_code == 303
