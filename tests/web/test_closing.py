"""§7.6: a case is closed as recovered when there was a birth, every fetus has an outcome, the 42-day check says so and
nothing of hers is unanswered; as dead only where it was reported dead."""

from __future__ import annotations

import pytest

from engine.store import reads
from tests.web.conftest import example
from tests.web.test_occasions import Case
from tests.web.test_task_page import as_form


@pytest.fixture
def lost(site):
    """A woman who was reported lost before the birth: her case waits for whoever closes it."""
    case = Case(site)
    answers = {**example("end-report"), "end_code": "lost", "ended_on": "2026-01-05"}
    assert site.post(f"{case.page}/begin/end", "nurse", idempotency_key="e-1", **as_form(answers)).status_code == 303
    return case


def closes(case, who="nurse", **changes):
    return case.submits(
        "task_close_case", who, "closure", **{"ended_on": "2026-01-05", "reason": "联系不上", **changes}
    )


def test_who_never_gave_birth_is_not_closed_as_recovered(lost):
    answer = closes(lost, end_code="closed.recovered")

    assert answer.status_code == 422
    assert "尚未登记分娩" in answer.text and "产后42天检查没有登记“已恢复”" in answer.text
    assert "task_close_case" in lost.tasks()


def test_an_unanswered_referral_is_named(lost):
    assert lost.begins("referral", "nurse", "transfer-request", key="r-1").status_code == 303

    assert "转诊结果反馈还没有办结" in closes(lost, end_code="closed.recovered").text


def test_a_death_is_reported_and_not_put_in_when_closing(lost):
    answer = closes(lost, end_code="ended.maternal_death", death_cause="不详")

    assert answer.status_code == 422 and "死亡评审由“报告结局”启动" in answer.text


def test_of_who_died_and_of_whom_no_birth_is_known_it_is_asked_whether_she_had_given_birth(site):
    case = Case(site)
    dead = {"end_code": "ended.maternal_death", "ended_on": "2026-01-05", "death_cause": "不详"}
    answers = {**example("end-report"), **dead}
    assert site.post(f"{case.page}/begin/end", "nurse", idempotency_key="e-1", **as_form(answers)).status_code == 303

    refused = closes(case, **dead)
    assert refused.status_code == 422 and "请核实她死亡前是否已分娩" in refused.text

    assert closes(case, **dead, born_before_death=True, born_on="2026-01-05").status_code == 303
    assert "task_complete_birth" in case.tasks()


def test_what_whoever_closes_puts_down_is_the_end_of_the_case(lost):
    assert closes(lost, end_code="refused", refusal_signed=True).status_code == 303

    assert "task_close_case" not in lost.tasks()
    assert "task_list_lost" not in lost.tasks()
    with lost.site.services.engine.read() as conn:
        she = reads.instance_by_business_key(conn, lost.site.services.region_id, "pregnancy_journey", lost.id)
    assert (she.status, she.variables["end_code"]) == ("completed", "refused")
