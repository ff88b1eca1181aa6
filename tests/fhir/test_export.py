"""Bulk export: everything the caller may know of and nothing else, of one moment, in files that go away."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import timedelta

import pytest

from fhir_adapters.export import writing
from fhir_adapters.store.exports import Exports
from runtime import exports
from tests.fhir.fhir_kit import expressions, issues_of, observation, patient

ASYNC = {"Prefer": "respond-async"}
OTHER = "999999199203040026"


@pytest.fixture
def woman(hospital):
    found = hospital.brings_in()
    hiv = observation("75666-8", found.subject, valueCodeableConcept={"text": "阳性"})
    assert hospital.post("/Observation", hiv).status_code == 201
    return found


def asked(hospital, path="/$export", who="his-demo", body=None):
    """Where to look."""
    answer = hospital.ask("POST" if body else "GET", path, body, who, **ASYNC)
    assert answer.status_code == 202, answer.get_data(as_text=True)
    return answer.headers["Content-Location"].split("/fhir")[1]


def exported(hospital, path="/$export", who="his-demo", body=None):
    """The manifest."""
    at = asked(hospital, path, who, body)
    assert hospital.get(at, who).status_code == 202
    exports.write_all(hospital.services)
    answer = hospital.get(at, who)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.json


def contents(hospital, manifest, kind="output", who="his-demo"):
    """By type the resources of all files."""
    found = {}
    for file in manifest[kind]:
        answer = hospital.get(file["url"].split("/fhir")[1], who, Accept="application/fhir+ndjson")
        assert (answer.status_code, answer.mimetype) == (200, "application/fhir+ndjson")
        resources = [json.loads(line) for line in answer.get_data(as_text=True).splitlines()]
        assert len(resources) == file["count"]
        found.setdefault(file["type"], []).extend(resources)
    return found


def second_system(hospital, organisation="org-twn-2", scopes=("system/*.rs",)):
    """A system that treats nobody so far."""
    key = hospital.services.people.client("his-demo").jwks
    hospital.services.people.add_client(name="other", organisation_id=organisation, scopes=scopes, jwks=key)
    return "other"


def test_each_resource_is_what_a_read_answers(hospital, woman):
    found = contents(hospital, exported(hospital))

    assert {"Patient", "Condition", "Observation", "EpisodeOfCare", "Task", "Organization"} <= found.keys()
    for type_, resources in found.items():
        stored = {one["id"]: one for one in hospital.search(f"/{type_}?_count=500")}
        assert {one["id"]: one for one in resources} == stored, type_
        for one in resources[:3]:
            assert one == hospital.get(f"/{type_}/{one['id']}").json


def test_a_caller_that_takes_gzip_gets_one_stream(hospital, woman, monkeypatch):
    monkeypatch.setattr(writing, "PART", 300)  # many parts
    manifest = exported(hospital, "/$export?_type=Observation")

    [file] = manifest["output"]
    answer = hospital.get(file["url"].split("/fhir")[1], Accept_Encoding="gzip")

    assert answer.headers["Content-Encoding"] == "gzip"
    packed = answer.get_data()
    assert len(gzip.decompress(packed).splitlines()) == file["count"] > 2
    one = zlib.decompressobj(wbits=31)
    assert one.decompress(packed) and one.eof and not one.unused_data  # one member, not several
    assert contents(hospital, manifest)["Observation"]


def test_files_are_split(hospital, woman, monkeypatch):
    monkeypatch.setattr(writing, "LINES_OF_A_FILE", 2)
    manifest = exported(hospital, "/$export?_type=Observation")

    assert len(manifest["output"]) > 1 and {f["count"] for f in manifest["output"]} <= {1, 2}
    assert len(contents(hospital, manifest)["Observation"]) == sum(f["count"] for f in manifest["output"])


def test_another_organisation_gets_nothing_of_her(hospital, woman):
    who = second_system(hospital)

    found = contents(hospital, exported(hospital, who=who), who=who)

    assert found.keys() <= {"Organization"}
    assert exported(hospital, "/Patient/$export", who)["output"] == []


def test_scopes_limit_types_and_what_is_not_covered_is_refused(hospital, woman):
    who = second_system(hospital, "org-hospital", ("system/Patient.rs", "system/Observation.r"))

    assert {f["type"] for f in exported(hospital, who=who)["output"]} == {"Patient", "Observation"}
    assert expressions(hospital.get("/$export?_type=Patient,Task", who, **ASYNC), 403) == ["_type"]


def test_restricted_facts_leave_only_with_their_labels(hospital, woman):
    found = contents(hospital, exported(hospital, "/$export?_type=Observation"))["Observation"]

    secret = [one for one in found if one["code"]["coding"][0]["code"] == "75666-8"]
    assert [one["meta"]["security"][0]["code"] for one in secret] == ["R"]


@pytest.mark.parametrize("group", ["org-org-hospital", "colour-red", "case-file"])
def test_a_group_holds_its_women_alone(hospital, woman, group):
    found = contents(hospital, exported(hospital, f"/Group/{group}/$export"))

    ids = {one["id"] for one in found.get("Patient", [])}
    assert ids == ({woman.patient_id} if group.startswith("org-") else set())
    assert "Organization" not in found


def test_groups_are_listed_for_who_may_know_them(hospital):
    mine = {one["id"] for one in hospital.search("/Group")}

    assert {"org-org-hospital", "colour-purple", "case-file"} <= mine
    assert hospital.get("/Group/org-org-hospital").json["type"] == "person"
    assert hospital.get("/Group/org-org-twn-2/$export", **ASYNC).status_code == 404
    assert hospital.get("/Group/none").status_code == 404


def test_since_gives_what_changed_and_what_was_deleted(hospital, woman):
    first = exported(hospital)
    gone = hospital.post("/Observation", observation("29463-7", woman.subject, valueString="x")).json["id"]
    assert hospital.ask("DELETE", f"/Observation/{gone}").status_code in (200, 204)
    kept = hospital.post("/Observation", observation("8302-2", woman.subject, valueString="y")).json["id"]

    later = exported(hospital, f"/$export?_since={first['transactionTime']}")

    found = contents(hospital, later)
    assert kept in {one["id"] for one in found["Observation"]}
    deleted = contents(hospital, later, "deleted")["Bundle"]
    assert f"Observation/{gone}" in {one["entry"][0]["request"]["url"] for one in deleted}
    assert exported(hospital, "/$export?_since=2026-01-05T07:59:59%2B08:00")["output"]


def test_by_post_with_parameters(hospital, woman):
    listed = [("_type", "valueString", "Patient"), ("_outputFormat", "valueString", "application/fhir+ndjson")]
    body = {"resourceType": "Parameters", "parameter": [{"name": n, k: v} for n, k, v in listed]}

    manifest = exported(hospital, "/$export", body=body)

    assert [file["type"] for file in manifest["output"]] == ["Patient"]
    assert manifest["requiresAccessToken"] is True


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/$export?_outputFormat=csv", "_outputFormat"),
        ("/$export?_type=Nothing", "_type"),
        ("/Patient/$export?_type=Organization", "_type"),
        ("/$export?_since=yesterday", "_since"),
        ("/$export?_since=2099-01-01", "_since"),
        ("/$export?patient=1", "patient"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(quiet, path, place):
    assert expressions(quiet.get(path, **ASYNC), 400) == [place]


def test_it_is_asynchronous_and_for_systems(quiet):
    assert expressions(quiet.get("/$export"), 400) == ["Prefer"]
    issues_of(quiet.get("/$export", "nurse", **ASYNC), 403)
    assert quiet.get("/$export", None, **ASYNC).status_code == 401
    assert quiet.get("/$export-status/nothing").status_code == 404


def test_two_at_a_time_and_cancelled_ones_do_not_count(hospital):
    first = asked(hospital)
    asked(hospital)
    refused = hospital.get("/$export", **ASYNC)
    issues_of(refused, 429)
    assert refused.headers["Retry-After"]

    assert hospital.ask("DELETE", first).status_code == 202

    assert hospital.get(first).status_code == 404
    asked(hospital)


def test_one_systems_job_is_nobody_elses(hospital, woman):
    at = asked(hospital)
    exports.write_all(hospital.services)
    file = hospital.get(at).json["output"][0]["url"].split("/fhir")[1]
    who = second_system(hospital, "org-hospital")

    for stranger in (who, "nurse"):
        assert hospital.get(at, stranger).status_code == 404
        assert hospital.get(file, stranger).status_code == 404
        assert hospital.ask("DELETE", at, None, stranger).status_code == 404
    assert hospital.get(file, None).status_code == 401
    assert hospital.get(file).status_code == 200


def test_files_expire(hospital, woman):
    at = asked(hospital)
    exports.write_all(hospital.services)
    file = hospital.get(at).json["output"][0]["url"].split("/fhir")[1]

    with hospital.pool.connection() as conn:
        conn.execute("UPDATE export_job SET expires_at = %s", [hospital.clock() - timedelta(seconds=1)])

    assert hospital.get(at).status_code == 404
    assert hospital.get(file).status_code == 404
    with hospital.pool.connection() as conn:
        assert Exports(conn, hospital.region_id).forget(hospital.clock()) == 1
        assert conn.execute("SELECT count(*) FROM export_part").fetchone() == (0,)


def test_a_writer_that_dies_leaves_the_job_to_the_next(hospital, woman, monkeypatch):
    monkeypatch.setattr(writing, "PART", 300)
    at = asked(hospital)
    [id_] = _open(hospital)
    exporter = exports.exporter_for(hospital.services)
    looks = iter([True, True, False])
    dying = writing.Exporter(**{**_fields(exporter), "going": lambda: next(looks)})

    with pytest.raises(writing.Stopped):
        dying.serve(id_)
    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM export_part").fetchone()[0] == 2
    assert hospital.get(at).headers["X-Progress"] != "0 resources"

    assert exporter.serve(id_)
    assert contents(hospital, hospital.get(at).json)["Patient"]


def test_two_writers_do_not_write_one_job(hospital, woman):
    asked(hospital)
    [id_] = _open(hospital)
    exporter = exports.exporter_for(hospital.services)
    with exporter.connect() as conn:
        assert Exports(conn, hospital.region_id).try_hold(id_)
        assert exporter.serve(id_) is False


def test_one_that_fails_again_and_again_is_given_up(hospital):
    at = asked(hospital)
    with hospital.pool.connection() as conn:
        conn.execute("UPDATE export_job SET attempts = 3")
    exports.write_all(hospital.services)

    issues_of(hospital.get(at), 500)


def test_a_job_cancelled_while_it_is_written_stops(hospital, woman, monkeypatch):
    monkeypatch.setattr(writing, "PART", 300)
    at = asked(hospital)
    [id_] = _open(hospital)
    exporter = exports.exporter_for(hospital.services)
    looks = []

    def cancelled_at_the_second_look():
        looks.append(1)
        if len(looks) == 2:
            assert hospital.ask("DELETE", at).status_code == 202
        return True

    assert writing.Exporter(**{**_fields(exporter), "going": cancelled_at_the_second_look}).serve(id_)
    assert len(looks) == 2
    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM export_part").fetchone() == (0,)


def test_everybody_in_a_file_has_a_trace(hospital, woman):
    hospital.post("/Patient", patient(OTHER))
    manifest = exported(hospital, "/$export?_type=Patient")
    contents(hospital, manifest)

    with hospital.pool.connection() as conn:
        rows = conn.execute("SELECT action, detail FROM audit WHERE action LIKE '%export%' ORDER BY id").fetchall()
    assert [row[0] for row in rows] == ["ask-export", "export", "fetch-export"]
    assert woman.patient_id in rows[1][1]["patients"] and len(rows[1][1]["patients"]) == 2


def _open(hospital):
    with hospital.pool.connection() as conn:
        return Exports(conn, hospital.region_id).open()


def _fields(exporter):
    return {name: getattr(exporter, name) for name in exporter.__dataclass_fields__}
