"""Every example of docs/feel.md is run, and every built-in function has one."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.feel import compile_expression
from engine.feel.builtins import BUILTINS
from engine.feel.meter import Run
from engine.feel.text import string_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "feel.md"
ROW = re.compile(r"^\| (.+?) \|.*\| `(.+)` \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
NOW = datetime(2026, 1, 5, 8, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize("subject, example, result", ROWS)
def test_the_example_has_the_result_beside_it(subject, example, result):
    context = {"x": 5, "xs": [3, 1, 2], "孕周": 12}

    value = compile_expression(example).evaluate(context, now=NOW)

    assert (string_of(value, Run()) if value is not None else "null") == result


def test_every_built_in_function_is_documented_by_an_example_that_calls_it():
    shown = {subject for subject, example, _ in ROWS if f"{subject}(" in example}

    assert set(BUILTINS) - shown == set()
