"""Whatever comes in: a clear answer that names the place, in both languages; nothing changed; never a 500."""

from __future__ import annotations

import pytest

from tests.fhir.fhir_kit import (
    ID_CARD,
    PATIENT_URN,
    WOMAN,
    coded,
    entry,
    expressions,
    issues_of,
    observation,
    patient,
    pregnancy,
    transaction,
    with_changes,
)

BROKEN = [
    b"",
    b"{",
    b"[1]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b'{"resourceType":"Patient","active":true,"active":false}',
    b'{"resourceType":"Patient","birthDate":NaN}',
    b'{"resourceType":"Patient","name":[{"text":"a\\u0000b"}]}',
    b'{"resourceType":"Patient","name":[{"text":"\\ud800"}]}',
    b'{"resourceType":"Patient","extension":' + b'[{"extension":' * 70 + b"[]" + b"}]" * 70 + b"}",
]


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_document_is_400(quiet, body):
    issues_of(quiet.post("/Patient", body), 400)
    issues_of(quiet.post("", body), 400)


WRONG = {
    "unknown element": ({"shoeSize": 42}, "Patient.shoeSize", 422),
    "value set": ({"gender": "nan"}, "Patient.gender", 422),
    "date": ({"birthDate": "1992-02-30"}, "Patient.birthDate", 422),
    "text for a boolean": ({"active": "true"}, "Patient.active", 422),
    "null": ({"active": None}, "Patient.active", 422),
    "empty array": ({"name": []}, "Patient.name", 422),
    "empty object": ({"maritalStatus": {}}, "Patient.maritalStatus", 422),
    "no array": ({"name": {"text": "a"}}, "Patient.name", 422),
    "number for text": ({"name": [{"text": 5}]}, "Patient.name[0].text", 422),
    "both choices": ({"deceasedBoolean": True, "deceasedDateTime": "2020"}, "Patient.deceased", 422),
    "empty contact": ({"contact": [{"gender": "male"}]}, "Patient.contact[0]", 422),
    "period": (
        {"identifier": [{"value": "1", "period": {"start": "2026-02", "end": "2026-01"}}]},
        "Patient.identifier[0].period",
        422,
    ),
    "reference type": (
        {"managingOrganization": {"reference": "Patient/1"}},
        "Patient.managingOrganization.reference",
        422,
    ),
    "base64": ({"photo": [{"contentType": "image/png", "data": "a b"}]}, "Patient.photo[0].data", 422),
    "script": ({"text": {"status": "generated", "div": "<div><script>1</script></div>"}}, "Patient.text.div", 422),
    "contained": (
        {"contained": [{"resourceType": "Nothing", "id": "n"}], "generalPractitioner": [{"reference": "#n"}]},
        "Patient.contained[0].resourceType",
        422,
    ),
    "extension": ({"extension": [{"url": "u"}]}, "Patient.extension[0]", 422),
    "contained and lost": (
        {"contained": [{"resourceType": "Organization", "id": "o", "name": "x"}]},
        "Patient.contained[0]",
        422,
    ),
    "contained with a version": (
        {
            "contained": [{"resourceType": "Organization", "id": "o", "name": "x", "meta": {"versionId": "1"}}],
            "managingOrganization": {"reference": "#o"},
        },
        "Patient.contained[0].meta.versionId",
        422,
    ),
    "fragment": ({"managingOrganization": {"reference": "#o"}}, "Patient.managingOrganization.reference", 422),
    "type": ({"resourceType": "Observation"}, "Patient.resourceType", 400),
}


@pytest.mark.parametrize("changes, place, status", WRONG.values(), ids=WRONG)
def test_each_fault_is_named_at_its_place(quiet, changes, place, status):
    assert expressions(quiet.post("/Patient", patient(**changes)), status) == [place]
    assert "Patient" not in quiet.count()


def test_all_faults_of_a_bundle_are_told_at_once_entry_by_entry(quiet):
    bundle = transaction(
        entry(patient(gender="x"), PATIENT_URN),
        entry(pregnancy()),
        entry(observation("718-7", effectiveInstant="soon", valueInteger="1")),
    )

    places = expressions(quiet.post("", bundle), 422)

    assert "Bundle.entry[0].resource.gender" in places
    assert "Bundle.entry[2].resource.effectiveInstant" in places
    assert "Bundle.entry[2].resource.valueInteger" in places
    assert not any(place.startswith("Bundle.entry[1]") for place in places)


BUNDLES = {
    "no type": ({"resourceType": "Bundle", "entry": []}, "Bundle.type"),
    "other type": ({"resourceType": "Bundle", "type": "collection"}, "Bundle.type"),
    "no request": (transaction({"resource": patient()}), "Bundle.entry[0].request"),
    "unknown method": (transaction(entry(patient(), method="PATCHY")), "Bundle.entry[0].request.method"),
    "unknown type": (
        transaction(entry({"resourceType": "Spaceship"}), entry(patient())),
        "Bundle.entry[0].request.url",
    ),
    "type of url": (transaction(entry(patient(), url="Observation")), "Bundle.entry[0].resource"),
    "no resource": (transaction({"request": {"method": "POST", "url": "Patient"}}), "Bundle.entry[0].resource"),
    "entry is text": ({"resourceType": "Bundle", "type": "transaction", "entry": ["x"]}, "Bundle.entry[0].request"),
    "put without id": (transaction(entry(patient(), method="PUT")), "Bundle.entry[0].request.url"),
    "delete without id": (
        transaction({"request": {"method": "DELETE", "url": "Patient"}}),
        "Bundle.entry[0].request.url",
    ),
    "entries are an object": ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, "Bundle.entry"),
    "entries are null": ({"resourceType": "Bundle", "type": "transaction", "entry": None}, "Bundle.entry"),
    "same fullUrl": (
        transaction(entry(patient(), PATIENT_URN), entry(patient("1"), PATIENT_URN)),
        "Bundle.entry[0].fullUrl",
    ),
    "same identity": (transaction(entry(patient()), entry(patient())), "Bundle.entry[1].resource.identifier"),
}


@pytest.mark.parametrize("bundle, place", BUNDLES.values(), ids=BUNDLES)
def test_a_bundle_that_cannot_be_carried_out_is_400(quiet, bundle, place):
    assert place in expressions(quiet.post("", bundle), 400)
    assert "Patient" not in quiet.count()


def test_a_patient_that_nobody_knows_cannot_be_referred_to(quiet):
    assert expressions(quiet.post("/Observation", observation("718-7", "Patient/none", valueInteger=1)), 422) == [
        "Observation"
    ]


def test_a_conditional_reference_must_match(quiet):
    lost = observation("718-7", f"Patient?identifier={ID_CARD}|404", valueInteger=1)

    assert expressions(quiet.post("", transaction(entry(lost))), 412) == ["Bundle.entry[0].resource"]


def test_one_failure_of_a_batch_does_not_touch_the_others(hospital):
    batch = transaction(
        entry(patient(gender="x")),
        entry(patient()),
        entry({"resourceType": "Patient"}, method="GET", url="Patient/none"),
        kind="batch",
    )

    answer = hospital.post("", batch)

    assert [e["response"]["status"] for e in answer.json["entry"]] == ["422", "201 Created", "404"]
    assert answer.json["entry"][0]["response"]["outcome"]["issue"]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/yaml", "application/fhir+xml; charset=gbk", "application/fhir+json; charset=gbk"],
)
def test_another_kind_of_body_is_415(quiet, kind):
    issues_of(quiet.post("/Patient", b"{}", Content_Type=kind), 415)


def test_a_body_that_is_too_large_is_413(quiet):
    issues_of(quiet.post("/Patient", b" " * 5_000_001), 413)


@pytest.mark.parametrize(
    "method, path, offered",
    [("POST", "/Patient/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"), ("GET", "", "OPTIONS, POST")],
)
def test_a_method_that_is_not_offered_is_405_with_those_that_are(quiet, method, path, offered):
    answer = quiet.ask(method, path, patient() if method == "POST" else None)

    [issue] = issues_of(answer, 405)
    assert answer.headers["Allow"] == offered and issue["code"] == "not-supported"
    assert issue["diagnostics"] == f"allowed: {offered.replace(', ', ' | ')}"


def test_an_address_that_nothing_stands_at_is_404_like_any_other(quiet):
    assert issues_of(quiet.get("/Patient/a/b/c/d"), 404)[0]["code"] == "not-found"


@pytest.mark.parametrize("id_", ["a_b", "a" * 65, "%20", "ü"])
def test_an_id_outside_the_alphabet_is_400(quiet, id_):
    issues_of(quiet.put(f"/Patient/{id_}", patient(id=id_)), 400)


def test_the_id_in_the_body_must_be_that_of_the_address(quiet):
    assert "Patient.id" in expressions(quiet.put("/Patient/a", patient(id="b")), 400)
    assert "Patient.id" in expressions(quiet.put("/Patient/a", patient()), 400)


@pytest.mark.parametrize("condition", ["name=x", "identifier=x", "identifier=|", "identifier=a|b&identifier=c|d", "x"])
def test_a_condition_that_does_not_name_one_identifier_is_refused(quiet, condition):
    issues_of(quiet.post("/Patient", patient(), If_None_Exist=condition), 400)


def test_a_number_with_too_many_digits_is_refused(hospital):
    woman = hospital.brings_in()
    exact = observation("718-7", woman.subject)
    body = str(exact).replace("'", '"')[:-1] + ', "valueQuantity": {"value": 1.' + "1" * 30 + "}}"

    assert expressions(hospital.post("/Observation", body.encode()), 422) == ["Observation.valueQuantity.value"]


def test_errors_repeat_nothing_that_was_sent(quiet):
    answer = quiet.post("/Patient", patient(gender="男或女", **{"身份证": WOMAN}))

    assert WOMAN not in answer.get_data(as_text=True)
    assert "男或女" not in answer.get_data(as_text=True)


INVARIANTS = {
    "obs-3": {"referenceRange": [{"type": {"text": "x"}}]},
    "rng-2": {"valueRange": {"low": {"value": 2}, "high": {"value": 1}}},
    "rat-1": {"valueRatio": {"numerator": {"value": 1}}},
    "per-1": {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-02", "end": "2026-01"}},
    "obs-7": {"valueInteger": 1, "component": [{"code": coded("http://loinc.org", "718-7"), "valueInteger": 2}]},
}


@pytest.mark.parametrize("key, changes", INVARIANTS.items(), ids=INVARIANTS)
def test_every_invariant_of_the_specification_is_told_by_its_key(quiet, key, changes):
    wrong = {k: v for k, v in {**observation("718-7", "Patient/1"), **changes}.items() if v is not None}

    issues = issues_of(quiet.post("/Observation/$validate", wrong), 200)

    assert any(f"({key})" in issue["details"]["text"] for issue in issues), issues


def test_an_invariant_names_its_key(hospital):
    woman = hospital.brings_in()
    both = observation("718-7", woman.subject, valueInteger=1, dataAbsentReason={"text": "x"})

    assert "obs-6" in issues_of(hospital.post("/Observation", both), 422)[0]["details"]["text"]


def test_a_coded_status_outside_its_binding_lists_what_is_allowed(quiet):
    wrong = pregnancy(clinicalStatus=coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "maybe"))
    bundle = transaction(entry(patient(), PATIENT_URN), entry(wrong))

    issue = issues_of(quiet.post("", bundle), 422)[0]

    assert issue["expression"] == ["Bundle.entry[1].resource.clinicalStatus.coding"]
    assert "active" in issue["diagnostics"]


def test_a_database_that_is_away_is_503(hospital):
    hospital.token("his-demo")
    hospital.pool.close()

    answer = hospital.get("/Patient")

    assert answer.status_code in (500, 503)
    assert answer.get_json(force=True)["resourceType"] == "OperationOutcome"


def test_sizes_at_the_limit_are_read(hospital):
    many = transaction(*(entry(patient(f"x{n}", identifier=[{"system": "urn:x", "value": str(n)}])) for n in range(30)))

    assert hospital.post("", many).status_code == 200
    too_many = with_changes(many, entry=many["entry"] * 40)
    issues_of(hospital.post("", too_many), 413)
