"""M-20: reminders to women, from the engine to whoever sends them, seven days and one day before a visit."""

from __future__ import annotations

import re

import pytest

from tests.api.test_indicators import a_case

VISIT = [("task_antenatal_visit", None, "2026-02-10")]
WORDS = re.compile("高危|橙|红色|紫|梅毒|艾滋|乙肝|流产|糖尿|血压|风险|异常|risk|HIV|syphilis", re.IGNORECASE)


def asked(county, on, who="officer"):
    answer = county.ask("GET", f"/api/reminders?on={on}", who)
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def test_m20_a_woman_is_reminded_seven_days_and_one_day_before_with_date_place_and_what_to_bring(county):
    case = a_case(county, tasks=VISIT, patient_id="p-1", colour="red", purple=True, infections=["syphilis"])

    for on in ("2026-02-03", "2026-02-09"):
        (one,) = asked(county, on)
        assert (one["pregnancy_id"], one["patient"], one["due_on"]) == (case, "p-1", "2026-02-10")
        assert all(word in one["text"]["zh"] for word in ("2026-02-10", "示范县人民医院", "身份证"))
        assert not WORDS.search(one["text"]["zh"] + one["text"]["en"])
        assert asked(county, on) == [one]  # the same id: what was sent is not sent again
    assert [asked(county, on) for on in ("2026-02-02", "2026-02-08", "2026-02-10")] == [[], [], []]


@pytest.mark.parametrize(
    "ended",
    [
        {"end_code": "ended.maternal_death", "ended_on": "2026-01-30"},
        {"end_code": "ended.abortion", "ended_on": "2026-01-30"},
        {"outcome": "stillbirth"},
        {"outcome": "mixed", "fetuses": [{"outcome": "live_birth"}, {"outcome": "stillbirth"}]},
        {"outcome": "live_birth", "fetuses": [{"outcome": "neonatal_death"}]},
    ],
)
def test_m20_nobody_is_reminded_after_a_death_or_a_loss(county, ended):
    a_case(county, tasks=[*VISIT, ("task_check_42d", None, "2026-02-10")], patient_id="p-1", **ended)

    assert asked(county, "2026-02-09") == []


def test_m20_a_mother_whose_newborn_died_later_is_not_reminded(county):
    case = a_case(county, tasks=VISIT, patient_id="p-1")
    assert len(asked(county, "2026-02-09")) == 1

    a_case(county, process="newborns", about=case, tasks=[("task_report_newborn_death", None, "2026-02-09")])

    assert asked(county, "2026-02-09") == []


def test_m20_is_for_the_system_that_sends_and_for_the_county(county):
    assert county.ask("GET", "/api/reminders", "nurse").status_code == 403
    assert county.ask("GET", "/api/reminders?on=soon", "officer").status_code == 400
