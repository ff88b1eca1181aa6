"""AC-23 and the cases beside it: births at home and on the way, on the diagrams, from what the form says."""

from datetime import date, datetime

import pytest

from engine.clock import CHINA
from tests.bpmn.conftest import begin
from tests.bpmn.test_green_woman import screened_negative
from workflows import prefill, routing

BIRTH = date(2026, 8, 8)
BORN = "2026-08-08T06:20:00+08:00"
HOME = {"delivery_place": "home", "admitted_after": False}
ALIVE = {"order": 1, "outcome": "live_birth", "sex": "female", "weight_g": 3100}


def said(*children, **answers):
    """What the delivery record means for the course."""
    facts = {"edd_final": "2026-08-10"}
    given = {"delivered_at": BORN, "maternal_outcome": "alive", "fetus": children or (ALIVE,), **answers}
    return routing.BY_FORM["delivery"](given, facts, BIRTH)


def recorded(*children, at=datetime(2026, 8, 8, 9, tzinfo=CHINA), **answers):
    woman = screened_negative()
    woman.advance(at)
    woman.complete("task_record_delivery", **said(*children, **answers))
    return woman


def told(process, **variables):
    """A process that the delivery begins, at the hour of the record."""
    born = {"delivered_at": BORN, "delivered_on": "2026-08-08", "born_at": BORN, "edd": "2026-08-10", "infections": []}
    return begin(process, {**born, "born_outside": True, "newborns": [ALIVE], "newborn": ALIVE, **variables}, BIRTH)


def institution_of(*children):
    """What the newborn's form proposes."""
    return prefill.BY_FORM["newborn-visit"]({}, {"newborns": list(children)}, BIRTH)["birth_institution"]


def owner(course, element):
    data = course.task(element).data
    return data["candidate_roles"], data["organisation"]


def test_ac23_she_is_visited_at_home_before_the_day_of_birth_ends_and_no_ward_is_asked():
    woman = recorded(**HOME)

    assert woman.open() == ["task_home_visit"]  # no discharge to record, none to trace
    assert owner(woman, "task_home_visit") == (["R-MCHW"], "org-twn-1")
    assert woman.due("task_home_visit") == datetime(2026, 8, 8, 23, 59, 59, tzinfo=CHINA)
    assert {"message_births_recorded", "message_birth_told", "message_mother_home"} <= set(woman.sent)
    woman.advance(date(2026, 8, 9))
    assert owner(woman, "task_trace_home_visit") == (["R-PM-F"], "org-mch")


def test_the_visit_goes_to_the_township_where_she_rests():
    woman = screened_negative()
    woman.advance(datetime(2026, 8, 8, 9, tzinfo=CHINA))
    woman.complete("task_record_delivery", **said(**HOME), postpartum_organisation="org-twn-2")

    assert owner(woman, "task_home_visit") == (["R-MCHW"], "org-twn-2")


def test_a_birth_that_becomes_known_days_later_is_due_then_and_no_clock_runs_in_the_past():
    known = datetime(2026, 8, 11, 15, 30, tzinfo=CHINA)
    woman = recorded(at=known, **HOME)

    assert woman.due("task_home_visit") == known
    woman.advance(known)
    assert "task_trace_home_visit" in woman.open()  # late from when it became known
    assert told("birth_care").open() == ["task_observe_24h"]
    assert begin("birth_care", {"delivered_at": BORN, "born_outside": True}, known.date()).open() == []


@pytest.mark.parametrize("place", ["home", "on_the_way", "village", "other"])
def test_a_woman_who_is_admitted_afterwards_has_a_ward_and_a_discharge(place):
    woman = recorded(delivery_place=place, admitted_after=True)

    assert woman.open() == ["task_record_discharge"]
    assert woman.variables["born_outside"] is False


def test_of_twins_one_born_at_home_and_one_in_hospital_only_the_first_has_no_institution():
    first = {**ALIVE, "birth_place": "home"}
    woman = recorded(first, {**ALIVE, "order": 2}, delivery_place="county_hospital")

    assert woman.open() == ["task_record_discharge"]
    first, second = woman.variables["fetuses"]
    assert institution_of(first) == "无"
    assert institution_of(second) is None
    assert institution_of(first, second) is None  # of twins the person says which


def test_a_stillbirth_at_home_is_visited_and_nothing_asks_about_a_child():
    woman = recorded({"order": 1, "outcome": "stillbirth_intrapartum"}, **HOME)

    assert woman.variables["outcome"] == "stillbirth" and woman.open() == ["task_home_visit"]
    assert told("newborns", newborns=[]).status == "completed"


def test_the_death_of_the_mother_at_home_reminds_nobody_of_her_and_her_child_is_cared_for():
    woman = recorded(**HOME, maternal_outcome="died")

    assert woman.open() == ["task_close_case"] and woman.timers() == {}
    assert {"message_maternal_death", "message_births_recorded", "message_mother_home"} <= set(woman.sent)


def test_where_nobody_lives_no_child_is_told_of():
    woman = recorded({"order": 1, "outcome": "stillbirth_intrapartum"}, **HOME, maternal_outcome="died")

    assert woman.open() == ["task_close_case"] and woman.timers() == {}
    assert not {"message_births_recorded", "message_mother_home"} & set(woman.sent)


def test_the_township_sees_to_the_child_and_its_windows_count_from_birth():
    child = told("newborn_care")
    assert owner(child, "task_newborn_care") == (["R-MCHW"], "org-twn-1")
    assert child.due("task_newborn_care") == datetime(2026, 8, 9, 6, 20, tzinfo=CHINA)
    child.complete("task_newborn_care", weight_g=3100)
    assert child.timers()["timer_screen"] == datetime(2026, 8, 10, 6, 20, tzinfo=CHINA)
    child.advance(date(2026, 8, 10))
    assert owner(child, "task_newborn_screening") == (["R-MCHW"], "org-twn-1")

    ward = told("newborn_care", born_outside=False)
    assert owner(ward, "task_newborn_care") == (["R-MIDW"], "org-hospital")


def test_rapid_tests_and_the_first_dose_of_an_exposed_child_have_an_owner_where_no_ward_is():
    births = told("newborns", infections_tested=[])
    assert owner(births, "task_pmtct_rapid") == (["R-MCHW"], "org-twn-1")

    exposed = told("pmtct_child", infections=["hbv"], window={"hbig": {"closes": "PT12H"}})
    assert owner(exposed, "task_pmtct_child_hbig") == (["R-MCHW"], "org-twn-1")
    assert exposed.due("task_pmtct_child_hbig") == datetime(2026, 8, 8, 18, 20, tzinfo=CHINA)


def test_tracing_that_finds_a_birth_outside_leaves_the_record_with_the_township():
    woman = screened_negative()
    woman.advance(date(2026, 8, 18))
    traced = {"contact_result": "delivered", "delivered_on": "2026-08-08", "delivered_where": "outside"}
    woman.complete("task_trace_outcome", **routing.BY_FORM["tracing"](traced, {}, woman.now.date()))

    assert owner(woman, "task_complete_delivery") == (["R-MCHW"], "org-twn-1")
    woman.complete("task_complete_delivery", **said(**HOME))
    assert woman.due("task_home_visit") == woman.now


@pytest.mark.parametrize(
    ("children", "is_told"),
    [([ALIVE], True), ([ALIVE | {"outcome": "stillbirth_intrapartum"}], False)],
    ids=["live", "stillborn"],
)
def test_the_death_of_the_mother_in_the_ward_lets_the_visits_to_her_child_begin(children, is_told):
    woman = recorded(*children, delivery_place="hospital")
    assert woman.open() == ["task_record_discharge"] and "message_mother_home" not in woman.sent

    woman.message("message_end_confirmed", {"end_code": "ended.maternal_death", "ended_on": "2026-08-10"})

    assert woman.open() == ["task_close_case"]
    assert ("message_mother_home" in woman.sent) is is_told
