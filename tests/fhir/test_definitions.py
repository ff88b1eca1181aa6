"""What is deployed is read as PlanDefinition, ActivityDefinition and Library, and nobody may write it."""

from __future__ import annotations

import base64

import pytest
from fhir.resources.R4B import get_fhir_model_class

from engine.store import reads
from fhir_adapters.rules.check import check
from tests.fhir.fhir_kit import CANON, expressions, issues_of, resources_in


def test_a_task_leads_to_its_activity_and_its_process_to_the_diagram_as_it_was_deployed(hospital):
    woman = hospital.brings_in()
    task = hospital.search(f"/Task?patient={woman.patient_id}&status=ready")[0]
    plan = hospital.search(f"/CarePlan?patient={woman.patient_id}")[0]

    kind = task["instantiatesCanonical"].partition("|")[0].rpartition("/")[2]
    activity = hospital.get(f"/ActivityDefinition/{kind}").json
    url, _, version = plan["instantiatesCanonical"][0].partition("|")
    [process] = hospital.search(f"/PlanDefinition?url={url}&version={version}")
    [library] = hospital.search(f"/Library?url={process['library'][0].partition('|')[0]}&version={version}")

    assert activity["kind"] == "Task" and activity["url"] == f"{CANON}/ActivityDefinition/{kind}"
    assert process["type"]["coding"][0]["code"] == "workflow-definition" and process["action"]
    with hospital.services.engine.read() as conn:
        stored = reads.definition(conn, hospital.region_id, "process", "pregnancy_journey", int(version))
    assert base64.b64decode(library["content"][0]["data"]) == stored.xml


@pytest.mark.parametrize("type_", ["PlanDefinition", "ActivityDefinition", "Library"])
def test_every_definition_is_valid_and_read_by_its_own_address(quiet, type_):
    found = resources_in(quiet.get(f"/{type_}").json)

    assert len(found) > 10 and len({one["id"] for one in found}) == len(found)
    for one in found:
        assert check(one, type_=type_) == [], one["id"]
    get_fhir_model_class(type_).model_validate(found[0])
    for one in found[:3]:
        assert quiet.get(f"/{type_}/{one['id']}").json == one


def test_a_regional_pack_is_a_library_with_its_file(quiet):
    pack = quiet.get("/Library/pack-cn-baseline").json

    assert pack["type"]["coding"][0]["code"] == "asset-collection"
    assert b"pack:" in base64.b64decode(pack["content"][0]["data"])
    assert quiet.get("/Library/pack-nowhere").status_code == 404


def test_what_is_not_offered_is_refused(quiet):
    assert quiet.get("/PlanDefinition/none").status_code == 404
    assert expressions(quiet.get("/PlanDefinition?topic=x", Prefer="handling=strict"), 400) == ["topic"]
    assert resources_in(quiet.get("/PlanDefinition?topic=x&title=妊娠").json)
    issues_of(quiet.post("/PlanDefinition", {"resourceType": "PlanDefinition"}), 404)
    assert quiet.get("/PlanDefinition", None).status_code == 401
