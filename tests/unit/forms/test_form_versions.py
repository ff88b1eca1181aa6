"""A form's text cannot change without its version: a task keeps the version it was opened with, and what was answered
is read by the version it was answered to."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from workflows.forms import catalogue

LEDGER = Path(catalogue.__file__).parent / "versions.txt"
LINE = re.compile(r"([a-z][a-z0-9-]*) ([1-9]\d*) ([0-9a-f]{64})")
FILES = sorted(catalogue.QUESTIONNAIRES.glob("*.json"))


def lines():
    written = LEDGER.read_text(encoding="utf-8").splitlines()
    found = [LINE.fullmatch(line) for line in written if not line.startswith("#")]
    assert all(found), "form, version, sha256"
    return [(one[1], int(one[2]), one[3]) for one in found if one]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_form_is_what_its_version_was_published_as(path):
    form = catalogue.forms_on_disk()[path.stem]
    found = sha256(path.read_bytes()).hexdigest()
    published = {version: hash_ for name, version, hash_ in lines() if name == form.id}

    assert form.version == max(published), f"{form.id}: the newest version stands in versions.txt"
    assert found == published[form.version], f"{form.id} has changed: raise its version and add `{form.id} N {found}`"


def test_each_version_is_one_text_and_no_text_has_two_versions():
    found = lines()

    assert len({(name, version) for name, version, _ in found}) == len(found)
    assert len({hash_ for _, _, hash_ in found}) == len(found)


def test_versions_count_up():
    of_forms = [(name, version) for name, version, _ in lines()]

    assert of_forms == sorted(of_forms)
    assert all(b[1] == a[1] + 1 if a[0] == b[0] else b[1] == 1 for a, b in pairwise([("", 0), *of_forms]))


def test_a_changed_text_is_noticed(tmp_path):
    text = FILES[0].read_bytes()

    assert sha256(text.replace(b"\n", b"\n ", 1)).hexdigest() not in {hash_ for _, _, hash_ in lines()}
