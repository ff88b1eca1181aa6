"""/metrics: what is late and what waits, by names of diagrams, never of people."""

from __future__ import annotations

import re

from runtime.measured import Meter, totals


def samples(county):
    """Name with labels -> value."""
    text = county.get("/metrics").get_data(as_text=True)
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found and re.fullmatch(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})?', name), line
            found[name] = float(value)
    return found


def test_an_overdue_timer_is_named_with_its_age_unless_its_instance_rests(county):
    instance = county.errand()
    with county.pool.connection() as conn:
        conn.execute("UPDATE timer SET due_at = %s - interval '20 minutes'", [county.services.clock()])
        element = conn.execute("SELECT element_id FROM timer").fetchone()[0]

    late = samples(county)

    at = f'{{definition="errand",element="{element}"'
    assert late[f"yuntu_timers_overdue{at}}}"] == 1
    assert late["yuntu_oldest_due_timer_s"] == 1200
    assert late[f'yuntu_overdue_timer_age_seconds_bucket{at},le="900"}}'] == 0
    assert late[f'yuntu_overdue_timer_age_seconds_bucket{at},le="3600"}}'] == 1
    assert late[f"yuntu_overdue_timer_age_seconds_sum{at}}}"] == 1200

    county.post(f"/api/instances/{instance}/suspension", "it", {})
    assert samples(county)["yuntu_oldest_due_timer_s"] == 0


def test_incidents_jobs_messages_and_connections_are_counted(county):
    county.post("/api/messages", "it", {"name": "message_nobody_hears", "key": "k"})

    found = samples(county)

    assert found['yuntu_messages_unmatched{state="buffered"}'] == 1
    assert found["yuntu_open_incidents"] == 0 and found["yuntu_jobs_waiting"] == 0
    assert any(name.startswith("yuntu_pool_connections{") for name in found)


def test_every_transaction_counts_once_in_the_histogram_of_its_command(county):
    before = samples(county).get('yuntu_command_seconds_count{command="StartInstance"}', 0)

    county.errand()

    found = samples(county)
    assert found['yuntu_command_seconds_count{command="StartInstance"}'] == before + 1
    assert found['yuntu_command_seconds_bucket{command="StartInstance",le="+Inf"}'] == before + 1
    assert found['yuntu_command_seconds_sum{command="StartInstance"}'] > 0


def test_the_counts_of_processes_that_have_ended_stay_in_the_sum(tmp_path):
    meter = Meter(tmp_path)
    meter.observe("FireTimer", 0.003)
    (tmp_path / "1.steps").write_bytes((tmp_path / next(tmp_path.glob("*.steps")).name).read_bytes())
    (tmp_path / "2.steps").write_bytes(b"torn")
    meter.observe("Unheard", 99.0)

    found = totals(tmp_path)

    assert found["FireTimer"][2] == 2 and round(found["FireTimer"][-1], 6) == 0.006
    assert list(found["other"])[-2:] == [1.0, 99.0]
    meter.close()
