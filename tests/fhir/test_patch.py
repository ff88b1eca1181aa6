"""PATCH in three languages; conditional changes; the whole history."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest

from engine.store import plain
from fhir_adapters.issues import FhirError
from fhir_adapters.patches.fhirpath_patch import apply_fhirpath_patch
from fhir_adapters.patches.json_patch import apply_json_patch, apply_merge_patch
from fhir_adapters.patches.places import NoPath, places
from tests.fhir.fhir_kit import ID_CARD, WOMAN, entry, expressions, issues_of, observation, patient, transaction

JSON_PATCH, MERGE = "application/json-patch+json", "application/merge-patch+json"
RFC_6902 = [
    ({"a": 1}, [{"op": "add", "path": "/b", "value": [1]}], {"a": 1, "b": [1]}),
    ({"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
    ({"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
    ({"a": 1, "b": 2}, [{"op": "remove", "path": "/b"}], {"a": 1}),
    ({"a": 1}, [{"op": "replace", "path": "/a", "value": None}], {"a": None}),
    ({"a": {"x": 1}, "b": {}}, [{"op": "move", "from": "/a/x", "path": "/b/y"}], {"a": {}, "b": {"y": 1}}),
    ({"a": [1, 2]}, [{"op": "move", "from": "/a/0", "path": "/a/1"}], {"a": [2, 1]}),
    ({"a": {"x": 1}}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": {"x": 1}, "b": {"x": 1}}),
    ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}], {}),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": 1}], {"a": 1}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
]


@pytest.mark.parametrize("before, operations, after", RFC_6902)
def test_json_patch_does_what_the_rfc_says(before, operations, after):
    assert apply_json_patch(before, operations) == after


@pytest.mark.parametrize(
    "operations, status",
    [
        ([], 400),
        ({"op": "add"}, 400),
        ([{"op": "grow", "path": "/a"}], 400),
        ([{"op": ["add"], "path": "/a"}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "add", "path": "a", "value": 1}], 400),
        ([{"op": "add", "path": "/~2", "value": 1}], 400),
        ([{"op": "remove", "path": "/none"}], 422),
        ([{"op": "replace", "path": "/list/01", "value": 1}], 422),
        ([{"op": "add", "path": "/list/9", "value": 1}], 422),
        ([{"op": "test", "path": "/flag", "value": 1}], 422),
        ([{"op": "move", "from": "/box", "path": "/box/inner"}], 400),
        ([{"op": "test", "path": "/flag", "value": True}] * 501, 413),
        ([{"op": "copy", "from": "", "path": "/list/-"}] * 40, 413),
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_refused(operations, status):
    before = {"list": [1, 2], "flag": True, "box": {}}

    with pytest.raises(FhirError) as refused:
        apply_json_patch(before, operations)

    assert refused.value.status == status
    assert before == {"list": [1, 2], "flag": True, "box": {}}


def test_merge_patch_replaces_and_takes_away():
    assert apply_merge_patch({"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"x": None}, "b": [2]}) == {
        "a": {"y": 2},
        "b": [2],
    }


def operation(kind, path, **parts):
    values = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, value in parts.items():
        values.append({"name": name, **(value if isinstance(value, dict) else {"valueString": value})})
    return {"name": "operation", "part": values}


def parameters(*operations):
    return {"resourceType": "Parameters", "parameter": list(operations)}


WANG = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"use": "official", "given": ["小", "红"]}, {"use": "nickname", "text": "红红"}],
    "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "2"}],
}
FHIRPATH = [
    (operation("add", "Patient", name="birthDate", value={"valueDate": "1990-01-01"}), ("birthDate",), "1990-01-01"),
    (operation("add", "Patient", name="name", value={"valueHumanName": {"text": "x"}}), ("name", 2, "text"), "x"),
    (
        operation("add", "Patient", name="contact", value={"part": [{"name": "gender", "valueCode": "male"}]}),
        ("contact",),
        [{"gender": "male"}],
    ),
    (operation("add", "Patient", name="deceased", value={"valueBoolean": True}), ("deceasedBoolean",), True),
    (
        operation("insert", "Patient.name[0].given", index={"valueInteger": 1}, value="中"),
        ("name", 0, "given", 1),
        "中",
    ),
    (operation("delete", "Patient.name.where(use = 'nickname')"), ("name",), WANG["name"][:1]),
    (operation("delete", "Patient.photo"), ("name",), WANG["name"]),
    (
        operation("replace", "Patient.telecom.where(system='email' and value='2').value", value="3"),
        ("telecom", 1, "value"),
        "3",
    ),
    (
        operation("move", "Patient.telecom", source={"valueInteger": 1}, destination={"valueInteger": 0}),
        ("telecom", 0, "value"),
        "2",
    ),
    (operation("replace", "Patient.name.last().text", value="小小"), ("name", 1, "text"), "小小"),
]


@pytest.mark.parametrize("one, place, value", FHIRPATH)
def test_fhirpath_patch_changes_the_named_place_alone(one, place, value):
    after = apply_fhirpath_patch(WANG, parameters(one))

    found = after
    for step in place:
        found = found[step]
    assert found == value
    assert WANG["telecom"][0]["value"] == "1" and "birthDate" not in WANG


@pytest.mark.parametrize(
    "one, status",
    [
        ({"name": "operation"}, 400),
        (operation("grow", "Patient"), 400),
        (operation("add", "Patient", name="birthDate"), 400),
        (operation("add", "Patient", name="shoeSize", value="42"), 422),
        (operation("replace", "Patient.birthDate", value={"valueDate": "1990-01-01"}), 422),
        (operation("replace", "Patient.name.use", value={"valueCode": "old"}), 422),
        (operation("insert", "Patient.telecom", index={"valueInteger": 9}, value={"valueContactPoint": {}}), 422),
        (operation("delete", "Patient.repeat(x)"), 400),
        (operation("delete", "Patient.name.where(given.count() > 1)"), 400),
        (operation("delete", "Patient"), 422),
        (operation("delete", "a" * 501), 400),
    ],
)
def test_a_fhirpath_patch_that_cannot_be_applied_is_refused(one, status):
    with pytest.raises(FhirError) as refused:
        apply_fhirpath_patch(WANG, parameters(one))

    assert refused.value.status == status


@pytest.mark.parametrize("path", ["Patient..name", ".name", "name[", "where('", "name.where(", "名"])
def test_what_is_no_path_is_said_at_once(path):
    with pytest.raises(NoPath):
        places(dict(WANG), path)


@pytest.fixture
def woman(hospital):
    return hospital.brings_in()


@pytest.fixture
def result(hospital, woman):
    return hospital.post("/Observation", observation("718-7", woman.subject, valueInteger=110)).json


def test_the_three_languages_say_the_same(hospital, result):
    path, fhir = f"/Observation/{result['id']}", {"Content_Type": "application/fhir+json"}
    ways = [
        ([{"op": "replace", "path": "/valueInteger", "value": 111}], {"Content_Type": JSON_PATCH}),
        ({"valueInteger": 112}, {"Content_Type": MERGE}),
        (parameters(operation("replace", "Observation.value", value={"valueInteger": 113})), fhir),
    ]

    answers = [hospital.ask("PATCH", path, body, **headers) for body, headers in ways]

    assert [(a.status_code, a.json["valueInteger"], a.headers["ETag"]) for a in answers] == [
        (200, 111, 'W/"2"'),
        (200, 112, 'W/"3"'),
        (200, 113, 'W/"4"'),
    ]


def test_a_patch_keeps_what_it_does_not_name_to_the_last_digit(hospital, woman):
    sent = observation("718-7", woman.subject)
    sent["effectiveDateTime"] = "2026-01-05T08:00:00.120+09:00"
    body = plain.dumps(sent)[:-1] + b',"valueQuantity":{"value":6.70,"unit":"g/L"}}'
    stored = hospital.post("/Observation", body).json

    answer = hospital.ask("PATCH", f"/Observation/{stored['id']}", {"status": "amended"}, Content_Type=MERGE)

    assert '"value":6.70' in answer.get_data(as_text=True)
    assert "08:00:00.120+09:00" in answer.get_data(as_text=True)


def test_what_the_patch_makes_of_it_is_checked_like_any_write(hospital, result):
    wrong = hospital.ask("PATCH", f"/Observation/{result['id']}", {"status": "zzz"}, Content_Type=MERGE)
    moved = hospital.ask("PATCH", f"/Observation/{result['id']}", {"id": "other"}, Content_Type=MERGE)

    assert expressions(wrong, 422) == ["Observation.status"]
    issues_of(moved, 422)
    assert hospital.get(f"/Observation/{result['id']}").headers["ETag"] == 'W/"1"'


def test_a_stale_patch_is_412_and_a_foreign_one_is_what_a_foreign_write_is(hospital, result):
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    for name, organisation in (("colleague", "org-hospital"), ("elsewhere", "org-twn-2")):
        hospital.services.people.add_client(
            name=name, organisation_id=organisation, scopes=["system/*.cruds"], jwks=keys
        )
    path = f"/Observation/{result['id']}"

    stale = hospital.ask("PATCH", path, {"valueInteger": 1}, Content_Type=MERGE, If_Match='W/"7"')
    colleague = hospital.ask("PATCH", path, {"valueInteger": 1}, "colleague", Content_Type=MERGE)
    foreign = hospital.ask("PATCH", path, {"valueInteger": 1}, "elsewhere", Content_Type=MERGE)
    unknown = hospital.ask("PATCH", "/Observation/none", {"valueInteger": 1}, "elsewhere", Content_Type=MERGE)

    issues_of(stale, 412)
    issues_of(colleague, 403)
    assert issues_of(foreign, 404) == issues_of(unknown, 404)


def test_a_task_is_claimed_by_a_patch_of_its_status(hospital, woman):
    task = next(iter(woman.open_tasks().values()))
    path = f"/Task/{task.id}"
    change = {"status": "in-progress"}

    without = hospital.ask("PATCH", path, change, "nurse", Content_Type=MERGE)
    done = hospital.ask("PATCH", path, change, "nurse", Content_Type=MERGE, If_Match='W/"1"')
    edit = hospital.ask("PATCH", path, {"description": "x"}, "nurse", Content_Type=MERGE, If_Match=done.headers["ETag"])

    issues_of(without, 400)
    assert (done.status_code, done.json["status"]) == (200, "in-progress")
    issues_of(edit, 422)


def test_patches_travel_in_a_transaction_as_binary_or_parameters(hospital, result, woman):
    other = hospital.post("/Observation", observation("777-3", woman.subject, valueInteger=5)).json
    raw = base64.b64encode(plain.dumps([{"op": "replace", "path": "/valueInteger", "value": 1}])).decode()
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": raw}
    in_fhir = parameters(operation("replace", "Observation.value", value={"valueInteger": 2}))

    answer = hospital.post(
        "",
        transaction(
            entry(binary, method="PATCH", url=f"Observation/{result['id']}"),
            entry(in_fhir, method="PATCH", url=f"Observation/{other['id']}"),
        ),
    )
    lost = entry(in_fhir, method="PATCH", url="Observation/none")
    twice = entry(in_fhir, method="PATCH", url=f"Observation/{other['id']}")

    assert [e["response"]["status"] for e in answer.json["entry"]] == ["200 OK", "200 OK"]
    assert [hospital.get(f"/Observation/{r['id']}").json["valueInteger"] for r in (result, other)] == [1, 2]
    issues_of(hospital.post("", transaction(twice, lost)), 404)
    assert expressions(hospital.post("", transaction(twice, twice)), 400) == ["Bundle.entry[1].resource"]
    assert expressions(hospital.post("", transaction(entry(patient(), method="PATCH", url="Patient/x"))), 400) == [
        "Bundle.entry[0].resource"
    ]


def test_patch_and_delete_by_identifier_meet_exactly_one_or_nothing(hospital):
    system = "https://his.example/no"
    one, two = (patient(f"{n}", identifier=[{"system": system, "value": v}]) for n, v in ((1, "A"), (2, "B")))
    hospital.post("", transaction(entry(one), entry(two), entry({**two, "active": True})))

    patched = hospital.ask("PATCH", f"/Patient?identifier={system}|A", {"active": True}, Content_Type=MERGE)
    deleted = hospital.ask("DELETE", f"/Patient?identifier={system}|A")

    assert (patched.status_code, patched.json["active"]) == (200, True)
    assert deleted.status_code == 204
    issues_of(hospital.ask("DELETE", f"/Patient?identifier={system}|A"), 404)
    issues_of(hospital.ask("DELETE", f"/Patient?identifier={system}|B"), 412)
    issues_of(hospital.ask("DELETE", "/Patient"), 400)
    issues_of(hospital.get(f"/Patient/{patched.json['id']}"), 410)


def test_the_whole_history_is_paged_newest_first_and_holds_the_deletes(hospital, woman, result):
    hospital.ask("DELETE", f"/Observation/{result['id']}")
    seen, path = [], "/_history?_count=3"
    while path:
        page = hospital.get(path).json
        seen += [(e["request"]["method"], e["request"]["url"].split("/")[0]) for e in page["entry"]]
        path = next((x["url"].split("/fhir")[1] for x in page["link"] if x["relation"] == "next"), None)

    assert len(seen) == sum(hospital.count().values())
    assert {"Patient", "Task", "EpisodeOfCare", "Organization"} <= {type_ for _, type_ in seen}
    assert ("DELETE", "Observation") in seen
    keys = {"keys": [hospital.services.people.client("his-demo").jwks["keys"][0]]}
    add = hospital.services.people.add_client
    add(name="elsewhere", organisation_id="org-twn-2", scopes=["system/*.rs"], jwks=keys)
    add(name="narrow", organisation_id="org-hospital", scopes=["system/Observation.rs"], jwks=keys)
    foreign = hospital.get("/_history?_count=500", "elsewhere").json["entry"]
    narrow = hospital.get("/_history?_count=500", "narrow").json["entry"]
    assert {e["resource"]["resourceType"] for e in foreign} == {"Organization"}
    assert {e["request"]["url"].split("/")[0] for e in narrow} == {"Observation"}
    assert WOMAN not in hospital.get("/_history", "elsewhere").get_data(as_text=True) and ID_CARD


def test_a_history_tells_what_was_current_at_a_moment(hospital, woman):
    def put(value, **more):
        return {**observation("718-7", woman.subject, valueInteger=value), "id": "at-1", **more}

    timekeeper = hospital.services.timekeeper
    for day, value in (("2026-01-06", 1), ("2026-01-08", 2), ("2026-01-10", 3)):
        timekeeper.advance_to(datetime.fromisoformat(f"{day}T09:00:00+08:00"))
        assert hospital.put("/Observation/at-1", put(value)).status_code in (200, 201)

    def values(base, at):
        found = hospital.get(f"{base}/_history?_at={at}&_count=500").json.get("entry", [])
        own = [one["resource"] for one in found if one["resource"]["id"] == "at-1"]
        return [one["valueInteger"] for one in own]

    for base in ("/Observation/at-1", "/Observation", ""):
        assert values(base, "2026-01-05") == [], base
        assert values(base, "2026-01-06") == [1], base
        assert values(base, "2026-01-07") == [1], base
        assert values(base, "2026-01-08") == [2, 1], base
        assert values(base, "2026-01-09T00:00:00%2B08:00") == [2], base
        assert values(base, "2026-01") == [3, 2, 1], base
        assert values(base, "2027") == [3], base
    first = hospital.get("/Observation/at-1/_history?_at=2026-01&_count=2").json
    following = next(one["url"] for one in first["link"] if one["relation"] == "next")
    rest = hospital.get(following.split("/fhir")[1]).json["entry"]
    assert [one["resource"]["valueInteger"] for one in rest] == [1]


@pytest.mark.parametrize(
    "asked", ["_at=soon", "_at=", "_since=soon", "_count=x", "_count=-1", "patient=x", "_sort=date"]
)
def test_what_a_history_cannot_be_asked_is_refused(quiet, asked):
    for base in ("/Observation/none", "/Observation", ""):
        assert expressions(quiet.get(f"{base}/_history?{asked}"), 400) == [asked.partition("=")[0]]
    lenient = quiet.get("/Observation/_history?patient=x", Prefer="handling=lenient")
    assert lenient.status_code == 200 and lenient.json["total"] == 0
