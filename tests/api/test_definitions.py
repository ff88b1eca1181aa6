"""/api/definitions: deploy, list, one, its file."""

from __future__ import annotations

import pytest

from engine.rehearsal.drawing import diagram, end, fork, process, start, xor
from runtime.benchmarks.planted_diagrams import task
from tests.api.conftest import ERRAND, problem_of

XML = {"content_type": "application/xml"}


def changed(text: str = "问一问") -> bytes:
    return ERRAND.read_bytes().replace("询问".encode(), text.encode())


def test_a_changed_diagram_becomes_the_next_version(county):
    answer = county.post("/api/definitions", "designer", data=changed(), **XML)

    assert answer.status_code == 201
    assert (answer.json["key"], answer.json["version"]) == ("errand", 2)
    assert [warning["code"] for warning in answer.json["warnings"]] == ["soundness-no-clock"]
    assert len(answer.json["sha256"]) == 64


def test_running_cases_stay_on_their_version(county):
    instance = county.errand()

    county.post("/api/definitions", "designer", data=changed(), **XML)

    assert county.task(instance)["name"] == "询问"
    assert county.task(county.errand())["name"] == "问一问"


def test_the_same_diagram_again_makes_no_new_version(county):
    answer = county.post("/api/definitions", "designer", data=ERRAND.read_bytes(), **XML)

    assert (answer.json["version"], answer.json["deployed"][0]["created"]) == (1, False)


def test_a_dry_run_says_the_same_and_deploys_nothing(county):
    answer = county.post("/api/definitions?dry_run=1", "designer", data=changed(), **XML)

    assert answer.status_code == 200 and answer.json["key"] == "errand"
    assert [d["version"] for d in county.get("/api/definitions", "designer").json["items"]] == [1]


def test_a_diagram_that_cannot_run_is_refused_at_its_element_in_both_languages(county):
    broken = ERRAND.read_bytes().replace(b'targetRef="catch_answer"', b'targetRef="nowhere"')

    body = problem_of(county.post("/api/definitions", "designer", data=broken, **XML), 422, "refused")

    assert body["refused"]
    assert all({"element_id", "element_type", "code", "message"} <= refusal.keys() for refusal in body["refused"])
    assert all(refusal["message"]["zh"] and refusal["message"]["en"] for refusal in body["refused"])


def test_a_diagram_in_which_a_case_can_get_stuck_goes_live_with_the_finding_told(county):
    parts = [start("s"), xor("x"), task("a"), task("b"), fork("j"), end("e")]
    way = "s -> x; x -[v = 1]-> a -> j; x -[v != 1]-> b -> j; j -> e"

    answer = county.post("/api/definitions", "designer", data=diagram(process("stuck", *parts, way)), **XML)

    assert answer.status_code == 201
    found = {(warning["code"], warning["element_id"]) for warning in answer.json["warnings"]}
    assert ("soundness-dead-join", "j") in found


@pytest.mark.parametrize("data", [b"", b"no xml", b"<a", b"<a/>", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"{}"])
def test_what_is_no_definition_is_refused_and_nothing_is_deployed(county, data):
    answer = county.post("/api/definitions", "designer", data=data, **XML)

    assert answer.status_code in (400, 422), answer.data
    problem_of(answer, answer.status_code)
    assert len(county.get("/api/definitions", "designer").json["items"]) == 1


def test_the_list_holds_key_version_and_who_deployed(county):
    county.post("/api/definitions", "designer", data=changed(), **XML)

    items = county.get("/api/definitions", "publisher").json["items"]

    assert {(d["key"], d["version"], d["deployed_by"]) for d in items} == {
        ("errand", 1, "yuntu"),
        ("errand", 2, "designer"),
    }


def test_a_file_comes_back_byte_for_byte(county):
    assert county.get("/api/definitions/errand/1.bpmn", "designer").data == ERRAND.read_bytes()
    assert county.get("/api/definitions/errand/1", "designer").json["version"] == 1


@pytest.mark.parametrize("path", ["errand/9", "errand/9.bpmn", "nothing/1", "errand/0", f"errand/{10**19}"])
def test_a_version_that_is_not_there_is_not_found(county, path):
    problem_of(county.get(f"/api/definitions/{path}", "designer"), 404)


def test_the_same_upload_with_the_same_key_is_one_version(county):
    first = county.post("/api/definitions", "designer", data=changed(), key="upload-1", **XML)
    second = county.post("/api/definitions", "designer", data=changed(), key="upload-1", **XML)

    assert first.json == second.json
