"""The scenario files a designer can read: each passes, and together they enter every element of the pathway."""

from pathlib import Path

import pytest

from runtime.commands.scenario import Coverage, run_file

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_the_scenario_holds(path):
    report = run_file(path, Coverage())

    assert report["pass"], report


def test_together_they_enter_every_element():
    coverage = Coverage()
    for path in FILES:
        run_file(path, coverage)

    assert {key: found["never"] for key, found in coverage.as_json().items() if found["never"]} == {}
