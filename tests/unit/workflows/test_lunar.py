"""AC-13: a lunar date is converted before anything is calculated from it."""

from datetime import date, timedelta

import pytest
from borax.calendars.lunardate import LunarDate
from hypothesis import given
from hypothesis import strategies as st

from workflows.institutions import sweep
from workflows.policies.lunar import gregorian

ON = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("told", "on", "day"),
    [
        ("四月初三", ON, date(2026, 5, 19)),
        ("农历 四月初三", ON, date(2026, 5, 19)),
        ("九月十四", date(2026, 1, 5), date(2025, 11, 3)),  # without a year the last one
        ("六月初一", date(2025, 9, 1), date(2025, 6, 25)),  # 2025 has two sixth months: the first,
        ("闰六月初一", date(2025, 9, 1), date(2025, 7, 25)),  # and the leap month where it is said
        ("正月十五", ON, date(2026, 3, 3)),
        ("腊月廿三", ON, date(2026, 2, 10)),  # of the lunar year before
        ("2025年腊月二十三", ON, date(2026, 2, 10)),
        ("二〇二五年冬月三十日", date(2026, 3, 1), date(2026, 1, 18)),
        ("4月3日", ON, date(2026, 5, 19)),
    ],
)
def test_ac13_a_date_as_women_tell_it_is_a_day_of_ours(told, on, day):
    assert gregorian(told, on) == day


@pytest.mark.parametrize("told", ["闰四月初三", "端午前后", "十三月初一", "四月三十二", "2025年闰五月初一", "", "四月"])
def test_what_is_no_date_or_does_not_exist_is_not_guessed(told):
    assert gregorian(told, ON) is None


@given(st.dates(date(2020, 1, 1), date(2050, 12, 31)))
def test_every_day_told_in_full_comes_back(day):
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    told = f"{lunar.year}年{'闰' if lunar.leap else ''}{lunar.month}月{lunar.day}"

    assert gregorian(told, day + timedelta(days=1)) == day


@pytest.mark.parametrize(
    ("written", "day", "kept"),
    [
        ("2025-12-20", "2025-12-20", None),
        ("农历十一月初一", "2025-12-20", "农历十一月初一"),
        ("2026年腊月廿三", None, None),  # not yet
        ("闰四月初三", None, None),  # no such day
        ("不详", None, None),
    ],
)
def test_the_column_of_the_monthly_sheet_may_hold_a_lunar_date(written, day, kept):
    lead = sweep.lead_of({"sweep_lmp": written}, "测试", date(2026, 1, 5))

    assert (lead.get("lead_lmp"), lead.get("lead_lmp_told")) == (day, kept)
