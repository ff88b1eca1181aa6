"""Appointments over HL7 v2 (SIU): they answer the wish, are put off and called off in the order in which that was said,
and stand on her page."""

from __future__ import annotations

import pytest

from runtime.demo.logins import read_logins
from tests.fhir.test_inbound_rows import begin, is_open, started, wishes
from tests.inbound.messages import adt, header, joined, pid
from tests.inbound.test_hl7v2 import take
from tests.inbound.test_stays import codes, stay
from tests.web.conftest import csrf_of


def siu(event, day="20260120", *, number, at="20260105083000", reason="", place="产科门诊"):
    schedule = f"SCH|P1|F1||||{reason}|ANC^产检||||^^^{day}090000^{day}093000"
    parts = [header(f"SIU^{event}^SIU_S12", number, at=at), schedule, pid()]
    return joined(*parts, *([f"AIL|1||{place}"] if place else []))


def booked(hospital, woman):
    [found] = hospital.search(f"/Appointment?patient={woman.patient_id}&status=booked,cancelled,noshow")
    return found["status"], found.get("start", "")[:10]


def page(hospital, woman, who="officer", lang="zh"):
    client = hospital.app.test_client()
    form = {"login": who, "password": read_logins(hospital.settings.home)[who]}
    assert client.post("/sign-in", data={**form, "csrf": csrf_of(client.get("/sign-in"))}).status_code == 303
    client.set_cookie("yuntu_lang", lang)
    answer = client.get(f"/pregnancies/{woman.pregnancy_id}")
    assert answer.status_code == 200
    return answer.text


def test_a_booking_answers_the_wish_and_is_moved_and_called_off_on_her_page(hospital, receiver):
    woman = hospital.brings_in()
    waiting = wishes(hospital, woman)

    first = take(receiver, siu("S12", number="1"))
    assert (first.state, codes(first)) == ("understood", []) and not is_open(hospital, waiting)
    form = next(
        one
        for one in hospital.search(f"/QuestionnaireResponse?patient={woman.subject}")
        if "/appointment-answer" in one["questionnaire"]
    )
    said = {item["linkId"]: item["answer"][0] for item in form["item"]}
    assert said["booked_for"]["valueDateTime"] == "2026-01-20T09:00:00+08:00"
    assert said["booked_place"] == {"valueString": "产科门诊"}
    shown = page(hospital, woman)
    assert "医院的预约与就诊" in shown and "已约" in shown

    moved = take(receiver, siu("S14", "20260123", number="2", at="20260105100000"))
    assert codes(moved) == ["MCH-I-200"] and booked(hospital, woman) == ("booked", "2026-01-23")
    assert "2026-01-23" in page(hospital, woman)

    off = take(receiver, siu("S15", "20260123", number="3", at="20260106100000", reason="X^停诊"))
    assert codes(off) == [] and booked(hospital, woman) == ("cancelled", "2026-01-23")
    again = [task for task in started(hospital, woman, "appointment") if task.is_open]
    assert [task.element_id for task in again] == ["task_confirm_appointment"]
    assert "Called off" in page(hospital, woman, lang="en")


@pytest.mark.parametrize("events", [("S13", "S12"), ("S15", "S12"), ("S15", "S14")])
def test_news_of_an_appointment_that_come_late_change_nothing(hospital, receiver, events):
    woman = hospital.brings_in()
    take(receiver, siu(events[0], "20260123", number="2", at="20260105100000"))
    before = booked(hospital, woman)

    late = take(receiver, siu(events[1], number="1", at="20260105090000"))

    assert codes(late) == ["MCH-I-201"] and booked(hospital, woman) == before


def test_a_booking_that_nobody_wished_for_is_shown_and_says_that_it_changes_nothing(hospital, receiver):
    woman = hospital.brings_in()

    outcome = take(receiver, siu("S12", number="1"))

    assert codes(outcome) == ["MCH-I-200"] and "已约" in page(hospital, woman)


def test_a_visit_that_she_missed_is_traced(hospital, receiver):
    woman = hospital.brings_in()
    begin(hospital, woman, "antenatal_visits", colour="green", purple=False, visits=["2026-01-05"])
    take(receiver, siu("S12", number="1"))

    take(receiver, siu("S26", number="2", at="20260120180000"))

    waiting = [t.element_id for t in started(hospital, woman, "antenatal_visits") if t.is_open]
    assert [one for one in waiting if "trace" in one] == ["task_trace_village"]


def test_her_stay_and_its_wards_are_on_her_page_of_those_who_may_know_her(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, adt("A01", visit=stay(ward="MED^1^1"), number="1"))
    take(receiver, adt("A02", visit=stay(), number="2", at="20260105110000"))

    shown = page(hospital, woman)

    assert "MED-1-1 → OB-301-1" in shown and "住院分娩" in shown
