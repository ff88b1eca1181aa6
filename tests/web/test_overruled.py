"""A screening item that the data show and the screener does not tick: not without a reason, which the grading reads."""

from datetime import datetime

import pytest

from engine.errors import Incorrect
from tests.web.conftest import example
from tests.web.test_task_page import as_form
from workflows import completion
from workflows.forms import forms_on_disk
from workflows.overruled import of_answers

LOW_HB = {"name": "hb", "value": "78", "observed_at": "2026-01-05 08:30", "reason": "外院纸质报告"}
WHY = "检验单姓名不符，已复查"


@pytest.fixture
def task(site):
    """To screen a woman whose haemoglobin is 78 g/L."""
    task = site.task("task_screen")
    site.services.timekeeper.advance_to(datetime.fromisoformat("2026-01-05T09:00:00+08:00"))
    said = "|".join(LOW_HB[name] for name in ("name", "value", "observed_at"))
    entered = site.post(f"/pregnancies/{task.business_key}/results", "nurse", **LOW_HB, confirmed=said)
    assert entered.status_code == 303
    return site.stored(task.id)


def complete(site, task, **answers):
    by = site.principal("nurse")
    return completion.complete(site.services, task.id, by=by, answers={**example("risk-screening"), **answers})


def test_it_is_refused_without_a_reason_at_the_field_that_asks_for_it(site, task):
    for answer in ("no", "unknown"):
        with pytest.raises(Incorrect) as refused:
            complete(site, task, s_6_1=answer)
        assert [fault.path for fault in refused.value.faults] == ["s_6_1_why"]


def test_the_page_says_where_the_reason_is_missing(site, task):
    sent = as_form({**example("risk-screening"), "s_6_1": "no"})

    refused = site.post(f"/tasks/{task.id}", "nurse", revision=str(task.revision), **sent)

    assert refused.status_code == 422 and "s_6_1_why" in refused.text
    assert "血红蛋白 &lt;110 g/L：已有数据显示为“是”，不认可的理由" in refused.text


def test_the_page_asks_for_it_and_keeps_what_was_typed(site, task):
    sent = {**example("risk-screening"), "s_6_1": "no", "screening_note": "已电话核实"}

    with site.services.engine.read() as conn:
        state = completion.evaluate(site.services, conn, task, sent, now=site.services.clock())

    assert state["enabled"]["s_6_1_why"] and not state["enabled"]["s_6_2_why"]
    assert ("s_6_1_why", "required") in [(fault["path"], fault["code"]) for fault in state["faults"]]


def test_the_reason_is_on_record_and_the_grading_doctor_reads_it(site, task):
    complete(site, task, s_6_1="no", s_6_1_why=WHY)

    with site.services.engine.read() as conn:
        response = site.services.patients.response_to(conn, task.id, restricted=True)
        form = site.services.forms.get("risk-screening", task.form_version, conn=conn)
    assert form.answers_from_response(dict(response))["s_6_1_why"] == WHY
    grading = next(one for one in site.tasks(business_key=task.business_key) if one.element_id == "task_grade")
    with site.services.engine.read() as conn:
        opened = completion.open_form(site.services, conn, grading, today=site.services.clock().date())
    (line,) = [line for line in opened.answers["raised_by"] if line.startswith("S-6.1 ")]
    assert "筛查者填“否”" in line and WHY in line


def test_who_agrees_with_the_data_is_asked_for_nothing_and_the_slip_is_filled_in(site, task):
    complete(site, task, s_6_1="yes")

    assert site.stored(task.id).state == "completed"
    slip = next(one for one in site.tasks(business_key=task.business_key) if one.element_id == "task_refer_positive")
    with site.services.engine.read() as conn:
        opened = completion.open_form(site.services, conn, slip, today=site.services.clock().date())
    assert opened.answers["sender_org"] == site.services.people.organisations()["org-twn-1"].name
    assert opened.answers["positive_items"] == ["S-6.1 血红蛋白 <110 g/L"]


def test_why_an_infection_does_not_stand_is_not_carried_on():
    said = {"s_6_3": "no", "s_6_3_why": "假阳性", "s_7_1_5": "unknown", "s_7_1_5_why": "袖带不合适"}

    (line,) = of_answers(forms_on_disk()["risk-screening"], said)

    assert line.startswith("S-7.1.5 ") and "“不详”" in line
