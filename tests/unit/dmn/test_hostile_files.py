"""XML made to read files, to blow up or to hide: refused before a tree exists."""

from __future__ import annotations

import pytest

from engine.dmn import read_decisions
from engine.dmn.reader import read_model
from engine.problems import Refused
from tests.unit.dmn.tables import MODEL, decision_file, literal

DOCTYPE = '<!DOCTYPE definitions [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE definitions [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
PARAMETER = '<!DOCTYPE definitions [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]>'
BODY = f'<definitions xmlns="{MODEL}"><decision id="d" name="d">{literal("1")}</decision></definitions>'


@pytest.mark.parametrize("prologue", [DOCTYPE, EXTERNAL, PARAMETER])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_doctype_is_refused_in_any_encoding(prologue, encoding):
    declared = "utf-16" if encoding.startswith("utf-16") else encoding
    text = f'<?xml version="1.0" encoding="{declared}"?>{prologue}{BODY}'

    with pytest.raises(Refused) as refused:
        read_decisions(text.encode(encoding))

    assert refused.value.problems[0].code in ("doctype", "not-xml")


@pytest.mark.parametrize("encoding", ["utf-7", "no-such-encoding", "idna"])
def test_an_unusual_encoding_is_refused(encoding):
    with pytest.raises(Refused):
        read_decisions(f'<?xml version="1.0" encoding="{encoding}"?>{BODY}'.encode())


def test_an_inclusion_is_just_an_unknown_element():
    xml = decision_file(
        '<include xmlns="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
        f'<decision id="d" name="d">{literal("1")}</decision>'
    )

    assert list(read_model(xml).decisions) == ["d"]


def test_a_table_in_a_table_a_hundred_deep_is_read_or_refused():
    deep = "<context><contextEntry>" * 80 + literal("1") + "</contextEntry></context>" * 80

    assert read_decisions(decision_file(f'<decision id="d" name="d">{deep}</decision>')).evaluate("d", {}).value == 1
