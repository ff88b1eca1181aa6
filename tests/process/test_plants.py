"""A test that has never failed shows nothing: each row of the list of known errors is planted, and its test sees it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.process.plants import PLANTED

AUDIT = Path("docs/engine-audit.md")
RED = (Exception, pytest.fail.Exception)  # an assertion, or that no error came where one had to


def case(sees: str):
    """The test as a function without arguments: of a table of cases the one that is named in brackets."""
    file, _, name = sees.partition("::")
    name, _, wanted = name.partition("[")
    test = getattr(import_module(f"tests.{file}" if "." in file else f"tests.process.{file}"), name)
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            return _one_of(test, mark, wanted.rstrip("]"))
    return test


def _one_of(test, mark, wanted: str):
    given = mark.kwargs.get("ids")
    names = [name.strip() for name in mark.args[0].split(",")]
    for number, values in enumerate(mark.args[1]):
        values = values if len(names) > 1 else (values,)
        shown = "-".join(
            str(value) if isinstance(value, str | int | type(None)) else f"{name}{number}"
            for name, value in zip(names, values)
        )
        if callable(given):
            shown = given(*values)
        if wanted in ("", shown):
            return lambda: test(*values)
    raise AssertionError(f"{test.__name__} has no case {wanted}")


@pytest.mark.parametrize("row", PLANTED)
def test_its_test_turns_red(row, monkeypatch):
    test = case(PLANTED[row].sees)
    test()

    PLANTED[row].plant(monkeypatch)

    with pytest.raises(RED):
        test()


def test_every_row_that_a_diagram_alone_can_show_is_planted():
    rows = {row.split()[0] for row in PLANTED}
    elsewhere = {"S3", "S4", "S5", "F14", "D15"}  # migration, row-level security, the test kit: see the audit

    assert {f"S{n}" for n in range(1, 29)} | {f"F{n}" for n in range(1, 15)} <= rows | elsewhere
    assert {f"D{n}" for n in range(1, 19)} <= rows | elsewhere
    assert {f"C{n}" for n in (*range(1, 13), 16, 19, 20, 23, 24, 27, 28, 36)} <= rows
