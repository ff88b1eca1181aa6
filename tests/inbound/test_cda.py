"""CDA documents of WS/T 483: entries become results, the document stays readable, nothing dangerous is expanded."""

from __future__ import annotations

import base64

import pytest

from fhir_adapters.arrivals.receiving import Receiver
from runtime.inbound.folder import Folder
from runtime.trials.databases import looking
from tests.fhir.fhir_kit import WOMAN

DE = '<code code="{}" codeSystem="2.16.156.10011.2.2.1" displayName="{}"/>'


def quantity(code, name, value, unit):
    return (
        f'<entry><observation classCode="OBS" moodCode="EVN">{DE.format(code, name)}<statusCode code="completed"/>'
        f'<value xsi:type="PQ" value="{value}" unit="{unit}"/></observation></entry>'
    )


def document(*entries, type_="HSDB02.02", version="1", at="20260105083000", card=WOMAN, title="产前随访服务记录"):
    entries = entries or (
        quantity("DE04.10.174.00", "收缩压", "165", "mmHg"),
        quantity("DE04.10.176.00", "舒张压", "112", "mmHg"),
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <id root="2.16.156.10011.1.1" extension="D1-{version}"/>
  <code code="{type_}" codeSystem="2.16.156.10011.2.4"/>
  <title>{title}</title>
  <effectiveTime value="{at}"/>
  <setId root="2.16.156.10011.1.1" extension="D1"/><versionNumber value="{version}"/>
  <recordTarget><patientRole>
    <id root="2.16.156.10011.1.12" extension="M0001"/><telecom value="13800000000"/>
    <patient><id root="2.16.156.10011.1.3" extension="{card}"/><name>测试甲子</name>
      <administrativeGenderCode code="2"/><birthTime value="19970615"/></patient>
  </patientRole></recordTarget>
  <component><structuredBody><component><section>
    <code code="8716-3" codeSystem="2.16.840.1.113883.6.1"/>{"".join(entries)}
  </section></component></structuredBody></component>
</ClinicalDocument>""".encode()


def upload(hospital, body, who="his-demo", kind="application/xml"):
    headers = {"Authorization": f"Bearer {hospital.token(who)}", "Content-Type": kind}
    return hospital.app.test_client().post("/api/arrivals/cda", data=body, headers=headers)


def pressures(hospital, woman):
    found = hospital.search(f"/Observation?patient={woman.patient_id}&code=http://loinc.org|8480-6")
    return [(o["valueQuantity"]["value"], o["meta"]["versionId"]) for o in found]


def test_a_visit_becomes_results_and_its_document_stays_readable(hospital):
    woman = hospital.brings_in()
    body = document()

    first, again = upload(hospital, body), upload(hospital, body)

    assert (first.status_code, first.json["state"], first.json["kind"]) == (200, "understood", "HSDB02.02")
    assert again.json["id"] == first.json["id"] and again.json["repeats"] == 1
    assert pressures(hospital, woman) == [(165, "1")]
    assert woman.variables()["observed"]["sbp"] == 165
    [report] = hospital.search(f"/DiagnosticReport?patient={woman.patient_id}")
    assert base64.b64decode(report["presentedForm"][0]["data"]) == body
    assert report["code"]["text"] == "产前随访服务记录"


NARRATIVE = """<title>产科检查</title><text>
  <paragraph onclick="alert(1)">宫高 <content ID="c">32</content> cm &lt;b&gt;<br/>胎心 140</paragraph>
  <list listType="ordered"><item>复查血压</item></list>
  <table><tbody><tr><th>项目</th><td colspan="2" style="background:url(//x)">正常</td></tr></tbody></table>
  <script>alert(2)</script><linkHtml href="javascript:alert(3)">附件</linkHtml></text>"""


def test_a_person_reads_it_as_a_page_its_words_and_where_it_has_none_its_entries(hospital):
    woman = hospital.brings_in()
    upload(hospital, document())
    written = document(version="2", at="20260105100000").decode()
    upload(hospital, written.replace('<code code="8716-3"', NARRATIVE + '<code code="8716-3"').encode())
    found = hospital.search(f"/DocumentReference?patient={woman.patient_id}")
    first, later = (next(one["id"] for one in found if one["status"] == how) for how in ("superseded", "current"))

    plain = hospital.get(f"/DocumentReference/{first}/$page", "nurse")
    said = hospital.get(f"/DocumentReference/{later}/$page", "nurse")

    assert (plain.status_code, said.status_code, plain.content_type) == (200, 200, "text/html; charset=utf-8")
    assert "default-src 'none'" in said.headers["Content-Security-Policy"]
    assert "测试甲子" in plain.text and "出生 1997-06-15" in plain.text and "2026-01-05 08:30" in plain.text
    assert "<tr><th>收缩压</th><td>165 mmHg</td></tr>" in plain.text
    assert "<h2>产科检查</h2>" in said.text and "<p>宫高 32 cm &lt;b&gt;<br>胎心 140</p>" in said.text
    assert "<ol><li>复查血压</li></ol>" in said.text and '<td colspan="2">正常</td>' in said.text
    assert not any(word in said.text for word in ("<script", "onclick", "javascript:", "url(", "165 mmHg"))


def test_a_list_of_documents_reads_no_bytes_and_says_of_each_what_they_are(hospital):
    woman = hospital.brings_in()
    upload(hospital, document())
    path = f"/DocumentReference?patient={woman.patient_id}"
    before = hospital.search(path)
    with looking(hospital.pool) as owner:
        owner.execute("UPDATE document_that_came SET body = 'gone'")  # whoever read it would say another digest
    [found] = hospital.search(path)
    assert [found] == before and found["content"][0]["attachment"]["size"] == len(document())

    with looking(hospital.pool) as owner:  # as a release left it that kept no digests
        owner.execute("UPDATE document_that_came SET body = %s, size = NULL, sha1 = NULL, sha256 = NULL", [document()])
    assert hospital.search(path) == before


def test_a_later_version_replaces_and_an_older_one_that_comes_late_changes_nothing(hospital):
    woman = hospital.brings_in()
    lower = quantity("DE04.10.174.00", "收缩压", "118", "mmHg")
    upload(hospital, document())
    upload(hospital, document(lower, version="3", at="20260105100000"))
    upload(hospital, document(version="2", at="20260105090000"))

    assert pressures(hospital, woman) == [(118, "2")]


def test_what_is_about_the_child_is_no_fact_of_the_mother(hospital):
    woman = hospital.brings_in()
    upload(hospital, document(quantity("DE04.10.019.00", "出生体重", "3200", "g"), type_="C0015"))

    assert "weight_g" not in woman.variables().get("observed", {})


def test_a_caesarean_is_the_birth(hospital):
    woman = hospital.brings_in()
    operation = (
        '<entry><procedure classCode="PROC" moodCode="EVN"><code code="74.1" codeSystem="2.16.156.10011.2.3.3.12"/>'
        '<effectiveTime value="20260105071500"/></procedure></entry>'
    )

    answer = upload(hospital, document(operation, type_="C0016"))

    assert answer.json["state"] == "understood"
    [found] = hospital.search(f"/Procedure?patient={woman.patient_id}")
    assert (found["code"]["coding"][0]["code"], found["performedDateTime"]) == ("74.1", "2026-01-05T07:15:00+08:00")
    with hospital.pool.connection() as conn:
        told = conn.execute("SELECT count(*) FROM message WHERE name = 'message_delivered'").fetchone()
    assert told == (1,)


def test_documents_are_taken_from_a_folder_too(hospital):
    woman = hospital.brings_in()
    home = hospital.settings.inbound / "his-demo" / "cda"
    home.mkdir(parents=True, exist_ok=True)
    (home / "visit.xml").write_bytes(document())
    folder = Folder(Receiver(hospital.services))

    assert (folder.look(), folder.look()) == (0, 1) and pressures(hospital, woman) == [(165, "1")]


BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document().replace(b"<ClinicalDocument", BOMB + b"<ClinicalDocument", 1), "MCH-I-051"),
        (
            document()
            .decode()
            .replace("UTF-8", "UTF-16")
            .replace("<Clin", BOMB.decode() + "<Clin", 1)
            .encode("utf-16"),
            "MCH-I-051",
        ),
        (b"<a/>", "MCH-I-052"),
        (b"\xff\xfe\x00", "MCH-I-050"),
        (document()[:-30], "MCH-I-050"),
        (document(type_="HSDB99.99"), "MCH-I-053"),
        (document(card="999999199706150028"), "MCH-I-022"),
        (document(quantity("DE04.10.174.00", "收缩压", "高", "mmHg")), "MCH-I-044"),
        (document(at="昨天"), "MCH-I-021"),
        (document("<entry>" * 120 + "</entry>" * 120), "MCH-I-017"),
    ],
)
def test_what_cannot_be_taken_is_kept_and_told_with_its_place(busy, body, code):
    answer = upload(busy, body)

    assert answer.status_code == 422 and answer.json["state"] == "not-understood"
    problems = answer.json["problems"]
    assert code in [p["code"] for p in problems], problems
    assert all(p["at"] or code == "MCH-I-017" for p in problems), problems
    with busy.pool.connection() as conn:
        kept = conn.execute("SELECT body FROM arrival WHERE id = %s", [answer.json["id"]]).fetchone()
    assert bytes(kept[0]) == body


def test_only_a_registered_system_with_the_right_to_write_uploads(busy):
    assert upload(busy, document(), "nurse").status_code == 403
    assert upload(busy, document(), kind="application/json").status_code == 415
