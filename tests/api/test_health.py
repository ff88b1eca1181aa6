"""/health/live, /health/ready, /metrics, /api/openapi.json, /api/docs."""

from __future__ import annotations

import re

from runtime.clock import ManualClock
from runtime.database.roles import as_application
from runtime.trials.databases import looking
from tests.api.conftest import County, problem_of

FIELDS = ["status", "database", "schema_version", "clock", "oldest_due_timer_s", "open_incidents"]


def test_ready_says_all_that_the_contract_names(county):
    body = county.get("/health/ready").json

    assert list(body) == FIELDS
    assert (body["status"], body["database"], body["clock"], body["open_incidents"]) == ("ok", "ok", "manual", 0)


def test_without_its_database_it_lives_but_is_not_ready_and_says_so_everywhere(county):
    away = County.__new__(County)
    away.__dict__.update(county.__dict__)
    county.token("it")
    county.pool.close()

    live, ready = county.get("/health/live"), county.get("/health/ready")

    assert (live.status_code, ready.status_code) == (200, 503)
    assert list(ready.json) == FIELDS and ready.json["database"] == "away"
    assert "yuntu_up 0" in county.get("/metrics").get_data(as_text=True)
    problem_of(county.get("/api/user-tasks", "it"), 503)


def test_the_clock_says_that_the_database_is_away_and_comes_back_with_it(county):
    lost = ManualClock(as_application(county.url))
    before = lost()
    with looking(county.pool) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert lost() == before
    lost.close()


def test_metrics_count_what_is_open_and_name_nobody(county):
    county.errand()

    text = county.get("/metrics").get_data(as_text=True)

    assert "yuntu_user_tasks_open 1" in text and "yuntu_timers_waiting 1" in text
    assert not re.search(r"org-|R-[A-Z]|测试", text)


OURS = ("/api/", "/health/", "/metrics")


def test_the_description_holds_every_route_and_nothing_else(county):
    described = {
        (path, method)
        for path, operations in county.get("/api/openapi.json").json["paths"].items()
        for method in operations
    }
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in county.app.url_map.iter_rules()
        if rule.rule.startswith(OURS)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert described == routes


def test_the_description_names_each_operation_once_says_what_it_does_and_what_it_takes(county):
    document = county.get("/api/openapi.json").json
    operations = [one for path in document["paths"].values() for one in path.values()]

    assert document["openapi"] == "3.1.0"
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(one["summary"] for one in operations)
    posts = [path["post"] for path in document["paths"].values() if "post" in path]
    assert all(
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}} in p["parameters"] for p in posts
    )


def test_the_page_lists_every_route_and_asks_no_other_host(county):
    page = county.get("/api/docs").get_data(as_text=True)

    for path in county.get("/api/openapi.json").json["paths"]:
        assert path.replace("{", "{") in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page) and "<script" not in page
