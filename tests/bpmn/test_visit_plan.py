"""D7: the next visit by colour, gestational age and what was done."""

from datetime import date, timedelta

import pytest

from workflows import tables
from workflows.regions import load_pack

POLICY = load_pack("cn-baseline").policy()
START = date(2025, 11, 3)
EDD = "2026-08-10"


def next_visit(weeks, days=0, *, colour="green", visits=(), graded_at=None):
    given = {
        "edd": EDD,
        "visits": list(visits),
        "colour": colour,
        "purple": False,
        "graded_at": graded_at,
        "policy": POLICY,
    }
    return tables.evaluate("next_visit", given, START + timedelta(weeks=weeks, days=days))


def at(weeks, days=0):
    return (START + timedelta(weeks=weeks, days=days)).isoformat()


@pytest.mark.parametrize(
    "today, slot, opens, closes",
    [
        ((9, 0), 1, (0, 0), (12, 6)),
        ((13, 0), 2, (16, 0), (20, 6)),
        ((20, 6), 2, (16, 0), (20, 6)),
        ((21, 0), 3, (21, 0), (24, 6)),
        ((25, 0), 4, (28, 0), (36, 6)),
        ((37, 0), 5, (37, 0), (40, 6)),
    ],
)
def test_a_green_woman_is_called_in_the_window_that_is_open_or_comes_next(today, slot, opens, closes):
    found = next_visit(*today)

    assert (found["slot"], found["from"], found["until"]) == (slot, at(*opens), at(*closes))


def test_a_window_that_was_visited_is_done():
    assert next_visit(17, visits=[at(17)])["slot"] == 3


def test_a_visit_in_a_gap_fills_no_window():
    assert next_visit(14, visits=[at(14)])["slot"] == 2


def test_after_the_last_window_a_green_woman_has_no_further_visit():
    assert next_visit(38, visits=[at(38)]) is None
    assert next_visit(41) is None


@pytest.mark.parametrize(
    "colour, today, days",
    [
        ("yellow", (27, 6), 28),
        ("yellow", (28, 0), 14),
        ("yellow", (36, 0), 7),
        ("orange", (31, 6), 14),
        ("orange", (32, 0), 7),
        ("red", (10, 0), 7),
        ("red", (39, 0), 7),
    ],
)
def test_a_colours_interval_runs_from_the_last_visit(colour, today, days):
    found = next_visit(*today, colour=colour, visits=[at(*today)])

    assert found["due"] == at(today[0], today[1] + days) or found["slot"] is not None


def test_an_orange_woman_between_windows_comes_by_her_interval():
    found = next_visit(13, colour="orange", visits=[at(13)])

    assert (found["slot"], found["due"], found["until"]) == (None, at(15), at(15))


def test_a_yellow_woman_whose_interval_falls_into_a_window_fills_that_window_by_her_date():
    found = next_visit(28, colour="yellow", visits=[at(25)])

    assert (found["slot"], found["from"], found["due"], found["until"]) == (4, at(28), at(28), at(36, 6))


def test_a_new_colour_counts_from_its_grading_and_never_asks_for_yesterday():
    assert next_visit(12, colour="orange", visits=[at(9)], graded_at=at(12) + "T09:00:00+08:00")["due"] == at(14)
    assert next_visit(15, 2, colour="red", visits=[at(9)])["due"] == at(15, 2)


def test_an_unknown_colour_is_planned_like_green_until_she_is_graded():
    assert next_visit(13, colour=None)["slot"] == 2
