"""`yuntu simulate`: a county on a database of its own, and a report that adds up and is counted twice."""

from __future__ import annotations

import json
from datetime import date, timedelta

import psycopg
import pytest
from click.testing import CliRunner

from runtime import settings as configuration
from runtime.cli import main
from runtime.simulation import reach, run
from runtime.simulation.persons import CODES, arrivals, draw
from runtime.simulation.plan import Plan
from runtime.simulation.report import simulate
from workflows.regions import load_pack

FIELDS = {
    *("seconds", "women", "steps", "instances", "ends", "colours", "tasks", "timers_fired", "overdue", "indicators"),
    "stuck",
}
BIRTHS, DAYS, SEED = 8, 560, 4
HOMES = [("org-twn-1", "nurse"), ("org-twn-2", "nurse2")]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    arguments = ["simulate", "--region", "cn-baseline", "--births", f"{BIRTHS}", "--seed", f"{SEED}"]
    arguments += ["--days", f"{DAYS}", "--recount", "--json"]
    done = CliRunner().invoke(main, arguments, env={"YUNTU_HOME": str(home), "YUNTU_DATABASE_URL": ""})
    assert done.exit_code == 0, (done.output, done.exception)
    assert list(home.iterdir()) == []  # nothing of the installation is touched
    return json.loads(done.stdout)


def test_the_report_holds_every_field_of_the_contract(report):
    assert report.keys() >= FIELDS
    assert report["instances"].keys() == {"started", "ended", "live"}
    assert all(one.keys() == {"numerator", "denominator"} for one in report["indicators"].values())
    assert report["cpu_s"].keys() == {"python", "database"} and report["memory"].keys() == {"python_mb", "database_mb"}


def test_its_counts_add_up(report):
    instances = report["instances"]

    assert report["women"] == instances["started"] == instances["ended"] + instances["live"] == BIRTHS
    assert sum(report["ends"].values()) >= instances["ended"]
    assert report["tasks"]["task_first_visit"] >= BIRTHS - 1
    assert (report["stuck"], report["incidents"], report["refused"], report["nobody"]) == (0, 0, {}, {})


def test_people_are_late_and_wrong_and_what_is_wrong_is_refused(report):
    assert sum(report["overdue"].values()) > 0
    assert report["forms_refused"] > 0 and report["accepted_wrong"] == {}


def test_what_could_be_counted_beforehand_is_what_happened(report):
    assert report["not_as_expected"] == []


def test_every_indicator_is_there_and_an_independent_count_from_the_raw_history_agrees(report):
    counted = report["indicators"]

    assert counted.keys() >= {f"I-{n:02}" for n in range(1, 31)}
    assert report["recount"] == []
    assert counted["I-10"]["denominator"] > 0
    assert all(one["numerator"] is not None for one in counted.values())  # every row is counted


def test_one_seed_is_one_county_however_many_processes_live_it():
    """Two women for a hundred days, by one process and by two."""
    tallies = []
    for parts in (1, 2):
        with run.county(configuration.read({}), "cn-xf-2022") as (here, server):
            with psycopg.connect(server.url()) as owner:
                assert owner.execute("SHOW fsync").fetchone() == ("off",)  # nobody needs this database tomorrow
            tally, _ = run.live(here, server, Plan(births=2, seed=3, days=100), progress=False, parts=parts)
            tallies.append(vars(tally))

    assert tallies[0] == tallies[1]
    assert tallies[0]["tasks"]["task_duty"] > 0  # institutions have their days too


def test_who_a_woman_is_follows_from_the_seed_and_her_number_alone():
    days = arrivals(2000, 5, date(2026, 1, 5), 380)
    people = [draw(number, 5, on, HOMES) for number, on in enumerate(days)]

    assert draw(1234, 5, days[1234], HOMES) == people[1234]
    assert len({person.document for person in people}) == len(people)
    assert {person.end for person in people} == CODES.keys()
    for person in people:
        assert person.arrives_on - timedelta(days=98) <= person.true_lmp < person.delivers_on
        assert person.ends_on is None or person.arrives_on <= person.ends_on


def test_rare_ways_are_gone_by_a_few_women_and_no_diagram_is_left_out():
    """What is rare is frequent and every rule is on. `yuntu simulate --everything` asks for every task as well."""
    plan = Plan.everything(births=12, seed=46, days=430)
    report = simulate(configuration.read({}), plan, region="cn-xf-2022", progress=False, counted_again=True)

    assert reach.not_entered(report["reach"]) == []
    assert (report["stuck"], report["incidents"], report["refused"], report["nobody"]) == (0, 0, {}, {})
    assert (report["recount"], report["not_as_expected"], report["accepted_wrong"]) == ([], [], {})
    never = {task for one in report["reach"].values() for task in one["never_done"]}
    assert len(never) < 40, never


def test_what_a_regions_rules_do_not_ask_for_is_named_with_the_rule():
    shipped, everything = load_pack("cn-baseline"), Plan.everything(births=1, seed=1, days=1).pack("cn-baseline")

    assert reach.not_asked_for(shipped)["task_thalassaemia"] == "prenatal_tests.thalassaemia"
    assert "task_meet_face_to_face" not in reach.not_asked_for(shipped)
    assert reach.not_asked_for(everything) == reach.FROM_OUTSIDE
    assert {*reach.RULES, *reach.FROM_OUTSIDE} <= {task for tasks in reach.tasks().values() for task in tasks}


def test_a_diagram_that_nobody_came_to_is_told():
    never = {"elements": 3, "never_visited": ["a", "b", "c"], "tasks": 1, "never_done": ["b"], "not_asked_for": {}}
    found = {
        "left_out": never,
        "by_rule": {**never, "not_asked_for": {"b": "rule"}},
        "gone": {**never, "never_visited": []},
    }

    assert reach.not_entered(found) == ["left_out"]
