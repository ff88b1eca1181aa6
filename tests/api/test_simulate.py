"""`yuntu simulate`: a cohort on a database of its own, and a report that adds up."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from runtime.cli import main
from workflows import indicators

FIELDS = {
    *("seconds", "women", "steps", "instances", "ends", "colours", "tasks", "timers_fired", "overdue", "indicators"),
    "stuck",
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    arguments = ["simulate", "--region", "cn-baseline", "--births", "2", "--seed", "5", "--days", "360", "--json"]
    done = CliRunner().invoke(main, arguments, env={"YUNTU_HOME": str(home), "YUNTU_DATABASE_URL": ""})
    assert done.exit_code == 0, (done.output, done.exception)
    assert list(home.iterdir()) == []  # nothing of the installation is touched
    return json.loads(done.stdout)


def test_the_report_holds_every_field_of_the_contract(report):
    assert report.keys() >= FIELDS
    assert report["instances"].keys() == {"started", "ended", "live"}
    assert all(one.keys() == {"numerator", "denominator"} for one in report["indicators"].values())


def test_its_counts_add_up(report):
    instances = report["instances"]

    assert report["women"] == instances["started"] == instances["ended"] + instances["live"] == 2
    assert sum(report["ends"].values()) >= instances["ended"]
    assert report["tasks"]["task_first_visit"] == 2
    assert (report["stuck"], report["refused"], report["nobody"]) == (0, {}, {})


def test_an_indicator_counts_numerator_and_denominator_over_the_right_women():
    delivered = {"registered_on": "2026-01-05", "delivered_on": "2026-08-01", "early_registration": True}
    late = {**delivered, "early_registration": False, "visits": ["d"] * 5}
    expecting = {"registered_on": "2026-01-05", "early_registration": True, "colour": "red", "case_file": "open"}

    counted = indicators.count([delivered, late, expecting])

    assert counted["I-05"] == {"numerator": 1, "denominator": 2}
    assert counted["I-06"] == {"numerator": 1, "denominator": 2}
    assert counted["I-12"] == {"numerator": 1, "denominator": 1}
