"""Each reliability experiment in its small form. The whole ones: `yuntu bar NAME`, and docs/reliability.md."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from runtime.commands import bar
from runtime.trials import county_crashes, crashes, kills, outages, suite, upgrade
from runtime.trials.verdict import broken


def missed(result):
    """The figures that do not keep their limit, and what else was said of them."""
    names = broken(result["figures"], result["limits"])
    said = {name: value for name, value in result.items() if name.startswith("first") or name == "refused"}
    return {name: result["figures"].get(name) for name in names} | (said if names else {})


def quiet(text):
    """Nobody watches."""


def test_a_thousand_completions_over_http_under_random_kills_lose_and_double_nothing():
    result = kills.run(n=1000, seed=7, say=quiet, kills=22)

    assert missed(result) == {}
    assert result["figures"]["kills"] >= 20
    assert min(result["figures"]["killed_webs"], result["figures"]["killed_workers"]) > 0


def test_a_killed_database_is_answered_with_503_and_nothing_that_was_told_is_gone():
    result = outages.run(n=1, seed=3, say=quiet, cases=6, between_s=(0.5, 1.0))

    assert missed(result) == {}


def test_whatever_the_point_of_death_a_completion_comes_to_the_same_end(database):
    result = crashes.run(database, seed=1, say=quiet, names=["CompleteUserTask"])

    assert missed(result) == {}
    assert result["figures"]["died"] >= 15


@pytest.mark.parametrize(
    "command",
    ["StartInstance", "PublishMessage", "FireTimer", "CompleteJob", "StartByTimer", "Delivered", "RunBatchItems"],
)
def test_a_command_that_dies_before_or_after_its_commit_comes_to_the_same_end(database, command):
    points = (
        "before_the_commit",
        "after_the_commit_was_sent_before_its_answer_was_read",
        "after_the_commit_before_it_is_known",
    )

    result = crashes.run(database, seed=1, say=quiet, names=[command], points=points)

    assert missed(result) == {}


def test_what_hospitals_and_people_ask_comes_to_the_same_end_wherever_its_process_dies(database):
    """Also: no command of the rooms above the engine is without a case."""
    names = ("a birth", "a person decides", "subscribers are told", "a document is given out")
    places = ("before_the_commit", "after_the_commit_was_sent_before_its_answer_was_read")

    result = county_crashes.run(database, seed=1, say=quiet, names=names, places=places, steps=3)

    assert missed(result) == {}
    assert result["figures"]["died"] == 10


def test_every_command_of_every_room_has_its_crash_case():
    """Without a database: what the engine is told in the wiring, against what is died in."""
    covered = {case.watched for case in county_crashes.CASES.values()}
    covered |= {one for case in county_crashes.CASES.values() for one in case.covers}

    assert {command.__name__ for command in county_crashes.commands()} <= covered


def test_timers_that_fell_due_during_a_downtime_fire_once_and_none_early(database):
    result = suite.run_small("R07", database)

    assert missed(result) == {}


def test_the_counts_of_a_pregnancy_are_those_of_the_model_whatever_is_killed(database):
    result = suite.run_small("R08", database)

    assert missed(result) == {}


def test_after_random_operations_every_case_waits_for_something_or_is_an_incident_and_can_be_ended(database):
    result = suite.run_small("operations", database)

    assert missed(result) == {}


def test_of_many_callers_one_wins_and_the_tables_say_so(database):
    result = suite.run_small("R10", database)

    assert missed(result) == {}


def test_messages_that_come_twice_late_or_spoilt_leave_what_each_would_leave_once_and_in_order(database):
    result = suite.run_small("R12", database)

    assert missed(result) == {}
    assert result["figures"]["corrupt"] > 0 < result["figures"]["conflicts"]


def test_receivers_that_fail_in_every_way_miss_nothing_and_are_not_stormed(database):
    result = suite.run_small("R13", database)

    assert missed(result) == {}


def test_work_that_kills_its_worker_becomes_an_incident_and_the_others_go_on(database):
    result = suite.run_small("R14", database)

    assert missed(result) == {}


def test_two_regions_on_one_database_see_nothing_of_each_other(database):
    result = suite.run_small("S09", database)

    assert missed(result) == {}


def test_everything_that_the_first_release_stored_is_migrated_and_finished(server):
    result = upgrade.run(n=1, seed=1, say=quiet, server=server)

    assert missed(result) == {}


@pytest.fixture
def folder():
    """One that the database's own account may walk through, which pytest's are not when the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="yuntu-bar-") as name:
        os.chmod(name, 0o711)
        yield Path(name)


def test_an_experiment_that_is_asked_to_end_leaves_no_server_behind(folder):
    command = [sys.executable, "-m", "runtime.cli", "bar", "R10", "--n", "100000"]
    asked = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(folder)}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    with asked:
        assert asked.stderr.readline().startswith(b"round")  # it has begun
        asked.send_signal(signal.SIGTERM)
        assert asked.wait(240) == 128 + signal.SIGTERM

    deadline = time.monotonic() + 120  # the kernel's, for processes that were ended by a signal
    while list(folder.glob("yuntu-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(folder.glob("yuntu-*")) == []


@pytest.mark.parametrize("name", ["R01", "R03", "R04"])
def test_an_experiment_that_starts_its_own_server_takes_no_other(name):
    """It would be left unused, and nobody would know."""
    answer = CliRunner().invoke(bar.group, [name, "--database-url", "postgresql://nowhere/"])

    assert answer.exit_code == 2 and "--database-url" in answer.output
