"""The DMN Technology Compatibility Kit, read from beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.dmn.tck import run_folder, summary

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("YUNTU_DMN_TCK") or ROOT.parent / "shared" / "conformance" / "dmn-tck")


@pytest.fixture(scope="module")
def result():
    if not FOLDER.is_dir():
        pytest.skip(f"the test kit is not at {FOLDER}; set YUNTU_DMN_TCK")
    return summary(list(run_folder(FOLDER)), 0)


def share(counts):
    return counts["passed"] / counts["tests"]


def test_ninety_nine_of_a_hundred_tests_pass_and_as_many_of_those_with_a_result(result):
    assert share(result["summary"]) >= 0.99
    assert share(result["summary"]["non_null"]) >= 0.99


def test_level_two_passes_whole(result):
    assert share(result["summary"]["by_level"]["2"]) == 1


def test_every_failure_is_explained_in_the_documentation(result):
    documented = (ROOT / "docs" / "feel.md").read_text(encoding="utf-8")

    assert [failed for failed in result["failed"] if failed["folder"] not in documented] == []
