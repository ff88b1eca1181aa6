"""docs/bpmn-support.md is what the tables say, and every test it points at exists."""

from __future__ import annotations

import re
from pathlib import Path

from engine.model.elements import Kind
from engine.model.support import ELEMENTS, PAGE, page

HERE = Path(__file__).parent


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m engine.model.support"


def test_every_kind_of_element_has_its_row():
    assert set(ELEMENTS) == set(Kind)


def test_every_test_that_the_page_points_at_exists():
    links = re.findall(r"\[(test_\w+)\]\(\.\./tests/process/(\w+)\.py\)", page())

    assert links
    for test, file in links:
        assert f"def {test}(" in (HERE / f"{file}.py").read_text(encoding="utf-8"), (file, test)
