"""F: findings of the first hours; A: hostile files."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.interpreter import (
    behaviours,
    codec,
    step,
    tree,
)
from engine.interpreter.run import Run
from engine.model import reader, xml
from engine.store import plain
from engine.timers import cycles, durations, instants, schedule
from tests.process.plants.registry import planted
from tests.process.plants.silent import (
    a_long_loop_ends_in_silence,
    unique_takes_the_first,
    what_was_slept_through_is_all_made_up_for,
)

PHASES, BEHAVIOURS = step.TABLES.phases, behaviours.BEHAVIOURS

HOSTILE = "test_hostile_diagrams::"


@planted("F1", HOSTILE + "test_f1_and_f2_a_long_loop_neither_ends_in_silence_nor_grows")
def a_long_loop_is_over_when_it_is_deep(mp: pytest.MonkeyPatch) -> None:
    a_long_loop_ends_in_silence(mp)


@planted("F2", HOSTILE + "test_f1_and_f2_a_long_loop_neither_ends_in_silence_nor_grows")
def every_element_ever_entered_is_kept(mp: pytest.MonkeyPatch) -> None:
    enter = PHASES["enter"]

    def kept(run: Run, move: Any) -> None:
        run.state.ended_at.append(move.node.id)
        enter(run, move)

    mp.setitem(PHASES, "enter", kept)


@planted("F3", HOSTILE + "test_f3_five_hundred_elements_in_a_row_are_read_and_run")
def three_hundred_elements_are_enough(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(reader, "MOST_ELEMENTS", 300)


@planted("F4", HOSTILE + "test_f4_a_cycle_faster_than_a_minute_is_refused[R/PT1S]")
def a_cycle_may_be_as_fast_as_it_likes(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(cycles, "SHORTEST", cycles.timedelta(0))
    mp.setattr(schedule, "parse_cycle", cycles.parse_cycle.__wrapped__)


@planted("F5", HOSTILE + "test_f5_a_duration_beyond_ten_years_is_refused_at_once[P9999999Y]")
def a_duration_that_is_too_long_is_cut_short(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(schedule, "parse_duration", lambda text: durations.Duration(0, 1, cycles.timedelta(0)))


@planted("F6", HOSTILE + "test_f6_a_date_without_a_zone_is_due_by_the_clock_on_the_wall_in_china")
def a_date_without_a_zone_is_the_servers(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(schedule, "instant", lambda text, zone: instants.instant(text, ZoneInfo("UTC")).astimezone(UTC))


@planted("F7", HOSTILE + "test_f7_a_month_after_the_31st_of_january_is_the_last_of_february")
def a_month_is_thirty_one_days(mp: pytest.MonkeyPatch) -> None:
    day = cycles.timedelta(days=1)
    mp.setattr(durations, "_add_months", lambda date, months, wanted: date + 31 * months * day)


@planted("F8", HOSTILE + "test_f8_after_three_days_down_the_misfire_policy_decides[fire_once-1-2026-01-09]")
def every_missed_occurrence_fires(mp: pytest.MonkeyPatch) -> None:
    what_was_slept_through_is_all_made_up_for(mp)


@planted("F9", HOSTILE + "test_f9_an_endless_loop_costs_one_step_budget")
def a_spent_budget_ends_in_silence(mp: pytest.MonkeyPatch) -> None:
    enter = PHASES["enter"]
    mp.setitem(PHASES, "enter", lambda run, move: enter(run, move) if run.budget > 0 else None)


@planted("F9 depth", HOSTILE + "test_f9_runs_within_runs_are_bounded")
def an_instance_may_be_as_wide_as_it_likes(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(tree, "MOST_SCOPES", 10**9)


@planted("F10", HOSTILE + "test_f10_hostile_xml_is_refused[xml7-codes7]")
def a_file_may_be_as_large_as_it_likes(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(xml, "LARGEST", 10**9)


@planted("F11", HOSTILE + "test_f11_a_stored_state_is_data_of_a_known_version_and_nothing_in_it_is_run")
def any_version_of_a_state_is_read(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(codec, "VERSION", _Any(codec.VERSION))


class _Any(int):
    """Equal to everything, and written as it is."""

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__


@planted("F12", HOSTILE + "test_f12_two_rows_that_match_under_unique_are_an_incident_that_names_them")
def unique_is_the_first_match(mp: pytest.MonkeyPatch) -> None:
    unique_takes_the_first(mp)


@planted("F13", HOSTILE + 'test_f13_json_that_another_reader_would_understand_differently_is_refused[{"a": 1, "a": 2}]')
def json_is_read_as_python_reads_it(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(plain, "loads", json.loads)
