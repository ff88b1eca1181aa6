"""What a client's registration overlooks becomes what a strict client would have sent; nothing else is ever changed."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store import plain
from fhir_adapters.arrivals.profile import Code
from fhir_adapters.entries import Entry
from fhir_adapters.rules.check import check
from fhir_adapters.terminology import ADMISSION_NO, ITEMS, LOINC
from fhir_adapters.tolerances import identities, loinc, values
from fhir_adapters.tolerances.kinds import (
    CODES,
    COMPACT,
    INSTITUTION,
    INVENTED,
    NUMBERS,
    TOLERANCES,
    ZONE,
    checked,
)
from fhir_adapters.tolerances.reading import Agreed, asked_codes, put_right

MRN = "https://example.org/mrn/county"
EVERY = frozenset(TOLERANCES)
CHINA = timezone(timedelta(hours=8))


def observation(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "718-7"}]},
        "subject": {"reference": "Patient/1"},
        **more,
    }


def read(resource: Any, names: Any = EVERY, **more: Any) -> Entry:
    agreed = Agreed(names=frozenset(names), mrn_system=MRN, **more)
    return put_right(Entry(method="POST", type=resource["resourceType"], resource=resource, at="X"), agreed)


# --- the strict resource and what a hospital makes of it ---

moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2035, 1, 1)).map(
    lambda at: at.replace(microsecond=0, tzinfo=CHINA)
)
DEVIATIONS = {
    (ZONE, "%Y-%m-%dT%H:%M:%S"): None,
    (ZONE, "%Y-%m-%dT%H:%M"): "minute",
    (COMPACT, "%Y-%m-%d %H:%M:%S"): None,
    (COMPACT, "%Y-%m-%d %H:%M"): "minute",
    (COMPACT, "%Y%m%d%H%M%S"): None,
    (COMPACT, "%Y%m%d%H%M"): "minute",
}
numbers = st.decimals(min_value=-9999, max_value=9999, places=2) | st.integers(-9999, 9999)


@settings(max_examples=200, deadline=None)
@given(at=moments, value=numbers, kind=st.sampled_from(sorted(DEVIATIONS)), low=moments)
def test_what_is_tolerated_equals_what_a_strict_client_sends(at, value, kind, low):
    tolerance, form = kind
    if DEVIATIONS[kind] == "minute":
        at, low = at.replace(second=0), low.replace(second=0)
    strict = observation(
        effectivePeriod={"start": low.isoformat(), "end": max(at, low).isoformat()},
        issued=at.isoformat(),
        valueQuantity={"value": value, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
        component=[{"code": {"text": "x"}, "valueDateTime": at.isoformat()}],
        extension=[{"url": "http://example.org/x", "valueDecimal": value}],
    )
    sent = copy.deepcopy(strict)
    sent["effectivePeriod"] = {"start": low.strftime(form), "end": max(at, low).strftime(form)}
    sent["issued"] = at.strftime(form)
    sent["valueQuantity"]["value"] = str(value)
    sent["component"][0]["valueDateTime"] = at.strftime(form)
    sent["extension"][0]["valueDecimal"] = str(value)

    made = read(sent, {tolerance, NUMBERS})

    assert plain.dumps(made.resource) == plain.dumps(strict)
    assert check(made.resource, type_="Observation") == check(strict, type_="Observation") == []
    assert {use.at for use in made.tolerated} == {
        "X.effectivePeriod.start", "X.effectivePeriod.end", "X.issued", "X.valueQuantity.value",
        "X.component[0].valueDateTime", "X.extension[0].valueDecimal",
    }  # fmt: skip
    assert {str(use.was) for use in made.tolerated} >= {sent["issued"], str(value)}


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=12)
    | st.sampled_from(["2026-05-20T09:31:00", "2026-05-20 09:31", "20260520093100", "6.70", "2026-02-30T09:31:00"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["effectiveDateTime", "issued", "valueQuantity", "value", "code", "coding", "system",
                         "component", "contained", "_issued", "extension", "valueInteger", "identifier", "nonsense"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(more=st.dictionaries(st.sampled_from(["effectiveDateTime", "component", "valueQuantity", "code"]), anything))
def test_a_client_without_tolerances_never_gets_one_and_none_ever_raises(more):
    sent = observation(**more)
    before = copy.deepcopy(sent)

    strict = read(sent, ())
    made = read(sent)

    assert strict.resource is sent and strict.tolerated == ()
    assert sent == before
    again = put_right(made, Agreed(names=EVERY - {CODES, INVENTED}, mrn_system=MRN))
    assert again.resource == made.resource  # what is right is let alone


@settings(max_examples=100, deadline=None)
@given(more=st.dictionaries(st.sampled_from(["effectiveDateTime", "component", "valueQuantity"]), anything))
def test_what_is_refused_afterwards_is_refused_at_the_same_place_as_ever(more):
    """No tolerance makes a fault of its own, and none moves one."""
    sent = observation(**more)
    strict = {issue.expression for issue in check(sent, type_="Observation")}

    left = {issue.expression for issue in check(read(sent).resource, type_="Observation")}

    assert left <= strict


@pytest.mark.parametrize(
    "text", ["2026-02-30T09:31:00", "2026-05-20T25:00:00", "20260520256060", "2026-5-2 9:31", "12345", "昨天", ""]
)
def test_a_time_that_is_none_stays_as_it_was_sent(text):
    made = read(observation(effectiveDateTime=text))

    assert made.resource["effectiveDateTime"] == text and made.tolerated == ()


@pytest.mark.parametrize("text", ["6,70", "1e5", " 6.7", "06.7", "+6", "６.７", "NaN", "", "--1", "6."])
def test_a_number_that_is_none_stays_as_it_was_sent(text):
    assert read(observation(valueQuantity={"value": text})).resource["valueQuantity"]["value"] == text


def test_every_digit_of_a_number_stays():
    made = read(observation(valueQuantity={"value": "6.70"}), {NUMBERS})

    assert made.resource["valueQuantity"]["value"] == Decimal("6.70")
    assert b'"value":6.70' in plain.dumps(made.resource)


def test_a_zone_that_is_there_stays():
    assert values.without_zone("2026-05-20T09:31Z") == "2026-05-20T09:31:00Z"
    assert values.without_zone("2026-05-20T09:31-05:00") == "2026-05-20T09:31:00-05:00"


# --- codes ---


def test_every_number_that_we_know_is_a_possible_one_and_invented_ones_are_not():
    known = [code for item in ITEMS.values() if item.system == LOINC for code in (item.code, *item.also)]

    assert [code for code in known if not loinc.is_possible(code)] == []
    assert [code for code in ("99999-12", "99999-9", "718-8", "718", "0718-7", "HB") if loinc.is_possible(code)] == []


LOCAL = {"coding": [{"system": "urn:lis", "code": "HGB"}], "text": "血红蛋白"}


def test_a_mapped_code_stands_beside_what_was_sent():
    sent = observation(code=LOCAL, valueQuantity={"value": 61})

    made = read(sent, {CODES}, codes={("urn:lis", "HGB"): Code(item="hb", unit="g/L")})

    assert made.resource["code"]["text"] == "血红蛋白"
    assert [c["code"] for c in made.resource["code"]["coding"]] == ["HGB", "718-7"]
    assert made.resource["valueQuantity"]["code"] == "g/L"
    assert [(u.tolerance, u.at, u.was, u.what) for u in made.tolerated] == [(CODES, "X.code", "HGB", None)]


def test_a_unit_that_was_sent_is_not_replaced():
    sent = observation(code=LOCAL, valueQuantity={"value": 6, "unit": "g/dL"})

    made = read(sent, {CODES}, codes={("urn:lis", "HGB"): Code(item="hb", unit="g/L")})

    assert made.resource["valueQuantity"] == {"value": 6, "unit": "g/dL"}


def test_a_code_that_is_not_mapped_stays_and_is_told():
    made = read(observation(code=LOCAL), {CODES})

    assert made.resource["code"] == LOCAL
    assert [use.what for use in made.tolerated] == [("urn:lis", "HGB", "血红蛋白")]


def test_an_invented_number_matches_nothing_and_cannot_be_mapped():
    sent = observation(code={"coding": [{"system": LOINC, "code": "99999-12"}]})

    made = read(sent, {INVENTED, CODES}, codes={(LOINC, "99999-12"): Code(item="hb")})

    assert made.resource == sent
    assert [(use.tolerance, use.at) for use in made.tolerated] == [(INVENTED, "X.code.coding[0].code")]
    assert asked_codes(sent, EVERY) == set()


# --- numbers of the institution ---


def test_numbers_are_qualified_by_the_institution_where_they_say_none():
    card = {"system": "urn:oid:2.16.156.10011.1.3", "value": "999999199706150027"}
    other = {"system": "urn:vendor", "value": "7"}
    sent = {
        "resourceType": "Patient",
        "identifier": [{"value": "M1"}, {"system": ADMISSION_NO, "value": "Z1"}, card, other],
    }
    agreed = Agreed(names=frozenset({INSTITUTION}), mrn_system=MRN)
    entry = Entry(
        method="POST",
        type="Patient",
        resource=sent,
        at="Patient",
        if_none_exist=(("identifier", f"{ADMISSION_NO}|Z1"),),
    )

    made = put_right(entry, agreed)

    systems = [one["system"] for one in made.resource["identifier"]]
    assert systems == [MRN, f"{MRN}/admission", card["system"], "urn:vendor"]
    assert made.if_none_exist == (("identifier", f"{MRN}/admission|Z1"),)
    assert [use.at for use in made.tolerated] == ["Patient.identifier[0]", "Patient.identifier[1]"]
    referring = read(observation(subject={"reference": "Patient?identifier=|M1"}), {INSTITUTION})
    assert referring.resource["subject"]["reference"] == f"Patient?identifier={MRN}|M1"


def test_a_mother_s_number_on_her_child_is_somebody_else():
    mother = {"birthDate": "1997-06-15", "gender": "female", "name": [{"text": "测试甲子"}]}

    assert identities.is_another({"birthDate": "2026-05-20"}, mother)
    assert identities.is_another({"name": [{"text": "测试乙丑"}]}, mother)
    assert not identities.is_another({"name": [{"text": "测试 甲子"}], "birthDate": "1997-06-15"}, mother)


def test_an_unknown_tolerance_is_named():
    with pytest.raises(Exception) as refused:
        checked({"zone", "everything"})

    assert [fault.path for fault in refused.value.faults] == ["everything"]
