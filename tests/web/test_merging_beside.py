"""What stands beside the resources of a woman follows when two records become one, and is her own again afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.commands.contracts import Actor, SuspendInstance
from fhir_adapters.store import inbound
from runtime.database import migrate
from tests.web.test_merging import case_of, merged, patient
from tests.web.test_unmerging import bearer, haemoglobin, two, undo

__all__ = ["two"]
BY = Actor(kind="person", id="it")

# Whatever keeps the id of a woman or of a pregnancy, and what a merge does with it.
FOLLOWS = {
    "app_grant.patient_id": "asked for when a token is used",
    "app_grant.pregnancy_id": "asked for when a token is used",
    "app_launch.pregnancy_id": "asked for when the app begins",
    "archived_instance.business_key": "has ended; found by its own pregnancy, which leads on",
    "document_that_came.patient_id": "moved, and given back",
    "fhir_document.episode_id": "the pregnancy it was made of",
    "fhir_document.patient_id": "moved, and given back",
    "import_row.pregnancy_id": "what an import began; leads on",
    "inbound_burst.episode_id": "resolved when the burst is decided",
    "inbound_event.episode_id": "what was caused then",
    "inbox_item.episode_id": "what was decided then",
    "inbox_item.patient_id": "asked for when the item is read",
    "instance.business_key": "the pregnancy that closes ends",
    "patient_area.patient_id": "shared, and narrowed again",
    "record_merge_part.episode_id": "the merge itself",
    "record_merge_part.patient_id": "the merge itself",
    "referral_step.patient_id": "of whom it was told then; nothing reads it later",
    "resource.episode_id": "moved, and given back",
    "resource.patient_id": "moved, and given back",
    "text_consent.patient_id": "asked for when it is read",
    "text_sent.pregnancy_id": "what was sent then",
    "user_task.business_key": "ends with its case",
}


def test_nothing_that_keeps_an_id_of_hers_was_forgotten():
    schema = migrate.SCHEMA_FILE.read_text(encoding="utf-8")
    tables = re.findall(r"CREATE TABLE public\.(\w+) \((.*?)\n\)", schema, re.DOTALL)
    named = re.compile(r"^    (patient_id|pregnancy_id|episode_id|business_key) ", re.MULTILINE)
    found = {f"{table}.{column}" for table, body in tables for column in named.findall(body)}

    assert found == set(FOLLOWS)


def consent(site, pregnancy_id):
    path = f"/api/reminders/consents/{pregnancy_id}"
    return site.app.test_client().get(path, headers=bearer(site, account="officer")).json["agreed"]


def says(site, pregnancy_id, agreed):
    site.clock.set(site.clock() + timedelta(minutes=1))
    path, by = f"/api/reminders/consents/{pregnancy_id}", bearer(site, account="officer")
    assert site.app.test_client().put(path, json={"agreed": agreed}, headers=by).status_code == 200


@pytest.mark.parametrize("first, words", [(0, (True, False)), (1, (True, False)), (1, (False, True))])
def test_her_last_word_about_texts_counts_under_whichever_record_she_said_it(site, two, first, words):
    here, other = two
    goes = patient(site, other)[0]
    was = dict(zip((two[first], two[1 - first]), words, strict=True))
    for case, agreed in was.items():
        says(site, case, agreed)

    merged(site, here, other, survivor=here, kept=here)

    assert consent(site, here) is words[1]
    assert undo(site, here, goes).status_code == 200
    assert {one: consent(site, one) for one in was} == was


def test_what_waits_in_the_inbox_about_her_old_record_can_be_given_to_her_case(site, two):
    here, other = two
    goes = patient(site, other)[0]
    weight = haemoglobin(site, 95, goes)
    with site.pool.connection() as conn, conn.transaction():
        inbound.ask_a_person(
            conn, site.services.region_id, kind="several-cases", source="client:his-demo", reason="x / x",
            at=site.services.clock(), resource=("Observation", weight, 1), patient_id=goes,
        )  # fmt: skip

    merged(site, here, other, survivor=here, kept=here)

    page = site.get("/inbox", "officer").text
    assert f'value="{here}"' in page


def test_a_process_that_is_suspended_keeps_the_records_apart_until_it_goes_on(site, two):
    here, other = two
    goes = patient(site, other)[0]
    site.services.engine.execute(SuspendInstance(instance_id=case_of(site, here).id), by=BY)

    shown, answer = merged(site, here, other, survivor=other, kept=here)

    assert "请管理员先恢复" in shown.text and answer.status_code == 409
    assert patient(site, other)[0] == goes != patient(site, here)[0]
