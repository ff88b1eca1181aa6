"""Her case ends, mostly by her death, before the record of the birth is complete: her child is told of all the same."""

from datetime import date, datetime

import pytest

from engine.clock import CHINA
from tests.bpmn.test_births_outside import ALIVE, owner, said
from tests.bpmn.test_green_woman import screened_negative
from workflows import routing

DIED = {"end_code": "ended.maternal_death", "ended_on": "2026-08-09"}
BIRTH = {"message_births_recorded", "message_mother_home"}


def pregnant(at=datetime(2026, 8, 9, 9, tzinfo=CHINA)):
    woman = screened_negative()
    woman.advance(at)
    return woman


def delivered(**told):
    """The hospital told that she gave birth, and no more."""
    woman = pregnant()
    woman.message("message_delivered", {"delivered_on": "2026-08-09", **told})
    return woman


def test_she_dies_while_the_ward_still_owes_the_record_and_the_ward_goes_on_owing_it():
    woman = delivered()
    assert woman.open() == ["task_complete_delivery"]

    woman.message("message_end_confirmed", DIED)

    assert woman.open() == ["task_close_case", "task_complete_birth"]
    assert "message_maternal_death" in woman.sent, "the report and review of her death wait for nothing"
    assert owner(woman, "task_complete_birth") == (["R-MIDW", "R-OB"], "org-hospital")
    assert woman.due("task_complete_birth").date() == date(2026, 8, 9)
    assert not BIRTH & set(woman.sent)

    woman.complete("task_complete_birth", **said(ALIVE, delivery_place="hospital", maternal_outcome="died"))

    assert set(woman.sent) >= BIRTH and woman.sent.count("message_births_recorded") == 1
    assert woman.variables["fetuses"][0]["outcome"] == "live_birth"
    assert (woman.variables["end_code"], woman.variables["ended_on"]) == ("ended.maternal_death", "2026-08-09")


def test_the_end_of_her_case_does_not_take_the_record_of_the_birth_with_it():
    woman = delivered()
    woman.message("message_end_confirmed", DIED)

    woman.complete("task_close_case", end_code="ended.maternal_death")

    assert (woman.open(), woman.status) == (["task_complete_birth"], "active")
    woman.complete("task_complete_birth", **said(ALIVE, delivery_place="hospital", maternal_outcome="died"))
    assert woman.status == "completed"


def test_what_the_hospital_had_told_is_told_once():
    woman = delivered(fetuses=[ALIVE])
    woman.message("message_end_confirmed", DIED)

    assert woman.open() == ["task_close_case"] and woman.sent.count("message_births_recorded") == 1
    woman.message("message_delivered", {"delivered_on": "2026-08-09", "fetuses": [ALIVE]})
    assert woman.sent.count("message_births_recorded") == 1 and woman.open() == ["task_close_case"]


@pytest.mark.parametrize("end", ["ended.maternal_death", "lost", "refused", "moved.out"])
def test_a_birth_that_is_told_after_the_end_is_taken_up(end):
    woman = pregnant()
    woman.message("message_end_confirmed", {**DIED, "end_code": end})
    before = woman.open()

    woman.message("message_delivered", {"delivered_on": "2026-08-09", "fetuses": [ALIVE]})

    assert set(woman.sent) >= BIRTH and woman.open() == before
    assert (woman.variables["delivered_on"], woman.variables["outcome"]) == ("2026-08-09", "live_birth")


def test_a_birth_told_after_the_end_without_outcomes_is_completed_by_the_ward():
    woman = pregnant()
    woman.message("message_end_confirmed", DIED)

    woman.message("message_delivered", {"delivered_on": "2026-08-09"})

    assert woman.open() == ["task_close_case", "task_complete_birth"]
    woman.complete("task_complete_birth", **said(ALIVE, delivery_place="hospital", maternal_outcome="died"))
    assert set(woman.sent) >= BIRTH


@pytest.mark.parametrize("end", ["ended.abortion", "void", "closed.recovered"])
def test_where_there_can_be_no_birth_none_is_taken_up(end):
    woman = pregnant()
    woman.message("message_end_confirmed", {**DIED, "end_code": end})

    woman.message("message_delivered", {"delivered_on": "2026-08-09", "fetuses": [ALIVE]})

    assert not BIRTH & set(woman.sent) and woman.variables.get("delivered_on") is None


def test_a_stillborn_child_is_counted_and_nobody_is_sent_to_visit_it():
    woman = delivered()
    woman.message("message_end_confirmed", DIED)

    dead = {**ALIVE, "outcome": "stillbirth_intrapartum"}
    woman.complete("task_complete_birth", **said(dead, delivery_place="hospital", maternal_outcome="died"))

    assert woman.variables["outcome"] == "stillbirth" and "message_births_recorded" in woman.sent


@pytest.mark.parametrize(("outside", "roles", "place"),
                         [(True, ["R-MCHW"], "org-twn-1"), (False, ["R-MIDW", "R-OB"], "org-hospital")])  # fmt: skip
def test_she_died_before_anybody_told_of_the_birth_and_whoever_closes_says_so(outside, roles, place):
    woman = pregnant()
    woman.message("message_end_confirmed", DIED)
    assert woman.due("task_close_case").date() == date(2026, 8, 9), "a child cannot wait for three days"

    answers = {**DIED, "born_before_death": True, "born_on": "2026-08-08", "born_outside": outside}
    woman.complete("task_close_case", **routing.BY_FORM["closure"](answers, {}, date(2026, 8, 9)))

    assert woman.open() == ["task_complete_birth"] and woman.status == "active"
    assert owner(woman, "task_complete_birth") == (roles, place)
    place = "home" if outside else "hospital"
    woman.complete("task_complete_birth", **said(ALIVE, delivery_place=place, maternal_outcome="died"))
    assert set(woman.sent) >= BIRTH and woman.status == "completed"
    assert (woman.variables["end_code"], woman.variables["ended_on"]) == ("ended.maternal_death", "2026-08-09")


def test_who_died_undelivered_is_closed_and_nothing_more_is_asked():
    woman = pregnant()
    woman.message("message_end_confirmed", DIED)

    answers = {**DIED, "born_before_death": False}
    woman.complete("task_close_case", **routing.BY_FORM["closure"](answers, {}, date(2026, 8, 9)))

    assert (woman.open(), woman.status) == ([], "completed") and not BIRTH & set(woman.sent)
