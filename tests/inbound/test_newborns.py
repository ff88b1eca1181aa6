"""A delivery record becomes children with their facts, and the document comes back byte for byte."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from fhir.resources.R4B.documentreference import DocumentReference

from tests.fhir.test_delivery import messages
from tests.inbound.test_cda import DE, document, quantity, upload

SAMPLE = (Path(__file__).resolve().parents[2] / "docs" / "integration" / "delivery.xml").read_bytes()


def coded(code, name, value, said, system="2.16.156.10011.2.3.3.4"):
    return (
        f'<entry><observation classCode="OBS" moodCode="EVN">{DE.format(code, name)}'
        f'<value xsi:type="CD" code="{value}" codeSystem="{system}" displayName="{said}"/></observation></entry>'
    )


def born(time):
    return (
        f'<entry><observation classCode="OBS" moodCode="EVN">{DE.format("DE02.01.005.01", "出生日期时间")}'
        f'<value xsi:type="TS" value="{time}"/></observation></entry>'
    )


def organizer(*entries):
    parts = "".join(entries).replace("<entry>", "<component>").replace("</entry>", "</component>")
    return f'<entry><organizer classCode="CLUSTER" moodCode="EVN">{parts}</organizer></entry>'


SEX, OUTCOME, WEIGHT = "DE02.01.040.00", "DE06.00.026.00", "DE04.10.019.00"
GIRL = coded(SEX, "性别", "2", "女"), born("20260105063000"), quantity(WEIGHT, "出生体重", "2400", "g")
BOY = coded(SEX, "性别", "1", "男"), born("20260105064500"), quantity(WEIGHT, "出生体重", "2600", "g")
STILL = coded(OUTCOME, "分娩结局", "x", "死产", "2.16.156.10011.2.3.2.49"), quantity(WEIGHT, "出生体重", "2100", "g")


def children(hospital):
    found = hospital.search("/Patient?identifier=https://fhir.example.org/mch/sid/newborn|")
    return {one["identifier"][0]["value"]: one for one in found if not one["id"].startswith("newborn-")}


def told(hospital):
    return messages(hospital)["message_delivered"]


def test_the_sample_record_is_a_child_with_its_facts(hospital):
    woman = hospital.brings_in()

    answer, again = upload(hospital, SAMPLE), upload(hospital, SAMPLE)

    assert (answer.status_code, answer.json["state"]) == (200, "understood"), answer.json
    assert again.json["id"] == answer.json["id"]
    [girl] = children(hospital).values()
    assert (girl["gender"], girl["birthDate"], girl["name"][0]["text"]) == ("female", "2026-01-05", "测试甲子之女")
    facts = {
        o["code"]["coding"][0]["code"]: o["valueQuantity"]["value"]
        for o in hospital.search(f"/Observation?patient={girl['id']}")
    }
    assert facts == {"8339-4": 3200, "9272-6": 9}
    assert told(hospital)["delivered_at"] == "2026-01-05T06:30:00+08:00"
    assert told(hospital)["fetuses"] == [{"order": 1, "outcome": "live_birth", "sex": "female", "weight_g": 3200}]
    assert hospital.search(f"/Observation?patient={woman.patient_id}&code=8339-4") == []


def test_of_twins_each_has_what_stands_beside_it_and_the_stillborn_is_told_of_by_the_mother(hospital):
    woman = hospital.brings_in()

    answer = upload(hospital, document(organizer(*GIRL), organizer(*STILL), type_="C0016"))

    assert answer.json["state"] == "understood", answer.json
    assert [one["multipleBirthInteger"] for one in children(hospital).values()] == [1]
    assert [(f["order"], f["outcome"]) for f in told(hospital)["fetuses"]] == [
        (1, "live_birth"),
        (2, "stillbirth_intrapartum"),
    ]
    [weight] = hospital.search(f"/Observation?patient={woman.patient_id}&code=8339-4")
    assert (weight["valueQuantity"]["value"], weight["extension"][0]["valuePositiveInt"]) == (2100, 2)


def test_what_stands_beside_no_child_of_several_is_a_question(busy):
    loose = quantity("DE04.10.018.00", "身长", "49", "cm")

    answer = upload(busy, document(organizer(*GIRL), organizer(*BOY), loose, type_="C0015"))

    assert answer.status_code == 422
    assert [p["code"] for p in answer.json["problems"]] == ["MCH-I-055"] and answer.json["problems"][0]["at"]


def test_a_later_version_corrects_the_same_child(hospital):
    hospital.brings_in()
    upload(hospital, document(*GIRL, type_="C0015"))
    heavier = *GIRL[:2], quantity(WEIGHT, "出生体重", "2450", "g")

    answer = upload(hospital, document(*heavier, type_="C0015", version="2", at="20260105100000"))

    assert answer.json["state"] == "understood", answer.json
    [girl] = children(hospital).values()
    [weight] = hospital.search(f"/Observation?patient={girl['id']}")
    assert (weight["valueQuantity"]["value"], weight["meta"]["versionId"]) == (2450, "2")


IN_GB_18030 = document().decode().replace("UTF-8", "GB18030").encode("gb18030")


@pytest.mark.parametrize("body", [SAMPLE, document(), IN_GB_18030], ids=["delivery", "visit", "GB 18030"])
def test_the_document_comes_back_byte_for_byte_with_its_marks(hospital, body):
    woman = hospital.brings_in()
    told = upload(hospital, body).json

    [found] = hospital.search(f"/DocumentReference?patient={woman.patient_id}")
    attachment = found["content"][0]["attachment"]
    sent = hospital.get(f"/Binary/{found['id']}")

    assert f"DocumentReference/{found['id']}" in told["became"], told
    assert sent.data == body and sent.content_type == attachment["contentType"] == "application/hl7-cda+xml"
    assert attachment["size"] == len(body) and attachment["url"].endswith(f"/Binary/{found['id']}")
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(body, usedforsecurity=False).digest()
    assert attachment["extension"][0]["valueString"] == hashlib.sha256(body).hexdigest()
    assert hospital.get(f"/DocumentReference/{found['id']}").json == found
    assert DocumentReference.model_validate(found).status == "current"


def test_of_two_versions_the_later_stands_and_both_are_kept(hospital):
    woman = hospital.brings_in()
    upload(hospital, document(version="2", at="20260105100000"))
    upload(hospital, document())  # comes late

    found = hospital.search(f"/DocumentReference?patient={woman.patient_id}")

    states = {one["masterIdentifier"]["value"][-1]: one["status"] for one in found}
    assert states == {"2": "current", "1": "superseded"}
    assert len({one["identifier"][0]["value"] for one in found}) == 1


def test_a_document_that_tells_of_an_infection_is_for_those_who_may_know(hospital):
    woman = hospital.brings_in()
    with hospital.pool.connection() as conn:
        conn.execute("INSERT INTO patient_area VALUES (%s, %s, 'org-vil-1')", [hospital.region_id, woman.patient_id])
    documents = f"/DiagnosticReport?patient={woman.patient_id}"
    upload(hospital, document())
    assert len(hospital.search(documents, "village")) == 1

    upload(hospital, document(title="产前随访（梅毒复查）", version="2", at="20260105100000"))

    assert hospital.search(documents, "village") == []
    kept = hospital.search(f"/DocumentReference?patient={woman.patient_id}")
    seen = hospital.search(f"/DocumentReference?patient={woman.patient_id}", "village")
    assert (len(kept), len(seen)) == (2, 1)
    [hidden] = {one["id"] for one in kept} - {one["id"] for one in seen}
    for name in ("Binary", "DocumentReference"):
        assert hospital.get(f"/{name}/{hidden}", "village").status_code == 404
    [own] = hospital.search(documents)
    assert [one["code"] for one in own["meta"]["security"]] == ["R"]
