"""What no pregnancy and no journey can have, refused where it is entered, in words of the ward (journey G-11)."""

from datetime import date

import pytest

from engine.errors import Incorrect
from workflows.forms import example_answers, forms_on_disk
from workflows.journey import derive
from workflows.regions import load_pack
from workflows.task_access import context_of

ON = date(2026, 6, 30)
EDD = {"edd": "2026-08-10"}  # 28+0 on 2026-05-18, the last period on 2025-11-03


def faults(form, **answers):
    try:
        forms_on_disk()[form].validate({**example_answers(form), **answers}, on=ON, context=EDD)
    except Incorrect as refused:
        return {fault.path: fault.message.zh for fault in refused.faults}
    return {}


@pytest.mark.parametrize(
    ("end", "on", "said"),
    [
        ({"end_code": "ended.abortion", "abortion_kind": "mid_trimester"}, "2026-05-17", {}),  # 27+6
        ({"end_code": "ended.abortion", "abortion_kind": "mid_trimester"}, "2026-05-18", "不是流产"),
        ({"end_code": "ended.stillbirth", "stillbirth_kind": "stillbirth_iufd"}, "2026-05-18", {}),
        ({"end_code": "ended.stillbirth", "stillbirth_kind": "stillbirth_iufd"}, "2026-05-17", "不满28周"),
        ({"end_code": "closed.recovered"}, "2026-06-30", "“已恢复”由产后42天检查得出"),
    ],
)
def test_an_end_fits_the_age_of_the_pregnancy(end, on, said):
    found = faults("end-report", ended_on=on, **end)

    assert found == {} if said == {} else said in found["end_code"]


def test_where_a_child_counts_from_24_weeks_it_is_stillborn_from_then_on():
    local = {"policy": {**load_pack("cn-baseline").policy(), "viable_from_weeks": 24}, **EDD}
    form = forms_on_disk()["end-report"]
    said = {**example_answers("end-report"), "end_code": "ended.stillbirth", "stillbirth_kind": "stillbirth_iufd"}
    known = context_of(local, form, {})

    form.validate({**said, "ended_on": "2026-04-20"}, on=ON, context=known)  # 24+0
    with pytest.raises(Incorrect):
        form.validate({**said, "ended_on": "2026-04-19"}, on=ON, context=known)
    fetus = [{"outcome": "stillbirth_iufd"}]
    told = derive("delivery", {"delivered_on": "2026-04-20", "fetus": fetus}, {**local, "edd_final": EDD["edd"]}, ON)
    assert told["outcome"] == "stillbirth"


def test_an_end_before_the_last_period_is_a_slip():
    assert "早于末次月经" in faults("end-report", end_code="lost", ended_on="2025-11-02")["ended_on"]
    assert faults("end-report", end_code="lost", ended_on="2025-11-03") == {}


def test_nobody_is_handed_over_before_she_arrived():
    times = {"arrived_at": "2026-06-29T10:00:00+08:00", "handed_over_at": "2026-06-29T09:50:00+08:00"}

    assert faults("transfer-arrival", **times) == {"handed_over_at": "交接不早于到达"}


def test_the_pressures_of_a_referral_are_not_the_wrong_way_round():
    assert faults("transfer-request", sbp=90, dbp=150)["dbp"] == "舒张压应低于收缩压"
    assert "dbp" not in faults("transfer-request", sbp=150, dbp=90)


def test_a_result_is_not_older_than_its_sample():
    dates = {"diagnosis_sampled_on": "2026-06-20", "diagnosis_result_on": "2026-06-19"}

    assert faults("prenatal-diagnosis", **dates)["diagnosis_result_on"] == "结果不早于取样"


@pytest.mark.parametrize(
    ("answers", "path", "said"),
    [
        ({"lead_lmp": "2025-09-02"}, "lead_lmp", "超过 300 天"),  # 301 days before
        ({"lead_lmp": "2025-09-03"}, "lead_lmp", None),
        ({"birth_date": "2016-07-01"}, "birth_date", "不足 10 岁"),  # ten tomorrow
        ({"birth_date": "1965-06-30"}, "birth_date", "超过 60 岁"),
        ({"birth_date": "1966-06-30"}, "birth_date", None),
    ],
)
def test_a_lead_is_about_a_pregnancy_that_can_be(answers, path, said):
    found = faults("pregnancy-lead", id_type="none", id_no=None, **answers).get(path, "")

    assert said in found if said else found == ""
