"""Working days are known as far as the State Council's notices go: a year is added by a checked file."""

from datetime import date
from pathlib import Path

import chinese_calendar
import pytest
import yaml

from engine.timers import known_until, known_years, learn, shipped_years
from engine.timers.workdays import add_workdays, is_workday
from runtime import holidays

NEXT = shipped_years().stop


@pytest.fixture(autouse=True)
def forgets():
    yield
    learn([])


def notice(year, /, **changes):
    """A made-up notice of seven holidays and five make-up days: no year has had it."""
    weekends = [date(year, 6, day) for day in range(1, 31) if date(year, 6, day).weekday() == 6]
    mondays = [date(year, 7, day) for day in range(1, 29) if date(year, 7, day).weekday() == 0]
    names = ("春节", "清明节", "端午节", "中秋节")
    off = [("元旦", date(year, 1, 1), date(year, 1, 3)), ("劳动节", date(year, 5, 1), date(year, 5, 5))]
    off += [(name, monday, monday.replace(day=monday.day + 1)) for name, monday in zip(names, mondays)]
    off += [("国庆节", date(year, 10, 1), date(year, 10, 7))]
    stated = {
        "year": year,
        "notice": "国办发明电〔试〕1号",
        "published_on": date(year - 1, 11, 4),
        "holidays": [{"name": name, "from": first, "to": last} for name, first, last in off],
        "worked": [*weekends[:4], date(year, 8, 1) if date(year, 8, 1).weekday() > 4 else weekend_of(year, 8)],
    }
    return yaml.safe_dump(stated | changes, allow_unicode=True)


def weekend_of(year, month):
    return next(date(year, month, day) for day in range(1, 8) if date(year, month, day).weekday() == 5)


def shipped(year):
    """What is shipped of a year, as a file would state it."""
    off = sorted(day for day in chinese_calendar.constants.holidays if day.year == year)
    spans = [{"name": chinese_calendar.constants.holidays[day], "from": day, "to": day} for day in off]
    named = {
        "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
        "Dragon Boat Festival": "端午节", "Mid-autumn Festival": "中秋节", "National Day": "国庆节",
    }  # fmt: skip
    spans = [span | {"name": named.get(span["name"], span["name"])} for span in spans]
    worked = sorted(day for day in chinese_calendar.constants.workdays if day.year == year)
    stated = {
        "year": year,
        "notice": "通知",
        "published_on": date(year - 1, 11, 4),
        "holidays": spans,
        "worked": worked,
    }
    return yaml.safe_dump(stated, allow_unicode=True)


def test_what_is_known_ends_with_the_last_year_whose_notice_is_out():
    assert known_until() == date(NEXT - 1, 12, 31)


def test_a_year_that_is_added_is_counted_by_and_moves_the_end():
    found = holidays.read(notice(NEXT))
    learn([found.year])

    assert (known_until().year, known_years().stop) == (NEXT, NEXT + 1)
    assert not is_workday("cn-workdays", date(NEXT, 10, 6))
    assert all(is_workday("cn-workdays", day) for day in found.year.worked)
    assert add_workdays("cn-workdays", date(NEXT, 9, 30), 1) == next(
        day for day in (date(NEXT, 10, 8), date(NEXT, 10, 9), date(NEXT, 10, 10)) if day.weekday() < 5
    )


def test_a_year_after_a_gap_is_counted_by_and_does_not_move_the_end():
    learn([holidays.read(notice(NEXT + 1)).year])

    assert known_until() == date(NEXT - 1, 12, 31)


# 2 May is statutory since 2025; in 2019–2024 it was off too
@pytest.mark.parametrize("year", range(2019, NEXT))
def test_the_years_that_were_have_the_form_that_is_asked_for(year):
    assert [one for one in holidays.read(shipped(year)).findings if not one.is_doubt] == []


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"worked": [date(NEXT, 6, 2) if date(NEXT, 6, 2).weekday() < 5 else date(NEXT, 6, 4)]}, "no day of a weekend"),
        ({"worked": [date(NEXT + 1, 6, 5)]}, "not in this year"),
        ({"worked": [date(NEXT, 10, day) for day in range(1, 8) if date(NEXT, 10, day).weekday() > 4]}, "both off"),
        ({"holidays": []}, "statutory holiday"),
        ({"holidays": [{"name": "元旦", "from": date(NEXT, 1, 3), "to": date(NEXT, 1, 1)}]}, "ends after it begins"),
        ({"holidays": [{"name": "元旦", "from": "一月一日", "to": date(NEXT, 1, 1)}]}, "dates are written"),
        ({"notice": ""}, "name the notice"),
        ({"year": "下一年"}, "year is a year"),
    ],
)
def test_a_wrong_file_is_refused_by_name(changes, said):
    found = holidays.read(notice(NEXT, **changes))

    assert any(said in one.message.en and not one.is_doubt for one in found.findings)


def test_a_year_without_make_up_days_is_doubted_and_not_refused():
    found = holidays.read(notice(NEXT, worked=[]))

    assert any("make-up" in one.message.en for one in found.findings)
    assert all(one.is_doubt for one in found.findings)


def test_a_folder_with_a_wrong_file_is_not_used(tmp_path):
    (tmp_path / f"{NEXT}.yaml").write_text(notice(NEXT + 1), "utf-8")

    with pytest.raises(holidays.WrongHolidays, match="name of the file"):
        holidays.use(tmp_path)


def test_the_example_of_the_page_is_the_year_that_is_shipped():
    example = Path("docs/operations/holidays.md").read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    found = holidays.read(example)

    assert found.findings == ()
    for told, kept in ((found.year.off, "holidays"), (found.year.worked, "workdays")):
        assert told == {day for day in getattr(chinese_calendar.constants, kept) if day.year == found.year.year}
