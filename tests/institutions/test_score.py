"""The quarterly score with what institutions recorded, the county's own rules, and the log of reviews behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.institutions.conftest import example
from workflows import indicators
from workflows.indicators.noted import Noted
from workflows.regions import load_pack

HOSPITAL, OFFICER = "org-hospital", "org-mch"
QUARTER = "2026Q1"


def sheet(county, noted=None, rules=None):
    period = indicators.read_period(QUARTER)
    with county.services.engine.read() as conn:
        report = indicators.report(county.services, conn, period, pack=load_pack("cn-xf-2022"))
    return {i.no: i for i in indicators.score_sheet(report, load_pack("cn-xf-2022"), noted=noted, rules=rules).items}


def reviewed(county):
    """One woman, reviewed in the facility and in the county."""
    woman = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    body = {"kind": "near_miss_review", "pregnancy": woman.pregnancy_id}
    county.ask("POST", "/api/institutions/matters", "doctor", json=body)
    county.finish("task_near_miss_record", "doctor", "near-miss", HOSPITAL, session=[])
    county.finish("task_near_miss_facility", "senior", "near-miss", HOSPITAL, problem_cells=["21", "23"])
    county.finish(
        *("task_near_miss_county", "county", "near-miss", OFFICER), review_level="county", problem_cells=["21"]
    )
    return woman


def test_the_log_names_convener_and_departments_and_the_catalogue_what_reviews_have_in_common(county):
    woman = reviewed(county)
    found = county.ask("GET", f"/api/institutions/reviews?period={QUARTER}", "officer").json

    assert [(one["level"], one["pregnancy"]) for one in found["items"]] == [
        ("county", woman.pregnancy_id),
        ("facility", woman.pregnancy_id),
    ]
    assert "县医院麻醉科" in found["items"][0]["departments"]
    assert [(one["cell"], one["reviews"]) for one in found["problems"]] == [("21", 2), ("23", 1)]
    page = county.get(f"/institutions/reviews?period={QUARTER}", "senior").get_data(as_text=True)
    assert "医疗保健机构·知识技能" in page and "示范副院长" in page
    assert county.get(f"/institutions/reviews?period={QUARTER}", "nurse").status_code == 403
    assert county.ask("GET", f"/api/institutions/reviews?period={QUARTER}", "doctor").status_code == 403


def test_a_drill_is_shown_what_the_last_reviews_had_in_common(county):
    county.post("/institutions/calendar", "officer")
    reviewed(county)
    county.to("2026-03-25")
    drill = next(t for t in county.tasks(limit=200) if county.variables(t).get("duty", {}).get("code") == "drill")

    assert "医疗保健机构·知识技能（2）；医疗保健机构·资源（1）" in county.get(f"/tasks/{drill.id}", "midwife").text


def test_reviews_of_both_levels_give_half_the_points_and_the_quality_stays_a_persons(county):
    before = county.get(f"/reports?period={QUARTER}", "county").get_data(as_text=True)
    assert "院内 0 次，县级 0 次" in before
    reviewed(county)

    after = county.get(f"/reports?period={QUARTER}", "county").get_data(as_text=True)
    assert "院内 1 次，县级 1 次；评审质量 4 分待填写" in after and "示范副院长" in after
    assert sheet(county, Noted(facility_reviews=2, county_reviews=1))[11].score == 4
    assert sheet(county, Noted(facility_reviews=2))[11].score == 2
    assert sheet(county)[11].score is None


@pytest.mark.parametrize(("unknown", "score"), [(0, "10"), (1, "9"), (4, "6"), (9, "5")])
def test_the_register_counts_births_without_a_case_and_sheets_in_time(county, unknown, score):
    """5 for nobody left out, less one for each; 5 by the sheets in time."""
    reports = dict.fromkeys(("I-12", "I-26"), (1, 1))
    noted = Noted(births_without_case=unknown, births_registered=9)

    assert str(score_of_register(county, noted, reports)) == score


def score_of_register(county, noted, shares):
    period = indicators.read_period(QUARTER)
    with county.services.engine.read() as conn:
        report = indicators.report(county.services, conn, period, pack=load_pack("cn-xf-2022"))
    figures = [
        replace(f, numerator=shares[f.definition.id][0], denominator=shares[f.definition.id][1])
        if f.definition.id in shares
        else f
        for f in report.figures
    ]
    found = indicators.score_sheet(replace(report, figures=figures), load_pack("cn-xf-2022"), noted=noted)
    (item,) = [i for i in found.items if i.no == 6]
    return item.score.normalize().__format__("f") if item.score is not None else None


def test_without_a_sheet_or_a_figure_the_register_stays_a_persons(county):
    assert sheet(county, Noted())[6].score is None


def test_the_countys_own_rule_takes_the_place_of_the_printed_one_and_nonsense_does_not(county):
    rule = {"organisation": OFFICER, "kind": "score_rule"}
    for number, points, words in (("9", "12", "警示教育 4 分"), ("12", "5", "没有这一项"), ("8", "99", "太多")):
        fields = {"number": number, "points": points, "scoring": words}
        answer = county.ask("POST", "/api/institutions/directory", "officer", json={**rule, "fields": fields})
        assert answer.status_code == 201, answer.text

    page = county.get(f"/reports?period={QUARTER}", "county").get_data(as_text=True)
    assert "警示教育 4 分" in page and 'name="p9" value="12"' in page
    assert "没有这一项" not in page and "太多" not in page and 'name="p8" value="8"' in page


def test_what_was_held_stands_beside_the_item_it_is_for(county):
    county.post("/institutions/calendar", "officer")
    county.to("2026-03-25")
    drill = next(t for t in county.tasks(limit=200) if county.variables(t).get("duty", {}).get("code") == "drill")
    body = {"answers": {**example("duty-evidence"), "held_on": "2026-03-25"}}
    assert county.ask("POST", f"/api/user-tasks/{drill.id}/completion", "midwife", json=body).status_code == 200

    page = county.get(f"/reports?period={QUARTER}", "county").get_data(as_text=True)
    assert "演练 1/1" in page and "自我评估 0/3" in page
