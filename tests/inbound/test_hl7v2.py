"""HL7 v2 messages do what the same FHIR resources do, once, and never a guess."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhir_adapters.arrivals.model import NotUnderstood
from fhir_adapters.arrivals.profile import read_text
from fhir_adapters.arrivals.receiving import Receiver
from fhir_adapters.hl7v2.answers import answer
from fhir_adapters.hl7v2.messages import read_body
from fhir_adapters.hl7v2.parsing import header_of
from tests.fhir.fhir_kit import PATIENT_URN, WOMAN, entry, observation, transaction
from tests.fhir.fhir_kit import coded as coded_as
from tests.fhir.test_main_case import response
from tests.inbound.messages import PROFILE, adt, coded, oru, pressure
from tests.journey.county import flat
from workflows.forms import example_answers

OTHER = "999999199706150043"


def take(receiver, body, **told):
    return receiver.receive(body, **{"client": "his-demo", "channel": "hl7v2", "origin": "127.0.0.1", **told})


def pass_time(hospital, **by):
    hospital.services.timekeeper.advance_to(hospital.services.clock() + timedelta(**by))


def items(hospital):
    with hospital.pool.connection() as conn:
        return conn.execute("SELECT kind, patient_id, arrival_id <> '' FROM inbox_item ORDER BY at").fetchall()


def places(outcome):
    return [problem["at"] for problem in outcome.problems]


HB = ("OBX|1|NM|HGB^血红蛋白^L||61|g/L|||||F|||20260105080000",)
GRAMS = {"value": 61, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
DIPSTICK = "https://fhir.example.org/mch/CodeSystem/dipstick"


def millimetres(value):
    return {"value": value, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}


def in_care(hospital, number):
    """Registered, checked for the first time and graded."""
    asked = {"id_no": number, "lmp": "2025-10-20"}
    woman = hospital.brings_in(
        entry(response("registration", PATIENT_URN, answers=asked)), number=number, day="2025-10-20"
    )
    headers = {"Authorization": f"Bearer {hospital.token('nurse')}"}
    for element, form, more in (
        ("task_first_visit", "anc-first", {"lmp": "2025-10-20", "us_ga_weeks": 11, "us_ga_days": 0}),
        ("task_screen", "risk-screening", {}),
    ):
        place = f"/api/user-tasks/{woman.open_tasks()[element].id}"
        proposed = hospital.app.test_client().get(f"{place}/form", headers=headers).json["response"] or {}
        body = {"answers": example_answers(form) | flat(proposed) | more}
        done = hospital.app.test_client().post(f"{place}/completion", headers=headers, json=body)
        assert done.status_code == 200, done.get_data(as_text=True)
    assert "task_grade" not in woman.open_tasks()
    return woman


@pytest.mark.parametrize(
    ("sent", "told", "regrades"),
    [
        (HB, [observation("718-7", valueQuantity=GRAMS)], True),
        (
            (*pressure(), coded(nth=3)),
            [
                observation("8480-6", valueQuantity=millimetres(165)),
                observation("8462-4", valueQuantity=millimetres(112)),
                observation("5804-0", valueCodeableConcept=coded_as(DIPSTICK, "3+")),
            ],
            True,
        ),
        ((coded(),), [observation("5804-0", valueCodeableConcept=coded_as(DIPSTICK, "3+"))], True),
        ((coded("1+"),), [observation("5804-0", valueCodeableConcept=coded_as(DIPSTICK, "1+"))], False),
    ],
    ids=["haemoglobin", "pressure and protein", "protein", "a trace of protein"],
)
def test_results_of_a_laboratory_do_what_the_same_observations_do(hospital, receiver, sent, told, regrades):
    by_message, by_fhir = in_care(hospital, WOMAN), in_care(hospital, OTHER)

    outcome = take(receiver, oru(*sent))
    posted = [entry({**one, "subject": {"reference": by_fhir.subject}}) for one in told]
    assert hospital.post("", transaction(*posted)).status_code == 200
    pass_time(hospital, seconds=31)

    assert (outcome.state, outcome.problems) == ("understood", [])
    assert ("task_grade" in by_message.open_tasks()) is regrades
    assert by_message.variables()["observed"] == by_fhir.variables()["observed"]
    assert sorted(by_message.open_tasks()) == sorted(by_fhir.open_tasks())
    assert by_message.variables().get("raised_by") == by_fhir.variables().get("raised_by")


def test_the_same_message_again_is_the_same_arrival_and_changes_nothing(hospital, receiver):
    hospital.brings_in()
    first, before = take(receiver, oru(coded())), None
    before = hospital.count()

    again = take(receiver, oru(coded()))

    assert again.arrival_id == first.arrival_id and again.state == "understood" and hospital.count() == before
    assert receiver.understand(first.arrival_id).repeats == 1


def test_a_correction_finds_what_it_corrects_and_what_is_older_gives_way(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, oru(coded("1+", "P"), number="1", at="20260105083000"))
    take(receiver, oru(coded("2+", "C"), number="2", at="20260105100000"))
    take(receiver, oru(coded("3+", "F"), number="3", at="20260105090000"))

    [found] = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0")

    assert (found["status"], found["meta"]["versionId"]) == ("corrected", "2")
    assert found["valueCodeableConcept"]["text"] == "2+"


def test_a_result_that_is_taken_back_is_withdrawn_evidence(hospital, receiver):
    hospital.brings_in()
    take(receiver, oru(coded("3+"), number="1"))
    take(receiver, oru(coded("3+", "W"), number="2", at="20260105093000"))

    assert [kind for kind, _, _ in items(hospital)] == ["withdrawn-evidence"]


def test_an_admission_for_a_delivery_begins_her_labour_and_the_discharge_ends_the_stay(hospital, receiver):
    woman = hospital.brings_in()

    take(receiver, adt("A01"))
    assert any(task.startswith("task_assess_labour") for task in woman.open_tasks())
    left = "PV1|1|I|OB^301^1|||||||OB|||||||||V100" + "|" * 26 + "20260107100000"
    take(receiver, adt("A03", number="ADT2", at="20260107100500", visit=left))

    stays = hospital.search(f"/Encounter?patient={woman.patient_id}&class=IMP")
    assert [(s["status"], s["period"]["start"], s["period"]["end"]) for s in stays] == [
        ("finished", "2026-01-05T08:00:00+08:00", "2026-01-07T10:00:00+08:00")
    ]
    take(receiver, adt("A01", number="ADT3"))  # late news of the begin
    assert hospital.search(f"/Encounter?patient={woman.patient_id}&class=IMP")[0]["status"] == "finished"


def test_another_name_is_a_question_and_overwrites_nothing(hospital, receiver):
    woman = hospital.brings_in()

    outcome = take(receiver, adt("A08", name="测试乙丑", phone="13800000000"))

    assert outcome.state == "understood"
    assert items(hospital) == [("identity-differs", woman.patient_id, True)]
    assert hospital.get(f"/{woman.subject}").json["name"][0]["text"] == "测试甲子"


def test_two_records_that_the_hospital_holds_for_one_are_a_proposal(hospital, receiver):
    woman = hospital.brings_in()
    other = hospital.brings_in(number=OTHER, day="2025-10-21")

    former = f"MRG|{OTHER}^^^CN^NI"
    outcome = take(receiver, adt("A40", former))

    assert outcome.state == "understood" and items(hospital) == [("merged-patient", other.patient_id, True)]
    assert woman.patient_id != other.patient_id


def test_her_number_at_the_hospital_leads_to_her_once_it_came_with_her_card(hospital, receiver):
    woman = hospital.brings_in()
    take(receiver, oru(coded("1+"), number="1"))

    take(receiver, oru(coded("2+"), number="2", order="L2", card=""))

    found = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0")
    assert sorted(o["valueCodeableConcept"]["text"] for o in found) == ["1+", "2+"]


def test_numbers_of_two_people_and_another_birthday_are_never_guessed(hospital, receiver):
    hospital.brings_in()
    take(receiver, oru(coded("1+"), number="1"))
    hospital.brings_in(number=OTHER, day="2025-10-21")

    two = take(receiver, oru(coded(), number="2", card=OTHER))
    reused = take(receiver, oru(coded(), number="3", card="", born="19880101", name="测试丙寅"))

    assert [two.problems[0]["code"], reused.problems[0]["code"]] == ["MCH-I-101", "MCH-I-102"]
    assert {two.state, reused.state} == {"not-understood"} and places(two) == ["PID[1]-3"]


def test_a_code_that_nothing_is_known_of_is_kept_and_asked_about_once(hospital, receiver):
    hospital.brings_in()
    for number in ("1", "2"):
        unknown = "OBX|1|NM|XYZ^某项^L||5|g/L|||||F|||20260105080000"
        outcome = take(receiver, oru(unknown, number=number, order=number))
        assert outcome.state == "understood"

    assert [kind for kind, _, _ in items(hospital)] == ["unmapped-code"]


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        (oru("OBX|1|NM|HGB^血红蛋白^L||abc|g/L|||||F|||20260105080000"), "OBX[1]-5.1", "MCH-I-044"),
        (oru("OBX|1|NM|HGB^血红蛋白^L||61|g/L|||||Q|||20260105080000"), "OBX[1]-11", "MCH-I-041"),
        (oru("OBX|1|NM|HGB^血红蛋白^L||61|g/L|||||F|||2026-13-99"), "OBX[1]-14", "MCH-I-021"),
        (oru("OBX|1|ED|RPT^报告^L||^AP^PDF^Base64^%%%||||||F"), "OBX[1]-5.5", "MCH-I-045"),
        (oru(coded(), card="999999199706150028"), "PID[1]-3[2].1", "MCH-I-022"),
        (oru(coded(), card="", mrn=""), "PID[1]-3", "MCH-I-100"),
        (adt("A99"), "MSH[1]-9", "MCH-I-015"),
        (b"hello", "MSH[1]", "MCH-I-010"),
        (oru(coded()).replace(b"|2.5|", b"|9.9|"), "MSH[1]-12", "MCH-I-011"),
        (oru(coded()).replace(b"|P|2.5|", b"|T|2.5|"), "MSH[1]-11", "MCH-I-018"),
        (adt("A40").replace(b"|P|2.5|", b"|D|2.5|"), "MSH[1]-11", "MCH-I-018"),
        (oru(coded()).replace("测试甲子".encode(), b"\xff\xfe"), "MSH[1]-18", "MCH-I-012"),
        (adt("A01", visit="PV1|1|Z|OB"), "PV1[1]-2", "MCH-I-030"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_the_bytes_are_kept(busy, body, place, code):
    outcome = take(Receiver(busy.services), body)

    assert outcome.state == "not-understood"
    assert (place, code) in [(p["at"], p["code"]) for p in outcome.problems], outcome.problems
    assert all(p["zh"] and p["en"] for p in outcome.problems)
    with busy.pool.connection() as conn:
        assert conn.execute("SELECT body FROM arrival WHERE id = %s", [outcome.arrival_id]).fetchone() == (body,)


@pytest.mark.parametrize(("taken", "state"), [(None, "not-understood"), ("[P, T]", "understood")])
def test_a_message_of_training_has_an_effect_only_where_the_file_of_its_sender_says_so(hospital, taken, state):
    woman = hospital.brings_in()
    held = read_text(PROFILE + (f"processing: {taken}\n" if taken else ""), "his-demo")
    body = oru(coded()).replace(b"|P|2.5|", b"|T|2.5|")

    try:
        found = read_body(body, held)
    except NotUnderstood as error:
        assert state == "not-understood" and error.problems[0].code == "MCH-I-018"
        outcome = take(Receiver(hospital.services), body)
        said = answer(header_of(body), outcome).decode()
        assert said.split("\r")[1].startswith("MSA|AR|LAB1|测试或调试消息") and "MSH^1^11^1|202^^HL70357|E" in said
        assert hospital.search(f"/Observation?patient={woman.patient_id}&code=5804-0") == []
    else:
        assert state == "understood" and found.entries


def test_characters_of_gb_18030_arrive_as_they_were_written(hospital, receiver):
    woman = hospital.brings_in()
    text = oru(coded()).decode().replace("UNICODE UTF-8", "GB 18030-2000")

    outcome = take(receiver, text.encode("gb18030"))

    assert outcome.state == "understood"
    [found] = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|5804-0")
    assert found["code"]["text"] == "尿蛋白"


def test_a_sender_that_is_not_registered_is_kept_and_not_understood(busy):
    outcome = take(Receiver(busy.services), oru(coded()), client="")

    assert (outcome.state, outcome.problems[0]["code"]) == ("not-understood", "MCH-I-001")
