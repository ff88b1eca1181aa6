"""Which processes a host runs."""

import pytest
from click.testing import CliRunner

from runtime import settings
from runtime.cli import main


@pytest.mark.parametrize(("said", "meant"), [("2,1", (2, 1)), ("4,0", (4, 0)), ("0,3", (0, 3))])
def test_a_host_may_serve_or_work_or_both(said, meant):
    read = settings.read({"YUNTU_WORKERS": said})

    assert (read.web_processes, read.worker_processes) == meant


@pytest.mark.parametrize("said", ["0,0", "65,1", "1,65", "-1,2", "2"])
def test_numbers_of_processes_that_make_no_sense_are_refused(said):
    with pytest.raises(settings.WrongSetting, match="YUNTU_WORKERS"):
        settings.read({"YUNTU_WORKERS": said})


@pytest.mark.parametrize(("said", "meant"), [("", 0.0), ("90", 90.0), ("0.5", 0.5)])
def test_timers_of_one_moment_are_spread_as_the_setting_says(said, meant):
    assert settings.read({"YUNTU_TIMER_SPREAD": said}).timer_spread_s == meant


@pytest.mark.parametrize("said", ["-1", "3601", "soon", "nan", "inf"])
def test_a_spread_that_makes_no_sense_is_refused(said):
    with pytest.raises(settings.WrongSetting, match="YUNTU_TIMER_SPREAD"):
        settings.read({"YUNTU_TIMER_SPREAD": said})


def test_only_one_kind_can_be_the_only_one():
    asked = CliRunner().invoke(main, ["serve", "--web-only", "--worker-only"])

    assert asked.exit_code == 2
    assert "--web-only" in asked.output
