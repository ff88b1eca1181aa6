"""`yuntu simulate`: a cohort on a database of its own, and a report that adds up."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from runtime.cli import main

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


def test_every_indicator_of_the_specification_is_there_and_null_where_nothing_records_it(report):
    counted = report["indicators"]

    assert list(counted) == [f"I-{n:02}" for n in range(1, 31)]
    assert counted["I-10"] == {"numerator": 2, "denominator": 2}
    assert counted["I-17"] == {"numerator": None, "denominator": None}
