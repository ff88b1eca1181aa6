"""The report calendar of each region and the quarterly score sheet as printed."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from engine.errors import Incorrect, NotFound
from tests.api.test_indicators import BORN, ORANGE, a_case
from workflows import indicators
from workflows.indicators.calendar import _rows
from workflows.regions import load_pack, pack_ids

XINFENG = "cn-xf-2022"


def days(pack, period, key):
    return [d.on for d in indicators.due_dates(load_pack(pack), indicators.read_period(period)) if d.key == key]


@pytest.mark.parametrize(
    ("pack", "key", "period", "wanted"),
    [
        (XINFENG, "sweep.due_day", "2022Q3", ["2022-07-05", "2022-08-05", "2022-09-05"]),
        (XINFENG, "returns.quarterly_score", "2022", ["2022-03-31", "2022-06-30", "2022-09-30", "2022-12-31"]),
        (XINFENG, "supervision.pmc_months", "2022Q2", ["2022-04-30", "2022-06-30"]),
        (XINFENG, "quality.warning_education_per_year", "2022", ["2022-06-30", "2022-12-31"]),
        (XINFENG, "training.pm_deadline", "2022", ["2022-05-31"]),
        ("cn-cq-2022", "returns.annual.due", "2023Q1", ["2023-01-31"]),
        ("cn-sp-2018", "returns.monthly.what", "2018Q1", ["2018-01-31", "2018-02-28", "2018-03-31"]),
        ("cn-sp-2018", "supervision.special_months", "2018", ["2018-03-31", "2018-06-30", "2018-09-30", "2018-12-31"]),
        ("cn-sp-2018", "death.monthly_case_report", "2018-02", ["2018-02-28"]),
        ("cn-baseline", "returns.mch_statistics", "2026", ["2026-01-10", "2026-04-10", "2026-07-10", "2026-10-12"]),
        ("cn-baseline", "emergency.joint_meeting_months", "2026", ["2026-06-30", "2026-12-31"]),
    ],
)
def test_what_is_due_follows_from_the_pack(pack, key, period, wanted):
    assert days(pack, period, key) == [date.fromisoformat(day) for day in wanted]


def test_a_region_is_asked_for_its_own_reports_only():
    assert days("cn-baseline", "2026", "sweep.due_day") == []
    assert days("cn-cq-2022", "2022", "returns.quarterly_score") == []


def test_every_line_of_the_calendar_is_a_value_of_some_pack_and_shows_its_mark_and_sentence():
    for row in _rows():
        with_it = [p for p in pack_ids() if any(key.startswith(row["key"]) for key, _, _ in load_pack(p).leaves())]
        assert with_it, row["key"]
        years = [indicators.read_period(year) for year in ("2018", "2022")]
        found = [d for p in with_it for year in years for d in indicators.due_dates(load_pack(p), year)]
        mine = [d for d in found if d.key == row["key"]]
        assert mine, row["key"]
        for one in mine:
            assert one.mark in ("seed", "src", "known", "default") and one.source and one.name.zh and one.name.en


def test_the_sweep_of_a_month_reports_the_month_before_by_its_parameter():
    (first, *_) = [d for d in indicators.due_dates(load_pack(XINFENG), indicators.read_period("2023-01")) if d.about]

    assert (first.on, first.about) == (date(2023, 1, 5), date(2022, 12, 1))


# --- the score sheet ---


def sheet(county, points=None, period="2026Q1", pack=XINFENG):
    with county.services.engine.read() as conn:
        found = indicators.report(county.services, conn, indicators.read_period(period), pack=load_pack(pack))
    return indicators.score_sheet(found, load_pack(pack), points)


def item(found, number):
    return next(one for one in found.items if one.no == number)


def test_the_sheet_is_as_printed_without_item_12_and_adds_to_103_or_with_item_5_at_5_to_100(county):
    found = sheet(county)

    assert [one.no for one in found.items] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14]
    assert [one.points for one in found.items] == [5, 8, 5, 8, 8, 10, 10, 8, 10, 7, 8, 6, 10]
    assert (found.total, sheet(county, {5: 5}).total) == (103, 100)


@pytest.mark.parametrize(
    ("with_file", "of", "points", "score"), [(3, 3, 8, 8), (49, 50, 8, 6), (2, 3, 8, 0), (49, 50, 5, 3)]
)
def test_each_per_cent_without_a_case_file_costs_a_point_begun_ones_too(county, with_file, of, points, score):
    for number in range(of):
        a_case(county, gradings=[ORANGE], case_file="open" if number < with_file else None)

    assert item(sheet(county, {5: points}), 5).score == score


def test_nothing_is_scored_that_has_no_cases_or_that_a_person_has_to_say(county):
    found = sheet(county)

    assert [one.no for one in found.items if one.score is not None] == []
    assert item(found, 1).evidence.endswith("待填写") and "婴儿死亡率 0/0" in item(found, 14).evidence


def test_a_missed_target_scores_nothing_and_one_that_nobody_records_stays_open(county):
    a_case(county, **BORN)
    assert item(sheet(county), 14).score is None

    a_case(county, **BORN, end_code="ended.maternal_death", ended_on="2026-02-12")
    missed = item(sheet(county), 14)
    assert missed.score == Decimal(0) and "孕产妇死亡率 1/2" in missed.evidence


@pytest.mark.parametrize(("more", "error"), [({"period": "2026"}, Incorrect), ({"pack": "cn-baseline"}, NotFound)])
def test_only_a_quarter_of_a_region_that_asks_for_it_has_a_sheet(county, more, error):
    with pytest.raises(error):
        sheet(county, **more)


@pytest.mark.parametrize("points", [{12: 3}, {5: 21}, {5: -1}])
def test_points_that_no_item_can_have_are_refused(county, points):
    with pytest.raises(Incorrect):
        sheet(county, points)


def test_the_workbook_has_the_six_columns_and_the_sum(county):
    book = load_workbook(io.BytesIO(indicators.workbook([indicators.score_table(sheet(county))])))

    lines = list(book["评分表 2026Q1"].values)
    assert lines[0] == ("序号", "重点任务", "具体内容", "自评依据", "得分情况", "备注")
    assert len(lines) == 15 and lines[-1][1:3] == ("合计", "应得 103 分")
