"""Every row of the mapping specification has its code and its golden file; the page says what the table says."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest

from fhir_adapters.ig import mapped
from fhir_adapters.mappings.by_form import BY_FORM
from tests.fhir.samples import samples
from tests.fhir.samples_of_forms import ANSWERS
from workflows.forms import forms_on_disk

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
SAID_TO_BE_NOTHING = 6  # rows of §4 and §7 of which the specification itself says that nothing is written


@pytest.mark.parametrize("row", mapped.ROWS, ids=lambda row: f"{row.part} {row.what}")
def test_each_row_has_code_and_a_golden_file_that_holds_such_a_resource(row):
    if row.nothing:
        assert not row.functions and not row.golden
        return
    assert row.functions and row.golden
    for name in row.functions:
        module, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f"fhir_adapters.mappings.{module}"), function))
    held = [json.loads((GOLDEN / f"{name}.json").read_text()) for name in row.golden]
    types = {one["resourceType"] for made in held for one in (made if isinstance(made, list) else [made])}
    assert types & set(re.findall(r"[A-Z][A-Za-z]+", row.resource)), types


def test_only_the_rows_that_the_specification_leaves_out_are_left_out():
    assert sum(row.nothing is not None for row in mapped.ROWS) == SAID_TO_BE_NOTHING
    stages = {number for row in mapped.ROWS for number in re.findall(r"^P(\d\d)", row.what)}
    assert stages == {f"{number:02}" for number in range(1, 23)}


def test_no_golden_file_is_of_no_row_or_of_nothing_that_is_made():
    named = {name for row in mapped.ROWS for name in row.golden}
    assert named <= samples().keys()


def test_every_form_that_becomes_more_than_observations_has_a_sample():
    assert BY_FORM.keys() <= forms_on_disk().keys()
    assert BY_FORM.keys() == {form for form, _ in ANSWERS.values()}


def test_the_code_tables_are_as_they_were_frozen():
    """A code is changed only together with the source that settles it: then this file is written anew."""
    assert json.loads((Path(__file__).parent / "codes.json").read_text()) == mapped.codes()


def test_the_page_is_what_the_table_says():
    """After a change: yuntu fhir ig --mappings docs/integration/mappings.md"""
    assert (ROOT / "docs/integration/mappings.md").read_text(encoding="utf-8") == mapped.page()
