"""Whoever may not know of an infection, of a death or a near miss and its review finds nothing of it, whichever way
they ask: every way of reading is walked over a database that holds such things."""

from __future__ import annotations

import gzip
import json
from urllib.parse import urlencode

import pytest

from engine.store import plain
from fhir_adapters.search.parameters import PARAMETERS
from fhir_adapters.search.query import backward, forward
from fhir_adapters.types import TYPES
from runtime import exports
from runtime.database import migrate
from runtime.trials.databases import looking
from tests.institutions.test_matters import HOSPITAL, begin

ICD = "http://hl7.org/fhir/sid/icd-10"
FHIR_JSON = "application/fhir+json"


class Teller:
    """One reader: over FHIR, over /api with the same token, and on the pages."""

    def __init__(self, county, who):
        self.county, self.who = county, who
        people = county.services.people
        client = people.client(who)
        owner = {"client": client} if client else {"account": people.account(who)}
        self.headers = {"Authorization": f"Bearer {people.issue_token(**owner).access_token}"}

    def ask(self, path, method="GET", body=None, **headers):
        sent = {**self.headers, **({"Content-Type": FHIR_JSON} if body is not None else {}), **headers}
        data = plain.dumps(body) if body is not None else None
        return self.county.app.test_client().open(path, method=method, headers=sent, data=data)

    def all(self, path):
        """Every page of it."""
        texts = []
        while path:
            answer = self.ask(path)
            assert answer.status_code in (200, 403, 404, 405, 422), (path, answer.text[:300])
            texts.append(answer.text)
            links = {one["relation"]: one["url"] for one in (answer.json or {}).get("link", ())}
            path = "/fhir" + links["next"].split("/fhir")[1] if "next" in links else None
        return "".join(texts)


@pytest.fixture
def county(county):
    """A woman with HIV, and a near miss of hers under review."""
    people = county.services.people
    keys = people.client("his-demo").jwks
    people.add_client(name="his-other", organisation_id=HOSPITAL, scopes=["system/*.cruds"], jwks=keys)
    county.her = county.woman("nurse", name="测试壬", id_no="999999199706150043", handbook_no="SF-2026-0009")
    nurse, hospital = Teller(county, "nurse"), Teller(county, "his-other")
    found = nurse.ask(f"/fhir/EpisodeOfCare/{county.her.pregnancy_id}").json
    county.patient = found["patient"]["reference"]
    subject = {"reference": county.patient}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    hiv = {"resourceType": "Condition", "clinicalStatus": active, "subject": subject,
           "code": {"coding": [{"system": ICD, "code": "O98.7"}]}}  # fmt: skip
    test = {"resourceType": "Observation", "status": "final", "subject": subject,
            "effectiveDateTime": "2026-01-04T08:00:00+08:00", "valueCodeableConcept": {"text": "阳性"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "75666-8"}]}}  # fmt: skip
    for one in (hiv, test):
        answer = hospital.ask(f"/fhir/{one['resourceType']}", "POST", one)
        assert answer.status_code == 201, answer.text
    county.finish("task_first_visit", "nurse", "anc-first", "org-twn-1", hiv="pos")
    assert begin(county, "near_miss_review", "doctor", pregnancy=county.her.pregnancy_id).status_code == 201
    county.finish("task_near_miss_record", "doctor", "near-miss", HOSPITAL, session=[])
    return county


def resources_in(text):
    """Every resource in these documents, one behind the other: (type, id)."""
    found, decoder, at = set(), json.JSONDecoder(), 0

    def look(node):
        if isinstance(node, dict):
            if "resourceType" in node and "id" in node:
                found.add((node["resourceType"], node["id"]))
            for one in node.values():
                look(one)
        elif isinstance(node, list):
            for one in node:
                look(one)

    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        look(document)
    return found


def labelled(county):
    """What is labelled, by label: (type, id)."""
    with looking(county.pool) as conn:
        rows = conn.execute("SELECT labels, type, id FROM resource WHERE labels <> '{}' AND NOT deleted").fetchall()
    found = {"R": set(), "V": set()}
    for labels, type_, id_ in rows:
        for label in labels:
            found[label].add((type_, id_))
    return found


def ways(county, secret):
    """Every address by which FHIR could tell of a resource."""
    patient_id = county.patient.partition("/")[2]
    yield "/fhir/_history?_count=500"
    for type_ in TYPES:
        yield f"/fhir/{type_}?_count=500"
        yield f"/fhir/{type_}?_count=2&_sort=-_lastUpdated"
        yield f"/fhir/{type_}/_history?_count=500"
        included = [("_include", one) for one in forward(type_)] + [("_revinclude", one) for one in backward(type_)]
        yield f"/fhir/{type_}?{urlencode([*included, ('_count', '500')])}"
        yield f"/fhir/{type_}?_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V&_count=500"
        yield f"/fhir/{type_}?_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R&_count=500"
    iterated = [("_revinclude:iterate", one) for one in backward("Patient") + backward("EpisodeOfCare")]
    yield f"/fhir/Patient?{urlencode([('_id', patient_id), *iterated])}"
    yield f"/fhir/Patient/{patient_id}/$everything?_count=500"
    yield f"/fhir/EpisodeOfCare/{county.her.pregnancy_id}/$everything?_count=500"
    yield f"/fhir/Patient/{patient_id}/$summary"
    for kind in ("referral", "grading", "transfer", "discharge"):
        yield f"/fhir/EpisodeOfCare/{county.her.pregnancy_id}/$document?type={kind}"
    yield f"/fhir/DocumentReference?patient={patient_id}"
    for type_, id_ in sorted(secret):
        yield f"/fhir/{type_}?_id={id_}&_count=500"


def conditions(secret):
    """Of others, by what refers to them or what they refer to: whether anything at all is found tells of it."""
    for type_, id_ in sorted(secret):
        for name, parameter in PARAMETERS[type_].items():
            if parameter.kind == "reference" and {"Patient", "EpisodeOfCare"} & set(parameter.targets):
                to = "Patient" if "Patient" in parameter.targets else "EpisodeOfCare"
                yield f"/fhir/{to}?_has:{type_}:{name}:_id={id_}&_total=accurate"
    for type_ in sorted({type_ for type_, _ in secret}):
        ids = ",".join(id_ for one, id_ in sorted(secret) if one == type_)
        for source in backward(type_):
            origin, name = source.split(":")
            yield f"/fhir/{origin}?{name}:{type_}._id={ids}&_total=accurate"


@pytest.mark.parametrize(("who", "labels"), [("village", "RV"), ("his-other", "V")])
def test_no_way_of_reading_over_fhir_tells_of_it(county, who, labels):
    secret = set().union(*(labelled(county)[one] for one in labels))
    own = set()
    if who == "his-other":  # what a system sent itself it reads
        with looking(county.pool) as conn:
            own = set(conn.execute("SELECT type, id FROM resource WHERE owner = 'client:his-other'").fetchall())
    secret -= own
    assert {type_ for type_, _ in secret} >= {"Task", "CarePlan", "QuestionnaireResponse", "Communication"}
    teller = Teller(county, who)
    told, reviews = [], labelled(county)["V"] - own
    for path in ways(county, secret):
        text = teller.all(path)
        told += [(path, *one) for one in resources_in(text) & secret]
        told += [(path, type_, id_) for type_, id_ in reviews if f"{type_}/{id_}" in text and "_id=" not in path]
    for type_, id_ in secret:
        for path in (f"/fhir/{type_}/{id_}", f"/fhir/{type_}/{id_}/_history", f"/fhir/{type_}/{id_}/_history/1"):
            assert teller.ask(path).status_code == 404, path
    for path in conditions(secret):
        answer = teller.ask(path)
        assert answer.status_code == 200 and answer.json["total"] == 0, (path, answer.text[:400])
    batch = {"resourceType": "Bundle", "type": "batch",
             "entry": [{"request": {"method": "GET", "url": f"{t}/{i}"}} for t, i in sorted(secret)]}  # fmt: skip
    answered = teller.ask("/fhir", "POST", batch).json["entry"]
    assert {one["response"]["status"] for one in answered} == {"404"} and not [
        1 for one in answered if "resource" in one
    ]
    assert told == []


@pytest.mark.parametrize(("who", "labels"), [("village", "RV"), ("his-other", "V")])
def test_a_count_does_not_tell_of_it_either(county, who, labels):
    teller = Teller(county, who)
    for type_ in TYPES:
        counted = teller.ask(f"/fhir/{type_}?_summary=count").json["total"]
        assert counted == teller.all(f"/fhir/{type_}?_count=500").count('"mode":"match"'), type_


def test_no_export_tells_of_a_review_to_a_system_whose_scope_does_not_name_its_label(county):
    secret = labelled(county)["V"]
    teller = Teller(county, "his-other")
    for path in ("/fhir/$export", "/fhir/Patient/$export", f"/fhir/Group/org-{HOSPITAL}/$export"):
        begun = teller.ask(path, Prefer="respond-async")
        if begun.status_code == 404:
            continue
        assert begun.status_code == 202, begun.text
        place = "/fhir" + begun.headers["Content-Location"].split("/fhir")[1]
        exports.write_all(county.services)
        for file in teller.ask(place).json["output"]:
            answer = teller.ask("/fhir" + file["url"].split("/fhir")[1])
            is_packed = answer.headers.get("Content-Encoding") == "gzip"
            text = (gzip.decompress(answer.data) if is_packed else answer.data).decode()
            ids = {(file["type"], json.loads(line)["id"]) for line in text.splitlines()}
            assert not ids & secret, path
        teller.ask(place, "DELETE")


def test_neither_pages_nor_api_tell_of_it_to_a_village_doctor(county):
    every = [*county.tasks(state="open", limit=200), *county.tasks(state="completed", limit=200)]
    reviews = [one for one in every if "near_miss" in one.element_id]
    infections = [one for one in every if "pmtct" in one.element_id]
    assert {one.state for one in reviews} == {"created", "completed"}
    with county.services.engine.read() as conn:
        rows = conn.execute("SELECT id FROM instance WHERE definition_key = 'near_miss_review'").fetchall()
    ids = {str(one.id) for one in (*reviews, *infections)} | {str(row[0]) for row in rows}
    village, pregnancy = Teller(county, "village"), county.her.pregnancy_id
    for one in (*reviews, *infections):
        assert village.ask(f"/api/user-tasks/{one.id}").status_code == 404
        assert county.get(f"/tasks/{one.id}", "village").status_code in (403, 404)
    for (instance_id,) in rows:
        for path in (f"/api/instances/{instance_id}", f"/api/instances/{instance_id}/history"):
            assert village.ask(path).status_code in (403, 404), path
        assert county.get(f"/instances/{instance_id}", "village").status_code in (403, 404)
    for path in (
        f"/api/pregnancies/{pregnancy}",
        f"/api/user-tasks?pregnancy={pregnancy}&limit=200",
        f"/api/user-tasks?pregnancy={pregnancy}&state=completed&limit=200",
        "/api/user-tasks?view=all&limit=200",
    ):
        answer = village.ask(path)
        assert answer.status_code in (200, 422, 400), (path, answer.text[:200])
        assert not [id_ for id_ in ids if id_ in answer.text] and "near_miss" not in answer.text, path
    for path in (f"/pregnancies/{pregnancy}", "/tasks", "/tasks?view=all", "/tasks?view=all&state=completed"):
        shown = county.get(path, "village")
        assert shown.status_code == 200, path
        text = shown.get_data(as_text=True)
        assert not [id_ for id_ in ids if id_ in text] and "危重评审" not in text and "near_miss" not in text, path


def test_whoever_finishes_a_review_still_finds_it(county):
    todo = county.task("task_near_miss_facility", HOSPITAL)

    assert county.ask("GET", f"/api/user-tasks/{todo.id}", "doctor").status_code == 200
    assert str(todo.id) in county.get("/tasks?view=all", "doctor").get_data(as_text=True)
    found = Teller(county, "doctor").ask(f"/fhir/Task/{todo.id}")
    assert found.status_code == 200 and [one["code"] for one in found.json["meta"]["security"]] == ["V"]


def test_tasks_plans_and_sheets_of_before_are_protected_by_the_migration(county):
    [change] = [one for one in migrate.on_disk() if one.name == "tasks_of_reviews"]
    kept = {one for one in labelled(county)["V"] if one[0] in ("Task", "CarePlan")}
    village = Teller(county, "village")
    with looking(county.pool) as owner:
        owner.execute("UPDATE resource SET labels = '{}' WHERE type IN ('Task', 'CarePlan') AND labels = '{V}'")
        owner.commit()
        assert {village.ask(f"/fhir/{t}/{i}").status_code for t, i in kept} == {200}, "open, as they were"
        owner.execute(change.sql)
        owner.commit()

    assert {one for one in labelled(county)["V"] if one[0] in ("Task", "CarePlan")} == kept
    assert {village.ask(f"/fhir/{t}/{i}").status_code for t, i in kept} == {404}


def test_a_secret_of_before_does_not_come_out_of_the_history_when_it_is_corrected(county):
    """What was sensitive in one version stays so, whatever the next one says."""
    hospital, village = Teller(county, "his-other"), Teller(county, "village")
    [id_] = [i for t, i in labelled(county)["R"] if t == "Condition"]
    stored = hospital.ask(f"/fhir/Condition/{id_}").json
    corrected = {**stored, "code": {"coding": [{"system": ICD, "code": "Z34.9"}]}}
    corrected.pop("meta")

    assert hospital.ask(f"/fhir/Condition/{id_}", "PUT", corrected).status_code == 200

    assert village.ask(f"/fhir/Condition/{id_}/_history/1").status_code == 404
    for path in (f"/fhir/Condition/{id_}/_history", "/fhir/Condition/_history?_count=500", "/fhir/_history?_count=500"):
        assert "O98.7" not in village.ask(path).text, path
