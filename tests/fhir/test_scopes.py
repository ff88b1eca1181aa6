"""A token whose scopes are narrowed sees what lies inside of them, and nothing else by any way there is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import quote
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_adapters.access import granted
from fhir_adapters.scopes import is_understood
from fhir_adapters.store.subscriptions import Subscriptions
from fhir_adapters.types import PEOPLE_FREE, TYPES
from runtime.exports import write_all
from runtime.subscribers import own_connection, sender_for, tell
from tests.fhir.conftest import opened
from tests.fhir.fhir_kit import coded, entry, issues_of, observation, patient, transaction
from workflows.people import sign_in
from workflows.people.apps import challenge_of
from workflows.people.apps_model import Asked
from workflows.people.scopes import limited, read_scope

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LABORATORY = "system/Observation.rs?category=laboratory"
HB, WEIGHT = "718-7", "29463-7"


# --- how a scope is read ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, context, letters",
    [
        ("system/*.cruds", "system", "cruds"),
        ("user/Observation.rs", "user", "rs"),
        ("patient/Observation.read", "patient", "rs"),
        ("patient/*.write", "patient", "cud"),
        ("patient/*.*", "patient", "cruds"),
        ("patient/Observation.rs?category=laboratory", "patient", "rs"),
    ],
)
def test_both_versions_are_read(text, context, letters):
    found = read_scope(text)

    assert (found.context, found.letters) == (context, letters)
    assert is_understood(text)


@pytest.mark.parametrize(
    "text",
    [
        "system/*.sr",
        "system/*.",
        "system/*",
        "system/observation.rs",
        "patient/Observation.rs?",
        "patient/Observation.rs?nonsense=1",
        "patient/Observation.rs?_sort=date",
        "patient/Observation.rs?patient.name=x",
        "patient/Observation.rs?_has:Task:focus:status=ready",
        "patient/*.rs?category=laboratory",
        "patient/Measure.rs",
        "launch/patient",
        "everything",
        "patient/Observation.rs?category=" + "x" * 600,
    ],
)
def test_what_cannot_be_held_to_is_no_scope(text):
    assert not is_understood(text)


def test_a_narrower_wish_is_covered_a_wider_one_is_not():
    registered = ["patient/Observation.rs?category=laboratory"]

    assert granted("patient/Observation.r?category=laboratory&code=718-7", registered)
    assert not granted("patient/Observation.rs", registered)
    assert not granted("patient/Observation.rs?category=vital-signs", registered)
    assert not granted("system/Observation.r?category=laboratory", registered)


def test_what_a_person_may_not_do_is_taken_out_of_what_her_app_was_given():
    given_ = {"user/*.cruds", "patient/Observation.cu?category=laboratory", "openid", "user/Task.u"}

    assert limited(given_, "rs") == {"user/*.rs", "openid"}


# --- a county in which there is something to see ----------------------------------------------------------------------


KNOWN = {HB: (112, "g/L"), WEIGHT: (60, "kg"), "8302-2": (160, "cm"), "1751-7": (40, "g/L")} | {
    **{"2160-0": (60, "umol/L"), "6690-2": (7, "10*9/L"), "8867-4": (80, "/min")}
}


def measured(code: str, category: str, subject: str, **more: object) -> dict:
    value, unit = KNOWN.get(code, (1, "1"))
    quantity = {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    made = observation(code, subject, valueQuantity=quantity)
    return {**made, "category": [coded(CATEGORY, category)], **more}


@pytest.fixture(scope="module")
def county(server, hospital_template):
    """Two women of one hospital, each with results of two categories, of which one was filed wrongly at first."""
    with opened(server, hospital_template) as hospital:
        first = hospital.brings_in()
        second = hospital.brings_in(number="999999199706150035", day="2025-11-01")
        for woman in (first, second):
            for code, category in ((HB, "laboratory"), ("2345-7", "laboratory"), (WEIGHT, "vital-signs")):
                hospital.post("/Observation", measured(code, category, woman.subject))
            panel = hospital.post("/Observation", measured("58410-2", "laboratory", woman.subject)).json
            member = hospital.search(f"/Observation?patient={woman.patient_id}&code={WEIGHT}")[0]
            panel["hasMember"] = [{"reference": f"Observation/{member['id']}"}]
            assert hospital.put(f"/Observation/{panel['id']}", panel).status_code == 200
            wrong = hospital.post("/Observation", measured("8302-2", "laboratory", woman.subject)).json
            wrong["category"] = [coded(CATEGORY, "vital-signs")]
            assert hospital.put(f"/Observation/{wrong['id']}", wrong).status_code == 200
            gone = hospital.post("/Observation", measured("1751-7", "vital-signs", woman.subject)).json
            assert hospital.ask("DELETE", f"/Observation/{gone['id']}").status_code == 204
        yield SimpleNamespace(hospital=hospital, women=(first, second), tokens={})


def holder(county, scopes, patient_id=None):
    """A bearer header with these scopes; with a patient it is an app's, of the doctor."""
    hospital, key = county.hospital, (frozenset(scopes), patient_id)
    if key not in county.tokens:
        people = hospital.services.people
        if patient_id is None:
            token = people.issue_client_token(people.client("his-demo"), scopes, 3600).access_token
        else:
            token = app_token(hospital, scopes, patient_id)
        county.tokens[key] = {"Authorization": f"Bearer {token}"}
    return county.tokens[key]


def app_token(hospital, scopes, patient_id):
    people, back, verifier = hospital.services.people, "https://app.example.org/back", "v" * 43
    made = people.add_app(
        name=uuid4().hex,
        title="试验",
        organisation_id="org-hospital",
        scopes=scopes,
        redirect_uris=[back],
        authentication="none",
    )
    asked = Asked(
        app=made.app,
        scopes=frozenset(scopes),
        redirect_uri=back,
        code_challenge=challenge_of(verifier),
        patient_id=patient_id,
    )
    doctor = people.actor_for_token(people.issue_token(account=people.account("doctor")).access_token)
    with people.pool.connection() as conn:
        session = sign_in.open_session(conn, people.region_id, people.account("doctor").id, datetime.now(UTC))
    return people.redeem(made.app, people.grant_app(asked, doctor, session), back, verifier).access_token


def categories(resource):
    return {c["code"] for one in resource.get("category", ()) for c in one.get("coding", ())}


def inside(resource, scopes, patient_id, letters="rs"):
    """Said anew, and not as the server says it."""
    type_ = resource["resourceType"]
    for scope in scopes:
        context, _, rest = scope.partition("/")
        wanted, _, rest = rest.partition(".")
        letters_of, _, condition = rest.partition("?")
        if wanted not in ("*", type_) or not set(letters_of) & set(letters):
            continue
        if context == "patient" and type_ not in PEOPLE_FREE and whose(resource) != patient_id:
            continue
        name, _, value = condition.partition("=")
        values = {"category": categories, "code": codes, "status": lambda r: {r.get("status")}}
        if not condition or value in values[name](resource):
            return True
    return False


def codes(resource):
    return {c["code"] for c in resource.get("code", {}).get("coding", ())}


def whose(resource):
    if resource["resourceType"] == "Patient":
        return resource["id"]
    for name in ("subject", "patient", "for"):
        if name in resource:
            return resource[name]["reference"].removeprefix("Patient/")
    return None


def resources_in(answer):
    """Every resource that an answer carries, however deep."""
    body = answer.get_json(force=True, silent=True)

    def walk(node):
        if isinstance(node, dict):
            if node.get("resourceType") in TYPES:
                yield node
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return list(walk(body))


POOL = [
    LABORATORY,
    "system/Observation.rs?category=vital-signs",
    f"system/Observation.rs?code={HB}",
    "system/Observation.s?category=laboratory",
    "system/Observation.r?category=vital-signs",
    "system/Patient.rs",
    "system/Condition.rs",
    "system/Task.rs?status=ready",
    "system/EpisodeOfCare.rs",
    "system/RiskAssessment.r",
]
OF_HER = [text.replace("system/", "patient/") for text in POOL] + [
    "patient/*.rs",
    "user/Observation.r?category=laboratory",
]


def ways(county):
    """Addresses that lead to resources: by id, by time, by search, by what they refer to."""
    hospital, (first, second) = county.hospital, county.women
    everyone = hospital.search("/Observation?_count=200")
    ids = sorted(one["id"] for one in everyone)
    found = ["/_history?_count=500", "/Observation/_history?_count=500", "/Task/_history?_count=200"]
    for id_ in ids:
        found += [f"/Observation/{id_}", f"/Observation/{id_}/_history", f"/Observation/{id_}/_history/1"]
        found += [f"/Observation?_id={id_}"]
    for woman in (first, second):
        her = woman.patient_id
        found += [f"/Patient/{her}", f"/Patient/{her}/$everything?_count=500", f"/Observation?patient={her}"]
        found += [
            f"/EpisodeOfCare/{woman.pregnancy_id}/$everything",
            f"/Patient?_id={her}&_revinclude=Observation:patient",
        ]
        found += [f"/Patient/{her}/$everything?_type=Observation"]
    found += [
        "/Observation?_count=200",
        "/Observation?_sort=code,-date&_count=200",
        f"/Observation?code={WEIGHT}&_include=Observation:patient",
        "/Observation?_include=Observation:has-member&_include:iterate=Observation:patient&_count=200",
        "/Observation?_include=Observation:patient&_revinclude:iterate=Task:patient&_count=200",
        "/Patient?_revinclude=Observation:subject&_revinclude=Condition:subject",
        "/Condition?_include=Condition:subject&_revinclude:iterate=Observation:subject",
        "/Task?_include=Task:patient&_include:iterate=Task:focus&_count=200",
        f"/Patient?_has:Observation:patient:code={WEIGHT}",
        f"/Observation?has-member:Observation.code={WEIGHT}",
        "/Observation?patient.identifier=999999199706150035",
        "/RiskAssessment",
    ]
    return found


@pytest.fixture(scope="module")
def addresses(county):
    return ways(county)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_nothing_outside_of_the_scopes_is_ever_in_an_answer(county, addresses, data):
    of_her = data.draw(st.booleans())
    scopes = data.draw(st.sets(st.sampled_from(OF_HER if of_her else POOL), min_size=1, max_size=4))
    her = county.women[data.draw(st.integers(0, 1))].patient_id if of_her else None
    bearer = holder(county, scopes, her)
    asked = data.draw(st.lists(st.sampled_from(addresses), min_size=1, max_size=6))

    for address in asked:
        answer = county.hospital.get(address, who=None, **bearer)

        assert answer.status_code in (200, 403, 404, 410), (address, answer.get_data(as_text=True)[:300])
        outside = [r for r in resources_in(answer) if not inside(r, scopes, her)]
        assert outside == [], (address, scopes)
        if "_history" not in address:
            assert (answer.json.get("total") or 0) <= len(answer.json.get("entry", ())) or "_count" in address

    wanted = [one for one in asked if ("?" in one or one.count("/") == 2) and "_history" not in one and "$" not in one]
    body = transaction(*(entry_of(address) for address in wanted), kind="batch")
    answer = county.hospital.post("", body, who=None, **bearer)
    assert [r for r in resources_in(answer) if not inside(r, scopes, her)] == [], scopes


def entry_of(address):
    return {"request": {"method": "GET", "url": address.removeprefix("/")}}


def test_every_resource_inside_is_found(county):
    """The other half: a narrowed token is not one that sees nothing."""
    hospital, her = county.hospital, county.women[0]
    all_ = hospital.search("/Observation?_count=200")
    wanted = {one["id"] for one in all_ if "laboratory" in categories(one)}
    bearer = holder(county, {LABORATORY})

    def ids(path):
        return {r["id"] for r in resources_in(hospital.get(path, who=None, **bearer))}

    assert ids("/Observation?_count=200") == wanted
    assert ids("/Observation/_history?_count=500") >= wanted
    of_her = {"patient/*.rs"}
    mine = holder(county, of_her, her.patient_id)
    everything = hospital.get(f"/{her.subject}/$everything?_count=500", who=None, **mine)
    assert {r["id"] for r in resources_in(everything)} == {
        r["id"] for r in resources_in(hospital.get(f"/{her.subject}/$everything?_count=500"))
    }
    assert all(one in {r["id"] for r in resources_in(everything)} for one in wanted if one in her_ids(all_, her))


def her_ids(all_, her):
    return {one["id"] for one in all_ if whose(one) == her.patient_id}


def test_counts_and_conditions_tell_nothing_of_what_lies_outside(county):
    hospital = county.hospital
    bearer = holder(county, {LABORATORY, "system/Patient.rs"})

    def total(path):
        return hospital.get(path, who=None, **bearer).json.get("total")

    assert total(f"/Observation?code={WEIGHT}&_summary=count") == 0
    assert total(f"/Observation?code={HB}&_total=accurate") == 2
    assert total(f"/Patient?_has:Observation:patient:code={WEIGHT}&_total=accurate") == 0
    assert total(f"/Patient?_has:Observation:patient:code={HB}&_total=accurate") == 2
    assert total(f"/Observation?has-member:Observation.code={WEIGHT}&_total=accurate") == 0


def test_each_version_is_judged_by_what_it_says(county):
    hospital = county.hospital
    moved = next(o for o in hospital.search("/Observation?_count=200") if codes(o) == {"8302-2"})
    bearer = holder(county, {LABORATORY})

    issues_of(hospital.get(f"/Observation/{moved['id']}", who=None, **bearer), 404)
    issues_of(hospital.get(f"/Observation/{moved['id']}/_history/2", who=None, **bearer), 404)
    history = hospital.get(f"/Observation/{moved['id']}/_history", who=None, **bearer)
    assert [r["meta"]["versionId"] for r in resources_in(history)] == ["1"]


@pytest.mark.parametrize(
    "path",
    [
        "/Measure",
        "/MeasureReport",
        "/Group",
        "/Subscription",
        "/DocumentReference?patient=x",
        "/Binary/00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_is_no_record_of_hers_is_not_an_apps_that_reads_hers(county, path):
    bearer = holder(county, {"patient/*.cruds"}, county.women[0].patient_id)

    assert county.hospital.get(path, who=None, **bearer).status_code == 403


def test_what_is_made_of_many_resources_wants_them_whole(county):
    hospital, her = county.hospital, county.women[0]
    bearer = holder(county, {LABORATORY, "system/Patient.rs", "system/EpisodeOfCare.rs", "system/Questionnaire.rs"})

    path = f"/EpisodeOfCare/{her.pregnancy_id}/$document?type=referral"
    issues_of(hospital.get(path, who=None, **bearer), 403)
    path = f"/Questionnaire/anc-first/$populate?subject={quote(her.subject)}"
    issues_of(hospital.get(path, who=None, **bearer), 403)


# --- writing ----------------------------------------------------------------------------------------------------------


WRITES = {"system/Observation.cruds?category=laboratory", "system/Patient.rs"}


def test_a_write_stays_inside(county):
    hospital, her = county.hospital, county.women[0]
    bearer = holder(county, WRITES)

    made = hospital.post("/Observation", measured("6690-2", "laboratory", her.subject), who=None, **bearer)
    assert made.status_code == 201, made.get_data(as_text=True)
    issues_of(hospital.post("/Observation", measured("6690-2", "vital-signs", her.subject), who=None, **bearer), 403)
    moved = {**made.json, "category": [coded(CATEGORY, "vital-signs")]}
    issues_of(hospital.put(f"/Observation/{made.json['id']}", moved, who=None, **bearer), 403)
    patch = [{"op": "replace", "path": "/category/0/coding/0/code", "value": "vital-signs"}]
    sent = {"Content_Type": "application/json-patch+json", **bearer}
    issues_of(hospital.ask("PATCH", f"/Observation/{made.json['id']}", patch, who=None, **sent), 403)
    weight = hospital.search(f"/Observation?patient={her.patient_id}&code={WEIGHT}")[0]
    into = {**weight, "category": [coded(CATEGORY, "laboratory")]}
    issues_of(hospital.put(f"/Observation/{weight['id']}", into, who=None, **bearer), 404)
    issues_of(hospital.ask("DELETE", f"/Observation/{weight['id']}", who=None, **bearer), 404)
    assert hospital.get(f"/Observation/{weight['id']}").json == weight
    assert hospital.ask("DELETE", f"/Observation/{made.json['id']}", who=None, **bearer).status_code == 204


def test_a_condition_would_tell_of_what_lies_outside(county):
    hospital, her = county.hospital, county.women[0]
    bearer = holder(county, WRITES)
    body = measured("6690-2", "laboratory", her.subject)

    answer = hospital.post("/Observation", body, who=None, If_None_Exist="identifier=urn:x|1", **bearer)
    issues_of(answer, 403)
    issues_of(hospital.put("/Observation?identifier=urn:x|1", body, who=None, **bearer), 403)
    refers = {**body, "hasMember": [{"reference": "Observation?identifier=urn:x|1"}]}
    issues_of(hospital.post("", transaction(entry(refers)), who=None, **bearer), 403)


def test_an_app_writes_about_her_and_nobody_else(county):
    hospital, (her, other) = county.hospital, county.women
    bearer = holder(county, {"patient/*.cruds"}, her.patient_id)
    task = other.open_tasks().popitem()[1]

    assert (
        hospital.post("/Observation", measured("6690-2", "laboratory", her.subject), who=None, **bearer).status_code
        == 201
    )
    issues_of(hospital.post("/Observation", measured("6690-2", "laboratory", other.subject), who=None, **bearer), 403)
    issues_of(hospital.post("/Patient", patient("1"), who=None, **bearer), 403)
    organisation = {"resourceType": "Organization", "name": "x"}
    issues_of(hospital.post("/Organization", organisation, who=None, **bearer), 403)
    response = {"resourceType": "QuestionnaireResponse", "status": "in-progress", "subject": {"reference": her.subject}}
    response |= {
        "questionnaire": "https://fhir.example.org/mch/Questionnaire/anc-first",
        "basedOn": [{"reference": f"Task/{task.id}"}],
    }
    issues_of(hospital.post("/QuestionnaireResponse", response, who=None, **bearer), 403)
    stored = hospital.get(f"/Task/{task.id}").json
    sent = {"If_Match": f'W/"{stored["meta"]["versionId"]}"', **bearer}
    issues_of(hospital.put(f"/Task/{task.id}", {**stored, "status": "accepted"}, who=None, **sent), 404)


# --- what goes out later ----------------------------------------------------------------------------------------------


def test_an_export_holds_what_lies_inside(county):
    hospital = county.hospital
    bearer = holder(county, {LABORATORY, "system/Patient.rs"})
    asked = hospital.get("/$export", who=None, Prefer="respond-async", **bearer)
    assert asked.status_code == 202, asked.get_data(as_text=True)
    write_all(hospital.services)

    status = asked.headers["Content-Location"].split("/fhir", 1)[1]
    manifest = json.loads(hospital.get(status, who=None, **bearer).get_data())
    files = {one["type"]: one for one in manifest["output"]}
    text = hospital.get(files["Observation"]["url"].split("/fhir", 1)[1], who=None, **bearer).get_data(as_text=True)
    lines = [json.loads(line) for line in text.splitlines()]

    assert set(files) == {"Observation", "Patient"}
    assert lines and len(lines) == files["Observation"]["count"]
    assert all("laboratory" in categories(one) for one in lines)


def test_a_subscription_is_told_of_what_lies_inside(county):
    hospital, her = county.hospital, county.women[0]
    bearer = holder(county, {LABORATORY, "system/Subscription.cruds"})
    people, services = hospital.services.people, hospital.services
    with services.pool.connection() as conn:
        rows = Subscriptions(conn, services.region_id)
        rows.put_endpoint(
            people.client("his-demo").id, "http://127.0.0.1:9/told", "loopback", ["s" * 32], services.clock()
        )
    wish = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "x",
        "criteria": "Observation?status=final",
        "channel": {"type": "rest-hook", "endpoint": "http://127.0.0.1:9/told", "payload": "application/fhir+json"},
    }
    made = hospital.post("/Subscription", wish, who=None, **bearer)
    assert made.status_code == 201, made.get_data(as_text=True)
    hospital.post("/Observation", measured("2160-0", "laboratory", her.subject))
    hospital.post("/Observation", measured("8867-4", "vital-signs", her.subject))
    with own_connection(services.pool.conninfo, services.region_id) as conn:
        tell(services, conn, sender_for(services))

    events = hospital.get(f"/Subscription/{made.json['id']}/$events?content=full-resource", who=None, **bearer)
    told = resources_in(events)
    assert told and all("laboratory" in categories(one) for one in told)
    assert len(
        [p for p in events.json["entry"][0]["resource"]["parameter"] if p["name"] == "notification-event"]
    ) == len(told)
