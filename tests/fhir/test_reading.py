"""What is stored comes back as it was sent, in every version, and never more than was asked for."""

from __future__ import annotations

import json

import pytest

from tests.fhir.fhir_kit import expressions, issues_of, observation, with_changes

EXACT = b"""{"resourceType":"Observation","status":"final","extension":[{"url":"https://his.example/unknown",
"extension":[{"url":"a","valueDecimal":0.40},{"url":"b","valueString":"\xe7\xba\xa2 \\"x\\""}]}],
"code":{"text":"\xe8\xa1\x80\xe9\x92\xbe"},"subject":{"reference":"%s"},"effectiveDateTime":"2026-01-05T09:31:00.500+00:00",
"valueQuantity":{"value":6.70,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},
"referenceRange":[{"low":{"value":1e2},"high":{"value":1.0000000000000001}}]}"""


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


@pytest.fixture
def stored(hospital, woman):
    answer = hospital.post("/Observation", EXACT.replace(b"%s", woman.subject.encode()))
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def test_digits_times_and_unknown_extensions_come_back_as_sent(hospital, stored):
    text = hospital.get(f"/Observation/{stored}").get_data(as_text=True)

    for part in (
        '"value":6.70',
        '"valueDecimal":0.40',
        "2026-01-05T09:31:00.500+00:00",
        "1.0000000000000001",
        "his.example",
    ):
        assert part in text, part
    read = json.loads(text)
    assert {name for name in read if name not in ("id", "meta")} == set(json.loads(EXACT))
    assert read["extension"] == json.loads(EXACT)["extension"]


def test_every_answer_carries_version_and_time(hospital, stored):
    answer = hospital.get(f"/Observation/{stored}")

    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"] == "Mon, 05 Jan 2026 00:00:00 GMT"
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    assert answer.json["meta"] | {"source": ""} == {
        "versionId": "1",
        "lastUpdated": "2026-01-05T00:00:00.000Z",
        "source": "",
    }


def test_who_has_the_version_already_gets_304(hospital, stored):
    assert hospital.get(f"/Observation/{stored}", If_None_Match='W/"1"').status_code == 304
    assert hospital.get(f"/Observation/{stored}", If_Modified_Since="Mon, 05 Jan 2026 00:00:00 GMT").status_code == 304
    assert hospital.get(f"/Observation/{stored}", If_None_Match='W/"7"').status_code == 200


def test_versions_are_gapless_and_each_is_readable(hospital, woman):
    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json
    for value in (2, 3):
        answer = hospital.put(f"/Observation/{first['id']}", with_changes(first, valueInteger=value))
        assert answer.status_code == 200

    versions = hospital.get(f"/Observation/{first['id']}/_history").json

    assert versions["total"] == 3
    assert [e["resource"]["meta"]["versionId"] for e in versions["entry"]] == ["3", "2", "1"]
    assert [e["request"]["method"] for e in versions["entry"]] == ["PUT", "PUT", "POST"]
    assert hospital.get(f"/Observation/{first['id']}/_history/2").json["valueInteger"] == 2
    issues_of(hospital.get(f"/Observation/{first['id']}/_history/4"), 404)
    issues_of(hospital.get(f"/Observation/{first['id']}/_history/x"), 404)


def test_an_update_that_changes_nothing_is_the_same_version(hospital, woman):
    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json

    again = hospital.put(f"/Observation/{first['id']}", first)

    assert again.status_code == 200 and again.headers["ETag"] == 'W/"1"'


def test_if_match_guards_every_update(hospital, woman):
    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json

    answer = hospital.put(f"/Observation/{first['id']}", with_changes(first, valueInteger=2), If_Match='W/"3"')

    assert expressions(answer, 412) == ["Observation"]
    assert answer.headers["ETag"] == 'W/"1"'


def test_a_deleted_resource_is_gone_but_its_history_tells(hospital, woman):
    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=1)).json

    assert hospital.ask("DELETE", f"/Observation/{first['id']}").status_code == 204
    assert hospital.ask("DELETE", f"/Observation/{first['id']}").status_code == 204

    issues_of(hospital.get(f"/Observation/{first['id']}"), 410)
    assert hospital.search(f"/Observation?_id={first['id']}") == []
    versions = hospital.get(f"/Observation/{first['id']}/_history").json["entry"]
    assert [e["request"]["method"] for e in versions] == ["DELETE", "POST"]
    assert "resource" not in versions[0]


def test_a_page_of_history_continues_where_it_ended(hospital, woman):
    first = hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=0)).json
    for value in range(1, 5):
        hospital.put(f"/Observation/{first['id']}", with_changes(first, valueInteger=value))

    seen, path = [], f"/Observation/{first['id']}/_history?_count=2"
    while path:
        page = hospital.get(path).json
        seen += [e["resource"]["meta"]["versionId"] for e in page["entry"]]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        path = following[0].split("/fhir")[1] if following else None

    assert seen == ["5", "4", "3", "2", "1"]


def test_the_history_of_a_type_holds_its_instances(hospital, woman):
    entries = hospital.get("/Task/_history").json["entry"]

    assert {e["resource"]["resourceType"] for e in entries} == {"Task"}


@pytest.mark.parametrize(
    "path", ["/Patient/none", "/Nothing/1", "/Nothing", "/Patient/none/_history", "/patient", "/a/b/c/d/e"]
)
def test_what_is_not_there_is_404(quiet, path):
    assert quiet.get(path).status_code == 404


@pytest.mark.parametrize(
    "accept, status",
    [
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, */*;q=0.1", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+xml", 200),
        ("application/fhir+xml; fhirVersion=5.0", 406),
        ("text/turtle", 406),
    ],
)
def test_only_json_and_xml_of_r4_are_served(quiet, accept, status):
    assert quiet.get("/metadata", Accept=accept).status_code == status


@pytest.mark.parametrize("kind, status", [("json", 200), ("application/fhir+json", 200), ("xml", 200), ("ttl", 406)])
def test_the_format_parameter_rules_over_the_header(quiet, kind, status):
    assert quiet.get(f"/metadata?_format={kind}", Accept="application/fhir+xml").status_code == status


def test_a_preference_says_what_a_write_answers(hospital, woman):
    def sent(value, **headers):
        return hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=value), **headers)

    assert sent(1, Prefer="return=minimal").get_data() == b""
    assert sent(2, Prefer="return=OperationOutcome").json["resourceType"] == "OperationOutcome"
    assert sent(3, Prefer="return=representation").json["valueInteger"] == 3
    assert sent(4).headers["Location"].endswith("/_history/1")


def test_a_look_at_a_woman_leaves_its_trace(hospital, woman):
    hospital.get(f"/{woman.subject}")

    with hospital.pool.connection() as conn:
        rows = conn.execute(
            "SELECT actor_id, action, subject_kind, subject_id FROM audit WHERE subject_kind = 'Patient'"
        ).fetchall()
    assert ("his-demo", "read", "Patient", woman.patient_id) in rows
