"""What is known of a woman is the newest final word, whoever said it, in the form's own units."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from random import Random

import pytest

from engine.clock import CHINA
from fhir_adapters.facts import Fact, Remembered, RememberedTogether, Together, facts_of
from fhir_adapters.store import resources
from fhir_adapters.store.resources import OfHer
from tests.fhir.fhir_kit import CANON, coded, observation

UCUM = "http://unitsofmeasure.org"
DATA_ELEMENT = "urn:oid:2.16.156.10011.2.2.1"


def facts(**parts):
    given = {**observation("718-7", "Patient/1"), "id": "o1", **parts}
    return {name: fact.value for name, fact in facts_of(given)}


def quantity(value, unit, code=None):
    return {"value": value, "unit": unit, **({"system": UCUM, "code": code} if code else {})}


def test_a_loinc_code_feeds_the_field_of_the_form():
    assert facts(valueQuantity=quantity(Decimal("98.0"), "g/L", "g/L")) == {"hb": Decimal("98.0")}


@pytest.mark.parametrize("code, name", [("26515-7", "plt"), ("11884-4", "ga_days"), ("11948-7", "fhr")])
def test_other_codes_of_the_same_thing_are_understood(code, name):
    assert name in facts(code=coded("http://loinc.org", code), valueInteger=1)


def test_a_national_data_element_alone_is_enough():
    code = {"coding": [{"system": DATA_ELEMENT, "code": "DE04.10.174.00"}]}

    assert facts(code=code, valueQuantity=quantity(146, "mmHg")) == {"sbp": 146}


def test_a_blood_pressure_panel_is_two_facts():
    parts = [
        {"code": coded("http://loinc.org", code), "valueQuantity": quantity(value, "mmHg", "mm[Hg]")}
        for code, value in (("8480-6", 146), ("8462-4", 94))
    ]

    assert facts(code=coded("http://loinc.org", "85354-9"), component=parts) == {"sbp": 146, "dbp": 94}


@pytest.mark.parametrize(
    "value, unit, expected",
    [
        (Decimal("1.62"), "m", Decimal("162.00")),
        (162, "cm", 162),
        (Decimal("64"), "[in_i]", Decimal("162.56")),
        (5, "kg", None),
    ],
)
def test_a_unit_is_converted_or_the_value_is_not_used(value, unit, expected):
    found = facts(code=coded("http://loinc.org", "8302-2"), valueQuantity=quantity(value, unit, unit))

    assert found == ({"height": expected} if expected is not None else {})


def test_gestational_age_in_weeks_becomes_days():
    found = facts(code=coded("http://loinc.org", "18185-9"), valueQuantity=quantity(12, "wk", "wk"))

    assert found == {"ga_days": 84}


def test_our_own_codes_are_the_names_of_the_fields():
    code = coded(f"{CANON}/CodeSystem/observation", "parity-vaginal")

    assert facts(code=code, valueInteger=1) == {"parity_vaginal": 1}


@pytest.mark.parametrize(
    "parts",
    [
        {"status": "preliminary", "valueInteger": 1},
        {"status": "entered-in-error", "valueInteger": 1},
        {"dataAbsentReason": {"text": "not done"}},
        {"valueQuantity": {**quantity(5, "g/L", "g/L"), "comparator": "<"}},
        {"code": coded("http://loinc.org", "99999-1"), "valueInteger": 1},
        {"extension": [{"url": f"{CANON}/StructureDefinition/fetus-index", "valuePositiveInt": 1}], "valueInteger": 1},
    ],
)
def test_what_is_not_final_not_known_or_of_one_fetus_is_no_fact(parts):
    assert facts(**parts) == {}


def test_the_newest_by_event_time_counts_not_the_last_received(hospital):
    woman = hospital.brings_in()
    for day, value in (("2026-01-04", 100), ("2026-01-02", 80)):
        sent = observation("718-7", woman.subject, at=day, valueQuantity=quantity(value, "g/L", "g/L"))
        assert hospital.post("/Observation", sent).status_code == 201

    with hospital.services.engine.read() as conn:
        assert hospital.services.facts(conn, woman.pregnancy_id)["hb"].value == 100


def test_a_banner_tells_who_she_is_without_her_numbers(hospital):
    woman = hospital.brings_in()

    with hospital.services.engine.read() as conn:
        banner = hospital.services.patients.banner(conn, woman.pregnancy_id)
        found = hospital.services.patients.search(conn, "测试", ["org-twn-1"])
        hidden = hospital.services.patients.search(conn, "测试", ["org-twn-2"])

    assert banner["name"] == "测试甲子"
    assert banner["id_masked"].count("*") == 8
    assert [f["pregnancy_id"] for f in found] == [woman.pregnancy_id]
    assert hidden == []


def test_the_text_of_an_observation_is_read_once_and_again_when_it_was_changed(hospital, monkeypatch):
    woman = hospital.brings_in()
    read, texts_of = [], resources.texts_of_observations

    def counted(conn, region_id, heads):
        asked_for = list(heads)
        read.append([head.version for head in asked_for])
        return texts_of(conn, region_id, asked_for)

    def known():
        with hospital.services.engine.read() as conn:
            return hospital.services.facts(conn, woman.pregnancy_id)["hb"].value

    monkeypatch.setattr(resources, "texts_of_observations", counted)
    sent = observation("718-7", woman.subject, at="2026-01-04", valueQuantity=quantity(100, "g/L", "g/L"))
    stored = hospital.post("/Observation", sent).json
    first = known(), known()
    asked = list(read)
    changed = {**stored, "status": "corrected", "valueQuantity": quantity(90, "g/L", "g/L")}
    assert hospital.put(f"/Observation/{stored['id']}", changed).status_code == 200

    assert first == (100, 100) and len(asked) == 1  # the second time nothing new was there
    assert known() == 90 and read[-1] == [2]


@pytest.mark.parametrize("seed", range(20))
def test_what_was_looked_at_in_parts_says_the_same_as_looked_at_at_once(seed):
    chance = Random(seed)

    def stated(number):
        at = datetime(2026, 1, 1 + chance.randrange(9), 8, chance.randrange(3), tzinfo=CHINA)
        names = chance.sample(["hb", "plt", "creatinine", "red_cells_u", "urine_protein", "urine_blood"], 3)
        values = {name: "1+" if name.startswith("urine") else Decimal(chance.randrange(200)) for name in names}
        return tuple((name, Fact(value=value, at=at, source=f"Observation/{number}")) for name, value in values.items())

    every = [stated(number) for number in range(30)]
    at_once, in_parts, done = Together().and_also((), every), Together(), 0
    while done < len(every):
        more = chance.randrange(1, 6)
        before = dict(in_parts.newest), dict(in_parts.urine)
        after = in_parts.and_also((), every[done : done + more])
        assert (in_parts.newest, in_parts.urine) == before
        in_parts, done = after, done + more

    assert in_parts == at_once and in_parts.newest.keys() >= {"plt_lowest", "red_cells_u_total"}


def test_cases_that_nobody_asked_for_are_forgotten_first():
    remembered, known = RememberedTogether(2), [Together((("o", str(n)),)) for n in range(3)]

    remembered.keep("r", "p-0", known[0])
    remembered.keep("r", "p-1", known[1])
    assert remembered.of("r", "p-0") is known[0]
    remembered.keep("r", "p-2", known[2])

    assert [remembered.of("r", f"p-{n}") for n in range(3)] == [known[0], Together(), known[2]]
    assert remembered.of("another", "p-0") == Together()


def test_what_is_remembered_is_bounded_and_what_nobody_asks_for_goes_first():
    remembered = Remembered(2)
    heads = [OfHer("Observation", f"o-{n}", 1, f"hash-{n}", None, None) for n in range(3)]

    remembered.keep(heads[0], ())
    remembered.keep(heads[1], ())
    remembered.of(heads[:1])
    remembered.keep(heads[2], ())

    assert remembered.of(heads) == {"o-0": (), "o-1": None, "o-2": ()}
    assert remembered.of([OfHer("Observation", "o-2", 2, "another", None, None)]) == {"o-2": None}


def test_the_worst_value_since_the_pregnancy_began_stays_known_when_it_has_recovered(hospital):
    woman = hospital.brings_in()
    for at, count in (
        ("2026-01-05T08:00:00+08:00", 120),
        ("2026-01-05T09:00:00+08:00", 41),
        ("2026-01-05T10:00:00+08:00", 160),
    ):
        value = {"value": count, "unit": "10*9/L", "system": "http://unitsofmeasure.org", "code": "10*9/L"}
        assert (
            hospital.post("/Observation", observation("777-3", woman.subject, at=at, valueQuantity=value)).status_code
            == 201
        )

    with hospital.services.engine.read() as conn:
        known = hospital.services.facts(conn, woman.pregnancy_id)

    assert (known["plt"].value, known["plt_lowest"].value) == (160, 41)


def test_urine_that_is_abnormal_counts_once_for_each_day(hospital):
    woman = hospital.brings_in()
    for at, found in (
        ("2026-01-03T08:00:00+08:00", "1+"),
        ("2026-01-03T15:00:00+08:00", "2+"),
        ("2026-01-04T08:00:00+08:00", "neg"),
        ("2026-01-05T08:00:00+08:00", "3+"),
    ):
        sent = observation("5804-0", woman.subject, at=at, valueString=found)
        assert hospital.post("/Observation", sent).status_code == 201

    with hospital.services.engine.read() as conn:
        known = hospital.services.facts(conn, woman.pregnancy_id)

    assert known["urine_abnormal_times"].value == 2


def test_red_cells_are_added_up_over_all_records_once_each_and_a_withdrawn_one_is_out(hospital):
    woman = hospital.brings_in()

    def given(units, hour, **more):
        value = {"value": units, "unit": "U", "system": "http://unitsofmeasure.org", "code": "[arb'U]"}
        code = coded(f"{CANON}/CodeSystem/observation", "red-cells-u")
        told = observation("0", woman.subject, at=f"2026-01-05T{hour}:00:00+08:00", valueQuantity=value, **more)
        return {**told, "code": code}

    def total():
        with hospital.services.engine.read() as conn:
            found = hospital.services.facts(conn, woman.pregnancy_id).get("red_cells_u_total")
        return None if found is None else (found.value, f"{found.at.astimezone(CHINA):%H}")

    assert total() is None
    assert hospital.post("/Observation", given(2, "08")).status_code == 201
    second = hospital.post("/Observation", given(1.5, "10"))
    assert total() == (Decimal("3.5"), "10")

    stored = second.json
    put = hospital.put(
        f"/Observation/{stored['id']}", {**stored, "status": "entered-in-error"}, If_Match=second.headers["ETag"]
    )
    assert put.status_code == 200, put.get_data(as_text=True)
    assert total() == (2, "08")
