"""/api/clock: the hand-moved clock."""

from __future__ import annotations

import pytest

from tests.api.conftest import BEGIN, County, problem_of


def test_time_stands_still_until_it_is_moved(county):
    assert county.get("/api/clock", "it").json["now"] == BEGIN
    assert county.get("/api/clock", "it").json["now"] == BEGIN


def test_what_falls_due_fires_at_its_own_time(county):
    instance = county.errand()

    moved = county.post("/api/clock", "it", {"advance": "P7D"})

    assert moved.json == {"now": "2026-01-12T08:00:00+08:00", "fired": 1}
    lines = county.get(f"/api/instances/{instance}/history", "it").json
    assert {line["at"] for line in lines if line["event"] == "fired"} == {"2026-01-08T08:00:00+08:00"}


def test_the_clock_goes_to_a_given_time(county):
    moved = county.post("/api/clock", "it", {"to": "2026-02-01T00:00:00+08:00"})

    assert moved.json == {"now": "2026-02-01T00:00:00+08:00", "fired": 0}


def test_the_clock_never_goes_back(county):
    problem_of(county.post("/api/clock", "it", {"to": "2025-12-31T00:00:00+08:00"}), 422, "clock-backwards")


@pytest.mark.parametrize(
    "body", [{}, {"advance": "a week"}, {"advance": "P"}, {"to": "2026-02-01"}, {"advance": "P1D", "to": BEGIN}]
)
def test_a_move_that_does_not_fit_is_refused(county, body):
    problem_of(county.post("/api/clock", "it", body), 422)


def test_moving_twice_with_one_key_moves_once(county):
    first = county.post("/api/clock", "it", {"advance": "P1D"}, key="move-1")
    second = county.post("/api/clock", "it", {"advance": "P1D"}, key="move-1")

    assert first.json == second.json == {"now": "2026-01-06T08:00:00+08:00", "fired": 0}


def test_a_key_of_another_move_is_refused(county):
    county.post("/api/clock", "it", {"advance": "P1D"}, key="move-1")

    problem_of(county.post("/api/clock", "it", {"advance": "P2D"}, key="move-1"), 422, "idempotency-key-reused")


def test_where_the_machines_clock_runs_there_is_nothing_to_move(county, tmp_path):
    running = County(tmp_path, county.url, YUNTU_CLOCK="system")

    problem_of(running.get("/api/clock", "it"), 404)
    problem_of(running.post("/api/clock", "it", {"advance": "P1D"}), 404)
    running.pool.close()
    running.clock.close()
