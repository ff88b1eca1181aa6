"""When something is due: dates, durations, cycles, cron, working days, zones; and what a late firing does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.timers import (
    Due,
    TimerFault,
    check,
    end_of,
    first_due,
    instant,
    is_workday,
    known_years,
    next_due,
    parse_duration,
)
from tests.process.play import boundary, end, play, start, timer, user

NOW = instant("2026-01-05T08:00:00+08:00")


def _first(sort: str, text: str, **options: str) -> str:
    return first_due(sort, text, NOW, **options).due.isoformat()


def _times(text: str, count: int, misfire: str = "fire_once", now: datetime | None = None, **options: str) -> list[str]:
    due: Due | None = first_due("cycle", text, NOW, **options)
    found = []
    while due is not None and len(found) < count:
        found.append(due.due.isoformat()[:16])
        due = next_due(due, now or due.due, misfire, **options)
    return found


@pytest.mark.parametrize(
    "text",
    ["2026-01-08T09:00:00", "2026-01-08T09:00:00+08:00", "2026-01-08T01:00:00Z", "2026-01-08T09:00:00[Asia/Shanghai]"],
)
def test_a_moment_without_a_zone_is_chinese_civil_time(text):
    assert instant(text) == datetime(2026, 1, 8, 1, tzinfo=UTC)


def test_a_date_is_its_first_moment_and_as_a_deadline_its_last_second():
    assert instant("2026-01-08").isoformat() == "2026-01-08T00:00:00+08:00"
    assert end_of("2026-01-08").isoformat() == "2026-01-08T23:59:59+08:00"


@pytest.mark.parametrize(
    "start, duration, due",
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2026-08-31", "P1M", "2026-09-30"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2026-01-05", "P12W", "2026-03-30"),
        ("2026-01-05", "P1M3D", "2026-02-08"),
        ("2026-01-05", "-P1D", "2026-01-04"),
    ],
)
def test_months_go_by_the_calendar_with_the_last_day_as_limit(start, duration, due):
    assert parse_duration(duration).after(instant(start)).date() == date.fromisoformat(due)


def test_days_keep_the_hour_through_chinas_summer_time_and_hours_are_exact():
    before = instant("1986-05-03T12:00:00")

    assert parse_duration("P1D").after(before).isoformat() == "1986-05-04T12:00:00+09:00"
    assert parse_duration("PT24H").after(before).isoformat() == "1986-05-04T13:00:00+09:00"


# The days on which China's clocks were put forward and back (tzdata, Asia/Shanghai).
SUMMERS = [
    ("1986-05-04", "1986-09-14"),
    ("1987-04-12", "1987-09-13"),
    ("1988-04-17", "1988-09-11"),
    ("1989-04-16", "1989-09-17"),
    ("1990-04-15", "1990-09-16"),
    ("1991-04-14", "1991-09-15"),
]


@pytest.mark.parametrize("forward, back", SUMMERS)
def test_a_day_around_each_change_of_the_clocks_of_1986_to_1991_has_its_own_length(forward, back):
    for day, hours in ((forward, 23), (back, 25)):
        before = instant(f"{day}T12:00:00") - timedelta(days=1)
        after = parse_duration("P1D").after(before)
        assert (after.hour, after.date()) == (12, date.fromisoformat(day))
        assert (after.astimezone(UTC) - before.astimezone(UTC)) == timedelta(hours=hours)


def test_an_hour_that_was_left_out_or_came_twice_is_due_once_and_never_early():
    left_out = parse_duration("P1D").after(instant("1986-05-03T02:30:00"))
    assert left_out.astimezone(UTC).isoformat() == "1986-05-03T18:30:00+00:00"  # half an hour after the change

    twice = parse_duration("P1D").after(instant("1986-09-13T01:30:00"))
    assert twice.astimezone(UTC).isoformat() == "1986-09-13T16:30:00+00:00"  # the first of the two


def test_cron_in_the_hour_that_comes_twice_goes_forward():
    """Berlin, 25 October 2026: 02:00 to 03:00 is shown twice."""
    now = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # the second time that it is ten past two

    due = first_due("cycle", "30 2 * * *", now, "Europe/Berlin").due

    assert due.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_year_after_a_leap_day_comes_back_to_it():
    due = first_due("cycle", "R/2024-02-29T08:00:00+08:00/P1Y", instant("2024-01-01"))
    days = [due.due.date().isoformat()]
    for _ in range(4):
        due = next_due(due, due.due, "fire_all")
        days.append(due.due.date().isoformat())

    assert days == ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]
    assert first_due("cycle", "0 8 29 2 *", instant("2026-01-05")).due.date() == date(2028, 2, 29)


def test_a_timer_that_lies_before_its_own_beginning_is_refused_where_it_is_written():
    with pytest.raises(TimerFault):
        check("duration", "-P1D")
    assert _first("duration", "-P1D") == "2026-01-04T08:00:00+08:00"  # computed: overdue at once


@pytest.mark.parametrize(
    "text",
    ["", "P", "PT", "1D", "P1H", "P0.5Y", "P11Y", "P9999999Y", "P999999999D", "PT999999999999S", "P1D2H", "PT1D"],
)
def test_what_is_no_duration_or_longer_than_ten_years_is_refused_in_words(text):
    with pytest.raises(TimerFault) as fault:
        parse_duration(text)

    assert fault.value.message.zh and fault.value.message.en


def test_what_is_no_duration_is_answered_with_one_that_is():
    with pytest.raises(TimerFault) as fault:
        parse_duration("7 days")

    assert "P7D" in fault.value.message.zh and "P7D" in fault.value.message.en
    assert parse_duration("P7D").days == 7


@pytest.mark.parametrize(
    "text",
    [
        "R/PT0.001S",
        "R/PT0S",
        "R1000/PT0.001S",
        "R/PT59S",
        "* * * * * *",
        "*/30 * * * * *",
        "R0/P1D",
        "R20000/P1D",
        "R/-P1D",
        "every day",
        "1 2 3",
        "61 0 * * *",
    ],
)
def test_a_cycle_that_is_unreadable_or_faster_than_a_minute_is_refused(text):
    with pytest.raises(TimerFault):
        check("cycle", text)


def test_a_cycle_counts_its_repetitions():
    assert _times("R3/PT10H", 9) == ["2026-01-05T18:00", "2026-01-06T04:00", "2026-01-06T14:00"]


def test_a_cycle_with_a_start_begins_there():
    assert _times("R2/2026-02-01T08:00:00/P1W", 9) == ["2026-02-01T08:00", "2026-02-08T08:00"]


def test_a_monthly_cycle_that_began_on_the_31st_comes_back_to_it():
    due: Due | None = first_due("cycle", "R/P1M", instant("2026-01-31T08:00:00"))
    days = []
    while due is not None and len(days) < 4:
        days.append(due.due.date().isoformat())
        due = next_due(due, due.due, "fire_once")

    assert days == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]


def test_cron_with_five_or_six_fields_is_read_in_chinese_time():
    assert _times("0 8 * * MON-FRI", 3) == ["2026-01-06T08:00", "2026-01-07T08:00", "2026-01-08T08:00"]
    assert _times("0 30 7 1 * *", 2) == ["2026-02-01T07:30", "2026-03-01T07:30"]
    assert _times("@daily", 1) == ["2026-01-06T00:00"]


def test_another_zone_is_read_by_its_name():
    assert _first("date", "2026-07-01T08:00:00", zone_name="Europe/Berlin") == "2026-07-01T08:00:00+02:00"
    with pytest.raises(TimerFault):
        _first("date", "2026-07-01T08:00:00", zone_name="Mars/Olympus")


def test_working_days_follow_the_holidays_and_the_saturdays_that_make_up_for_them():
    known = known_years()
    assert date.fromisoformat("2024-10-01").year in known
    assert not is_workday("cn-workdays", date(2024, 10, 1))
    assert is_workday("cn-workdays", date(2024, 10, 12))  # a Saturday that makes up

    due = parse_duration("P1D").after(instant("2024-09-30T09:00:00"), calendar_id="cn-workdays")

    assert due.isoformat() == "2024-10-08T09:00:00+08:00"


def test_a_year_whose_holidays_are_not_published_counts_monday_to_friday():
    beyond = known_years().stop + 1
    monday = next(date(beyond, 1, day) for day in range(1, 8) if date(beyond, 1, day).weekday() == 0)

    assert is_workday("cn-workdays", monday)
    assert not is_workday("cn-workdays", monday - timedelta(days=1))


def test_an_unknown_calendar_is_refused():
    with pytest.raises(TimerFault):
        _first("duration", "P1D", calendar_id="mars")


# --- late firings -----------------------------------------------------------------------------------------------------

LATE = instant("2026-01-09T09:00:00")


def test_after_three_days_down_fire_once_goes_on_after_now():
    assert _times("R5/P1D", 2, "fire_once", LATE) == ["2026-01-06T08:00", "2026-01-10T08:00"]


def test_fire_all_gives_every_missed_occurrence_its_turn():
    assert _times("R5/P1D", 9, "fire_all", LATE)[:4] == [
        "2026-01-06T08:00",
        "2026-01-07T08:00",
        "2026-01-08T08:00",
        "2026-01-09T08:00",
    ]


def test_occurrences_that_were_slept_through_count_as_had():
    assert _times("R3/P1D", 9, "fire_once", LATE) == ["2026-01-06T08:00"]


def test_ten_years_of_sleep_cost_nothing():
    due = first_due("cycle", "R/PT1M", NOW)

    following = next_due(due, NOW + timedelta(days=3650), "fire_once")

    assert following is not None and following.due - (NOW + timedelta(days=3650)) == timedelta(minutes=1)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)), st.integers(0, 100), st.integers(0, 3000))
def test_a_due_moment_is_never_before_its_start(moment, months, days):
    start = moment.replace(tzinfo=NOW.tzinfo)

    assert parse_duration(f"P{months}M{min(days, 600)}D").after(start) >= start


@given(st.integers(60, 10**7), st.integers(0, 10**9))
def test_the_next_occurrence_after_a_late_firing_lies_on_the_beat_and_after_now(seconds, late):
    first = first_due("cycle", f"R/PT{seconds}S", NOW)
    now = first.due + timedelta(seconds=late)

    following = next_due(first, now, "fire_once")

    assert following is not None and following.due > now
    assert (following.due - first.due).total_seconds() % seconds == 0
    assert following.due - now <= timedelta(seconds=seconds)


def test_a_monthly_reminder_keeps_its_day_through_stored_states():
    p = play(
        start("s"),
        user("a"),
        user("b"),
        end("e"),
        "s -> a -> e; t -> b -> e",
        boundary("t", "a", timer("R/P1M", "timeCycle"), interrupting=False),
        now=instant("2026-01-31"),
    )

    p.advance("P28D")

    assert p.due == {"t": "2026-03-31T00:00:00+08:00"}
