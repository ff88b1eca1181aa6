"""docs/engine-audit.md: every row is there once, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

PAGE = Path("docs/engine-audit.md")
ROWS = {"C": 47, "S": 28, "F": 14, "M": 14, "D": 19}
ROW = re.compile(r"^\| ([CSFMD])(\d+) \| (.+) \| ([^|]+) \|$", re.MULTILINE)
LINK = re.compile(r"\[(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\)")


def rows() -> dict[str, list[tuple[str, str]]]:
    """By number: the tests as (name, file)."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for group, number, _, tests in ROW.findall(PAGE.read_text(encoding="utf-8")):
        assert f"{group}{number}" not in found
        found[f"{group}{number}"] = LINK.findall(tests)
    return found


def names_in(file: str) -> set[str]:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_is_there_in_order():
    assert list(rows()) == [f"{group}{number}" for group, most in ROWS.items() for number in range(1, most + 1)]


@pytest.mark.parametrize("row", rows())
def test_a_row_names_a_test_that_exists(row):
    named = rows()[row]

    assert named, f"{row} names no test"
    for test, file in named:
        assert test in names_in(file), f"{row}: {test} is not in {file}"


@pytest.mark.parametrize("row", [row for row in rows() if row[0] in "SF"])
def test_a_known_error_has_a_test_named_after_it(row):
    assert any(re.search(rf"_{row.lower()}_", test) for test, _ in rows()[row])
