"""Over HTTP: what a client's registration overlooks, what is kept and said of it, and what stays refused."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.store import plain
from fhir_adapters.store import tolerances as rows
from fhir_adapters.terminology import ADMISSION_NO, LOINC
from fhir_adapters.tolerances.kinds import TOLERANCES
from fhir_adapters.tolerances.registration import Registration
from tests.fhir.conftest import Hospital, opened
from tests.fhir.fhir_kit import (
    PATIENT_URN,
    WOMAN,
    entry,
    expressions,
    issues_of,
    observation,
    patient,
    transaction,
)

LOCAL = {"coding": [{"system": "urn:lis", "code": "HGB"}], "text": "血红蛋白"}


@pytest.fixture(scope="module")
def county(server: str, hospital_template: tuple[str, Path]) -> Iterator[Hospital]:
    with opened(server, hospital_template) as made:
        made.woman = made.brings_in()
        yield made


@pytest.fixture
def tolerant(county: Hospital) -> Iterator[Any]:
    """Sets what is overlooked in what his-demo sends; afterwards nothing is."""

    def overlook(*names: str) -> Hospital:
        Registration(county.services).set_tolerances("his-demo", names, county.services.people.system("his-demo"))
        return county

    yield overlook
    overlook()


def api(county: Hospital, method: str, path: str, who: str = "it", body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {county.token(who)}"}
    return county.app.test_client().open(f"/api/clients{path}", method=method, json=body, headers=headers)


def hb(county: Hospital, **more: Any) -> dict[str, Any]:
    quantity = {"value": 110, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    return {**observation("718-7", county.woman.subject), "valueQuantity": quantity, **more}


DEVIATIONS = {
    "zone": ({"effectiveDateTime": "2026-01-04T09:31"}, "Observation.effectiveDateTime"),
    "compact-time": ({"effectiveDateTime": "20260104103100"}, "Observation.effectiveDateTime"),
    "numbers": ({"valueQuantity": {"value": "6.70", "unit": "g/L"}}, "Observation.valueQuantity.value"),
    "invented-loinc": (
        {"code": {"coding": [{"system": LOINC, "code": "99999-12"}]}},
        "Observation.code.coding[0].code",
    ),
}

STORED = {
    "zone": '"effectiveDateTime":"2026-01-04T09:31:00+08:00"',
    "compact-time": '"effectiveDateTime":"2026-01-04T10:31:00+08:00"',
    "numbers": '"value":6.70',
    "invented-loinc": '"code":"99999-12"',
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_without_its_tolerance_a_deviation_is_refused_at_its_place(county, tolerant, name):
    change, place = DEVIATIONS[name]
    others = TOLERANCES.keys() - {name}

    assert expressions(county.post("/Observation", hb(county, **change)), 422) == [place]
    tolerant(*others)
    assert expressions(county.post("/Observation", hb(county, **change)), 422) == [place]


@pytest.mark.parametrize("name", DEVIATIONS)
def test_with_it_the_strict_resource_is_stored_and_what_was_sent_is_kept(county, tolerant, name):
    change, place = DEVIATIONS[name]
    tolerant(name)

    answer = county.post("/Observation", hb(county, **change), Prefer="return=OperationOutcome")
    location = answer.headers["Location"].partition("/fhir/")[2].split("/")

    assert answer.status_code == 201 and answer.headers["X-MCH-Tolerance"] == f"{name}=1"
    told = answer.json["issue"][1:]
    assert [one["expression"] for one in told] == [[place]] and {one["severity"] for one in told} == {"information"}
    stored = county.get(f"/Observation/{location[1]}").get_data(as_text=True)
    assert STORED[name] in stored
    [kept] = api(county, "GET", f"/originals/Observation/{location[1]}", "officer").json["items"]
    sent = change.get("effectiveDateTime") or ("6.70" if name == "numbers" else "99999-12")
    assert kept["uses"] == [{"tolerance": name, "at": place, "was": sent}]
    assert api(county, "GET", f"/originals/Observation/{location[1]}", "it").status_code == 403


def test_every_tolerance_is_off_in_a_new_registration_and_set_by_name(county):
    key = county.services.people.client("his-demo").jwks
    made = county.services.people.add_client(
        name="fresh", organisation_id="org-hospital", scopes={"system/*.cruds"}, jwks=key
    )

    assert made.tolerances == frozenset() and county.services.people.client("fresh").tolerances == frozenset()
    assert api(county, "PUT", "/fresh/tolerances", body={"tolerances": ["zone"]}).json["tolerances"] == ["zone"]
    refused = api(county, "PUT", "/fresh/tolerances", body={"tolerances": ["everything"]})
    assert refused.status_code == 422 and refused.json["errors"][0]["path"] == "everything"
    assert api(county, "PUT", "/fresh/tolerances", "officer", {"tolerances": []}).status_code == 403
    assert county.services.people.client("fresh").tolerances == {"zone"}


def test_a_transaction_says_of_each_entry_what_was_overlooked(county, tolerant):
    tolerant("zone", "numbers")
    sent = hb(county, effectiveDateTime="2026-01-03T09:31", valueQuantity={"value": "112", "unit": "g/L"})

    answer = county.post("", transaction(entry(sent), entry(hb(county))))

    first, second = answer.json["entry"]
    places = [one["expression"][0] for one in first["response"]["outcome"]["issue"]]
    assert sorted(places) == [
        "Bundle.entry[0].resource.effectiveDateTime",
        "Bundle.entry[0].resource.valueQuantity.value",
    ]
    assert "outcome" not in second["response"]
    assert answer.headers["X-MCH-Tolerance"] == "numbers=1; zone=1"


def test_validate_says_what_would_be_overlooked(county, tolerant):
    tolerant("zone")

    found = county.post("/Observation/$validate", hb(county, effectiveDateTime="2026-01-03T09:31"))

    assert [one["details"]["coding"][0]["code"] for one in found.json["issue"]] == ["MCH-V-0000", "MCH-X-zone"]


# --- codes ---


def test_a_code_that_is_not_mapped_is_kept_feeds_no_rule_and_becomes_a_task_that_is_mapped_and_run_again(
    county, tolerant
):
    tolerant("local-codes")
    sent = {
        **hb(county),
        "code": LOCAL,
        "valueQuantity": {"value": 61},
        "effectiveDateTime": "2026-01-05T07:00:00+08:00",
    }

    before = _bursts(county)

    answer = county.post("/Observation", sent)
    id_ = answer.json["id"]

    assert answer.status_code == 201 and answer.json["code"] == LOCAL
    assert _bursts(county) == before
    [waits] = api(county, "GET", "/his-demo/codes").json["unmapped"]
    assert (waits["system"], waits["code"], waits["display"], waits["seen"]) == ("urn:lis", "HGB", "血红蛋白", 1)
    assert waits["owner"] == "R-ITADM"
    assert api(county, "POST", "/his-demo/codes/owner", body={**_key(), "owner": "officer"}).status_code == 204

    done = api(county, "PUT", "/his-demo/codes", "officer", {**_key(), "item": "hb", "unit": "g/L"})

    assert done.json == {"changed": 1, "failed": 0}
    now = county.get(f"/Observation/{id_}").json
    assert [c["code"] for c in now["code"]["coding"]] == ["HGB", "718-7"] and now["meta"]["versionId"] == "2"
    assert now["code"]["text"] == "血红蛋白" and now["valueQuantity"]["code"] == "g/L"
    assert _bursts(county) == before + 1  # the rules see it now
    assert api(county, "GET", "/his-demo/codes").json["unmapped"] == []
    again = county.post("/Observation", {**sent, "effectiveDateTime": "2026-01-05T07:30:00+08:00"})
    assert [c["code"] for c in again.json["code"]["coding"]] == ["HGB", "718-7"]
    assert api(county, "POST", "/his-demo/codes/run", body=_key()).json == {"changed": 0, "failed": 0}
    found = api(county, "GET", "/his-demo/concept-map").json["group"][0]
    assert (found["source"], found["element"][0]["target"][0]["code"]) == ("urn:lis", "718-7")


def _key() -> dict[str, str]:
    return {"system": "urn:lis", "code": "HGB"}


def _bursts(county: Hospital) -> int:
    with county.pool.connection() as conn:
        return conn.execute("SELECT coalesce(sum(results), 0) FROM inbound_burst").fetchone()[0]


def test_another_meaning_replaces_the_first_in_what_is_stored(county, tolerant):
    tolerant("local-codes")
    sent = {**hb(county), "code": {"coding": [{"system": "urn:lis", "code": "PLTX"}]}, "valueQuantity": {"value": 150}}
    id_ = county.post("/Observation", sent).json["id"]
    key = {"system": "urn:lis", "code": "PLTX"}

    api(county, "PUT", "/his-demo/codes", body={**key, "item": "wbc", "unit": "10*9/L"})
    api(county, "PUT", "/his-demo/codes", body={**key, "item": "plt", "unit": "10*9/L"})

    assert [c["code"] for c in county.get(f"/Observation/{id_}").json["code"]["coding"]] == ["PLTX", "777-3"]


@pytest.mark.parametrize(
    "change, path",
    [
        ({"item": "nonsense"}, "item"),
        ({"system": LOINC, "code": "99999-1"}, "system"),
        ({"item": "lmp", "unit": "g"}, "unit"),
    ],
)
def test_a_meaning_that_cannot_be_is_refused(county, change, path):
    body = {"system": "urn:lis", "code": "X", "item": "hb", "unit": "g/L", **change}

    answer = api(county, "PUT", "/his-demo/codes", body=body)

    assert answer.status_code == 422 and answer.json["code"] == path


def test_a_client_without_the_tolerance_is_not_mapped_even_where_a_map_is_there(county, tolerant):
    tolerant("zone")
    sent = {
        **hb(county),
        "code": LOCAL,
        "valueQuantity": {"value": 77},
        "effectiveDateTime": "2026-01-02T07:00:00+08:00",
    }

    assert county.post("/Observation", sent).json["code"] == LOCAL


def test_an_invented_number_is_told_and_never_matched(county, tolerant):
    sent = {**hb(county), "code": {"coding": [{"system": LOINC, "code": "99999-12"}]}, "valueQuantity": {"value": 1}}
    before = _bursts(county)
    tolerant("invented-loinc")

    answer = county.post("/Observation", sent, Prefer="return=OperationOutcome")

    issue = answer.json["issue"][1]
    assert (issue["severity"], issue["expression"]) == ("information", ["Observation.code.coding[0].code"])
    assert _bursts(county) == before


# --- who it is ---


def test_a_mother_s_number_on_her_child_makes_two_people_and_a_question(county, tolerant):
    tolerant("institution-numbers")
    number = {"system": ADMISSION_NO, "value": "Z2026001"}
    mother = {**patient("999999199001010012", birthDate="1990-01-01"), "identifier": [number]}
    child = {**mother, "birthDate": "2026-01-05", "name": [{"text": "测试之子"}]}
    told = {"If_None_Exist": f"identifier={ADMISSION_NO}|Z2026001"}

    first = county.post("/Patient", mother, **told)
    again = county.post("/Patient", mother, **told)
    second = county.post("/Patient", child, **told)

    assert (first.status_code, again.status_code, second.status_code) == (201, 200, 201)
    assert again.json["id"] == first.json["id"] != second.json["id"]
    system = first.json["identifier"][0]["system"]
    assert system.endswith("mrn/his-demo/admission")
    with county.pool.connection() as conn:
        asked = conn.execute("SELECT kind, patient_id FROM inbox_item WHERE kind = 'identity-differs'").fetchall()
    assert asked == [("identity-differs", second.json["id"])]
    once_more = county.post("/Patient", child, **told)
    changed = county.put(f"/Patient?identifier={ADMISSION_NO}|Z2026001", {**child, "active": True})
    assert (once_more.status_code, once_more.json["id"]) == (200, second.json["id"])
    assert changed.status_code == 412  # an update of one of two waits for the person


# --- the same again ---


def test_a_whole_snapshot_sent_again_makes_no_version_and_no_event(county, tolerant):
    tolerant("snapshot", "zone")
    someone = patient("999999198801010026", birthDate="1988-01-01")
    result = hb(county, subject={"reference": PATIENT_URN}, effectiveDateTime="2026-01-05T06:00")
    snapshot = transaction(entry(someone, PATIENT_URN), entry(result))
    first = county.post("", snapshot)
    before, events = county.count(), _events(county)

    second = county.post("", copy.deepcopy(snapshot))

    assert [one["response"]["status"] for one in first.json["entry"]] == ["201 Created", "201 Created"]
    assert [one["response"]["status"] for one in second.json["entry"]] == ["200 OK", "200 OK"]
    assert (county.count(), _events(county)) == (before, events)
    assert "snapshot=2" in second.headers["X-MCH-Tolerance"]


def _events(county: Hospital) -> int:
    with county.pool.connection() as conn:
        return conn.execute("SELECT count(*) FROM inbound_event").fetchone()[0]


def test_without_it_a_plain_create_of_the_same_patient_is_another_resource(county):
    someone = patient("999999198701010024", birthDate="1987-01-01")

    assert [county.post("/Patient", someone).status_code for _ in range(2)] == [201, 201]


# --- too large ---


def test_what_is_too_large_is_refused_with_the_limit(county, tolerant):
    tolerant(*TOLERANCES)

    large = county.post("", b'{"resourceType":"Bundle","type":"transaction","x":"' + b"x" * 5_000_001 + b'"}')
    many = county.post("", transaction(*[entry(hb(county))] * 1001))

    assert "5 MB" in issues_of(large, 413)[0]["details"]["text"]
    assert "1000" in issues_of(many, 413)[0]["details"]["text"]


# --- documents ---


def document(**more: Any) -> dict[str, Any]:
    vendor = "http://www.nestvision.com/platform/app/data/v1/number/"
    contained = {
        "resourceType": "Patient",
        "id": "pat1",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": WOMAN}],
        "name": [{"text": "测试甲子"}],
        "gender": "female",
        "birthDate": "1997-06-15",
    }
    composition = {
        "resourceType": "Composition",
        "contained": [contained],
        "identifier": {"system": "urn:vendor:visit", "value": "V-1"},
        "date": "2026-01-05T07:31:00",
        "type": {"coding": [{"system": "2.16.156.10011.2.4", "code": "HSDB02.02"}]},
        "title": "产前随访服务",
        "status": "final",
        "subject": {"reference": "#pat1"},
        "section": [
            {"extension": [{"url": f"{vendor}sbp", "valueInteger": 128}, {"url": f"{vendor}dbp", "valueInteger": 82}],
             "code": {"coding": [{"system": LOINC, "code": "8716-3"}]}},
            {"extension": [{"url": f"{vendor}hemoglobin", "valueDecimal": 113}],
             "code": {"coding": [{"system": LOINC, "code": "99999-12"}]}},
        ],
        **more,
    }  # fmt: skip
    return {"resourceType": "Bundle", "type": "document", "entry": [{"resource": composition}]}


def test_a_document_is_kept_as_it_came_and_read_as_far_as_its_vendor_is_known(county, tolerant):
    assert county.post("/Bundle", document()).status_code == 404
    tolerant("documents")
    body = plain.dumps(document())

    answer = county.post("/Bundle", body)

    assert answer.status_code == 201, answer.get_data(as_text=True)
    report = county.get(answer.headers["Location"].partition("/fhir")[2]).json
    assert report["code"]["coding"][0]["code"] == "HSDB02.02"
    found = county.search(f"/Observation?patient={county.woman.subject}&date=2026-01-05T07:31:00%2B08:00")
    values = {o["code"]["coding"][0]["code"]: o["valueQuantity"]["value"] for o in found}
    assert values == {"8480-6": 128, "8462-4": 82}  # haemoglobin without a unit stays in the document
    with county.pool.connection() as conn:
        kept = conn.execute("SELECT body FROM arrival WHERE channel = 'document'").fetchall()
    assert [bytes(one[0]) for one in kept] == [body]


def test_a_document_in_xml_is_read_as_well(county, tolerant):
    from fhir_adapters.formats import xml

    tolerant("documents")
    body = xml.dumps(document(identifier={"value": "V-2"}, date="20260104073100"))

    answer = county.post(
        "/Bundle", body if isinstance(body, bytes) else body.encode(), Content_Type="application/fhir+xml"
    )

    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert len(county.search(f"/Observation?patient={county.woman.subject}&date=2026-01-04T07:31:00%2B08:00")) == 2


def test_what_is_wrong_with_a_document_is_said_with_its_place_and_it_waits(county, tolerant):
    tolerant("documents")

    answer = county.post("/Bundle", document(date="gestern", identifier={}))

    assert expressions(answer, 422) == ["Bundle.entry[0].resource.date", "Bundle.entry[0].resource.identifier"]


# --- what was refused ---


def test_a_refused_write_waits_and_is_taken_after_the_registration_is_repaired(county, tolerant):
    sent = hb(county, effectiveDateTime="2026-01-01T09:31")
    before = {one["id"] for one in _refused(county)}
    assert county.post("/Observation", sent).status_code == 422
    assert county.post("/Observation", sent).status_code == 422  # the same once more is the same
    [waits] = [one for one in _refused(county) if one["id"] not in before]
    assert waits["problems"][0]["at"] == "Observation.effectiveDateTime" and waits["repeats"] == 1

    tolerant("zone")
    done = _arrivals(county, "POST", f"/{waits['id']}/retry").json

    assert done["state"] == "understood", done
    [reference] = done["became"]
    assert county.get(f"/{reference}").json["effectiveDateTime"] == "2026-01-01T09:31:00+08:00"


def _refused(county: Hospital) -> list[dict[str, Any]]:
    return _arrivals(county, "GET", "?client=his-demo&channel=fhir").json["items"]


def _arrivals(county: Hospital, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {county.token('officer')}"}
    return county.app.test_client().open(f"/api/arrivals{path}", method=method, headers=headers)


def test_another_write_under_a_used_key_is_nothing_that_could_be_repaired(county):
    sent = hb(county, effectiveDateTime="2025-12-30T09:31:00+08:00")
    assert county.post("/Observation", sent, Idempotency_Key="k-1").status_code == 201
    before = _count_refused(county)

    for value in (1, 2):
        other = {**sent, "valueQuantity": {"value": value, "unit": "g/L"}}
        assert county.post("/Observation", other, Idempotency_Key="k-1").status_code == 422

    assert _count_refused(county) == before


def test_what_cannot_be_read_waits_as_it_came_and_is_taken_once_it_is_corrected(county):
    body = plain.dumps(hb(county, effectiveDateTime="2025-12-29T09:31:00+08:00"))
    before = {one["id"] for one in _refused(county)}

    assert county.post("/Observation", body[:-1]).status_code == 400
    [waits] = [one for one in _refused(county) if one["id"] not in before]
    headers = {"Authorization": f"Bearer {county.token('officer')}"}
    given = {"text": body.decode(), "reason": "缺少右括号"}
    done = county.app.test_client().post(f"/api/arrivals/{waits['id']}/correction", json=given, headers=headers)

    assert waits["kind"] == "POST Observation" and done.json["state"] == "understood", done.json


def test_only_so_many_refused_writes_are_kept(county, monkeypatch):
    from api.fhir import overlooking

    monkeypatch.setattr(overlooking, "MOST_KEPT", 0)
    before = _count_refused(county)

    assert county.post("/Observation", hb(county, effectiveDateTime="2025-12-31T09:31")).status_code == 422
    assert _count_refused(county) == before


def _count_refused(county: Hospital) -> int:
    with county.pool.connection() as conn:
        return conn.execute("SELECT count(*) FROM arrival WHERE channel = 'fhir'").fetchone()[0]


def test_an_entry_of_the_page_counts_before_the_file_and_none_of_our_settings_is_a_view(county):
    text = "client: his-demo\nmrn: county\n"

    assert api(county, "PUT", "/his-demo/inbound", body={"text": text}).status_code == 200
    assert Registration(county.services).inbound_text("his-demo") == text
    view = "views: [{name: v, query: q, high_water: at, database: YUNTU_DATABASE_URL, columns: {a: mrn}}]\n"
    for wrong in ("client: another\n", "client: his-demo\nnonsense: 1\n", text + view, "a: ["):
        assert api(county, "PUT", "/his-demo/inbound", body={"text": wrong}).status_code == 422, wrong
    assert api(county, "DELETE", "/his-demo/inbound").status_code == 204
    with county.pool.connection() as conn:
        assert rows.inbound_of(conn, county.region_id, "his-demo") is None
