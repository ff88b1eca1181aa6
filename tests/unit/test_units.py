"""Units: what can be turned into what, exactly; and that every item of the forms has a unit that is known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_adapters.terminology import ITEMS, UCUM
from fhir_adapters.units import DEGREES, KINDS, UNIT_TEXT, commensurable, converted, unit_of

KNOWN = sorted({unit for kind in KINDS.values() for unit in kind} | set(DEGREES))


@pytest.mark.parametrize(
    "value, unit, wanted, made",
    [  # by hand from the definitions of UCUM
        ("18.7", "kPa", "mm[Hg]", "140.262"),
        ("10.5", "g/dL", "g/L", "105.0"),
        ("98", "[degF]", "Cel", "36.67"),
        ("310.15", "K", "Cel", "37.00"),
        ("3.2", "kg", "g", "3200"),
        ("12", "wk", "d", "84"),
        ("150", "10*3/uL", "10*9/L", "150"),
        ("0.5", "ukat/L", "U/L", "30"),
        ("2.5", "u[IU]/mL", "m[IU]/L", "2.5"),
        ("300", "mg/(24.h)", "g/(24.h)", "0.3"),
        ("0.98", "1", "%", "98"),
        ("0.0051", "mol/L", "mmol/L", "5.1"),
    ],
)
def test_a_value_is_the_same_in_another_unit(value, unit, wanted, made):
    assert converted(Decimal(value), unit, wanted) == Decimal(made)


@pytest.mark.parametrize(
    "unit, wanted",
    [("mg/dL", "mmol/L"), ("kg", "cm"), ("mmHg", "mm[Hg]"), ("mIU/L", "m[IU]/L"), ("g/L", "U/L"), ("", "d")],
)
def test_what_says_something_else_is_no_value(unit, wanted):
    assert converted(Decimal(1), unit, wanted) is None


def test_every_item_of_the_forms_is_measured_in_a_unit_of_the_table():
    units = {item.unit for item in ITEMS.values() if item.unit}
    assert units <= set(KNOWN)
    assert set(UNIT_TEXT.values()) <= set(KNOWN)


@given(st.decimals(0, 10_000, places=2), st.sampled_from(KNOWN), st.sampled_from(KNOWN))
def test_there_and_back_is_the_same_to_what_was_measured(value, unit, wanted):
    made = converted(value, unit, wanted)
    if made is None:
        assert unit not in commensurable(wanted) or (wanted in DEGREES and wanted != "Cel")
        return
    assert unit in commensurable(wanted)
    back = converted(made, wanted, unit)
    if back is not None:
        assert abs(back - value) <= Decimal("0.01")


def test_a_unit_is_its_code_else_what_people_write():
    assert unit_of({"unit": "毫米汞柱", "system": UCUM, "code": "kPa"}) == "kPa"
    assert unit_of({"unit": "mmHg"}) == "mm[Hg]"
    assert unit_of({"unit": "mmHg", "system": "urn:his:units", "code": "7"}) == "mm[Hg]"
    assert unit_of({"unit": " ", "value": 1}) is None
