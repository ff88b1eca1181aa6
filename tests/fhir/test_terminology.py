"""Every code once, marked; every code that the forms carry is the one that the table knows."""

from __future__ import annotations

from collections import Counter

from fhir_adapters import terminology
from fhir_adapters.mappings.observation import DATED_ELSEWHERE, NOT_EXTRACTED
from fhir_adapters.terminology import BY_CODE, ITEMS, LOINC, OBSERVATION, fact_name, is_identity, same_system
from workflows.forms import forms_on_disk
from workflows.forms import urls as form_urls

NEVER = {"11882-8", "1558-6", "1507-3"}  # fetal sex; glucose by mass: wrong for what one might take them for


def test_each_code_stands_for_one_thing():
    codes = [(item.system, code) for item in ITEMS.values() for code in (item.code, *item.also)]

    assert [code for code, count in Counter(codes).items() if count > 1] == []
    assert not {code for _, code in codes} & NEVER


def test_each_code_says_how_sure_we_are():
    assert {item.mark for item in ITEMS.values()} <= {"V", "E", "K", "O"}
    assert all((item.mark == "O") == (item.system == OBSERVATION) for item in ITEMS.values())


def test_the_canonical_base_is_one():
    assert form_urls.CANONICAL_BASE == terminology.CANONICAL_BASE


def test_the_code_of_a_form_item_leads_back_to_its_field():
    strays = []
    for form in forms_on_disk().values():
        for top in form.items:
            for item in top.walk():
                if (
                    item.is_measured
                    and item.codes
                    and form.id not in NOT_EXTRACTED
                    and item.link_id not in DATED_ELSEWHERE
                ):
                    name = fact_name(item.codes[0].get("system"), item.codes[0].get("code"))
                    if name != item.link_id:
                        strays.append((form.id, item.link_id, item.codes[0].get("code"), name))

    assert strays == []


def test_an_unknown_or_invented_code_means_nothing():
    assert fact_name(LOINC, "99999-1") is None
    assert fact_name(None, "718-7") is None
    assert BY_CODE[LOINC, "718-7"] == "hb"


def test_the_identity_card_has_one_spelling_and_an_admission_number_is_no_identity():
    assert same_system("urn:oid:2.16.840.1.113883.2.23.1.19.1") == terminology.ID_CARD
    assert is_identity(terminology.ID_CARD) and is_identity(terminology.MRN_PREFIX + "x")
    assert not is_identity(terminology.ADMISSION_NO)
