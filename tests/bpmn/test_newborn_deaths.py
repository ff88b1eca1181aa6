"""M-17: a newborn's death is reported whoever learns of it and when, and nobody visits a child who has died."""

from datetime import date, timedelta

from tests.bpmn.conftest import begin

REVIEW = "message_newborn_death_reported"  # begins P19
BORN = "2026-01-05T06:00:00+08:00"
TESTED = {"infections_tested": ["hiv", "syphilis", "hbv"], "infections": [], "edd": "2026-01-08"}


def born(*fetuses):
    return begin("newborns", {**TESTED, "born_at": BORN, "newborns": list(fetuses)}, date(2026, 1, 5))


def at_home(child):
    """A healthy child, cared for and screened in the hospital, whose mother has gone home."""
    child.complete("task_newborn_care", newborn_complication=False)
    child.advance(timedelta(days=2))
    child.complete("task_newborn_screening", rescreen=False)
    child.message("message_mother_home", {"discharged_at": "2026-01-08T10:00:00+08:00"})
    return child


def test_a_death_that_the_home_visit_learns_of_is_reported():
    child = at_home(born({"order": 1, "outcome": "live_birth", "weight_g": 3250}))
    child.advance(date(2026, 1, 12))

    child.complete("task_newborn_visit", newborn_contact="died", contact_reason="呛奶")

    assert child.open() == ["task_report_newborn_death"] and REVIEW not in child.sent
    child.complete("task_report_newborn_death")
    assert REVIEW in child.sent


def test_a_death_told_between_two_visits_is_reported_and_the_month_visit_does_not_come():
    child = at_home(born({"order": 1, "outcome": "live_birth", "weight_g": 3250}))
    child.complete("task_newborn_visit", newborn_contact="met")
    child.advance(date(2026, 1, 20))

    child.message("message_newborn_died", {"reason": "肺炎"}, key="p-1/1")

    assert child.open() == ["task_report_newborn_death"]
    child.advance(date(2026, 3, 1))
    assert child.open() == ["task_report_newborn_death"]


def test_a_newborn_death_on_the_birth_record_is_reported_and_the_living_twin_is_cared_for():
    twins = born({"order": 1, "outcome": "live_birth"}, {"order": 2, "outcome": "neonatal_death"})

    assert twins.open() == ["task_newborn_care", "task_report_newborn_death"]
    twins.complete("task_report_newborn_death")
    at_home(twins)
    assert twins.open() == ["task_newborn_visit"]


def test_a_child_who_lives_is_done_with_after_42_days():
    child = at_home(born({"order": 1, "outcome": "live_birth", "weight_g": 3250}))
    child.complete("task_newborn_visit", newborn_contact="met")
    child.advance(date(2026, 2, 2))
    child.complete("task_newborn_month_visit", newborn_contact="met")
    child.advance(date(2026, 2, 17))

    assert (child.open(), child.status) == ([], "completed")
