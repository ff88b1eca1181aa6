"""What a person does with an arrival that was not understood: over HTTP and on its page."""

from __future__ import annotations

import re

import pytest

from fhir_adapters.arrivals.masking import masked
from fhir_adapters.arrivals.receiving import KEPT
from fhir_adapters.store import arrivals
from tests.fhir.fhir_kit import WOMAN
from tests.inbound.messages import coded, oru

SPOILT = oru(coded("3+", "Q"))


@pytest.fixture
def spoilt(hospital, receiver):
    """One that names an unknown status of a result."""
    hospital.brings_in()
    return receiver.receive(
        SPOILT, client="his-demo", channel="hl7v2", origin="127.0.0.1", control_id="LAB1"
    ).arrival_id


def ask(hospital, method, path, who, body=None):
    headers = {"Authorization": f"Bearer {hospital.token(who)}"}
    return hospital.app.test_client().open(f"/api/arrivals{path}", method=method, json=body, headers=headers)


def rows(hospital, statement):
    with hospital.pool.connection() as conn:
        return conn.execute(statement).fetchall()


def test_the_list_says_where_it_is_wrong_and_nothing_of_whom_it_is_about(hospital, spoilt):
    answer = ask(hospital, "GET", "", "it")
    [item] = answer.json["items"]

    assert (item["id"], item["state"], item["kind"]) == (str(spoilt), "not-understood", "ORU^R01")
    assert item["problems"][0]["at"] == "OBX[1]-11"
    assert WOMAN not in answer.text and "测试" not in answer.text
    assert ask(hospital, "GET", "", "nurse").status_code == 403


def test_who_matches_sees_it_whole_and_who_operates_its_structure(hospital, spoilt):
    whole, covered = (ask(hospital, "GET", f"/{spoilt}", who).json for who in ("officer", "it"))

    assert (whole["whole"], covered["whole"]) == (True, False)
    assert WOMAN in whole["text"] and "测试甲子" in whole["text"]
    assert "MSH|" in covered["text"] and "OBX|1|CE|" in covered["text"] and "|Q|" in covered["text"]
    assert not re.search("测试|3\\+|19970615|" + WOMAN, covered["text"])
    seen = [r for r in hospital.services.people.audit_rows() if r["subject_kind"] == "arrival"]
    assert sorted((r["actor_id"], r["detail"]["whole"]) for r in seen) == [("it", False), ("officer", True)]


def test_a_corrected_copy_takes_its_place_and_what_came_stays_as_it_came(hospital, spoilt):
    text = ask(hospital, "GET", f"/{spoilt}", "officer").json["text"]
    body = {"text": text.replace("||Q||", "||F||").replace("|Q|", "|F|"), "reason": "状态应为 F，已电话核实"}

    assert ask(hospital, "POST", f"/{spoilt}/correction", "it", body).status_code == 403
    assert ask(hospital, "POST", f"/{spoilt}/correction", "officer", {**body, "text": text}).status_code == 422
    done = ask(hospital, "POST", f"/{spoilt}/correction", "officer", body)

    assert (done.status_code, done.json["state"]) == (200, "understood")
    assert rows(hospital, "SELECT body FROM arrival WHERE corrects IS NULL") == [(SPOILT,)]
    stands = rows(hospital, "SELECT state::text, by FROM arrival_outcome ORDER BY state")
    assert sorted(stands, key=str) == sorted([("understood", None), ("corrected", "officer")], key=str)
    assert ask(hospital, "POST", f"/{spoilt}/retry", "officer").status_code == 409


def test_it_is_put_aside_with_a_reason_and_the_audit_says_by_whom(hospital, spoilt):
    assert ask(hospital, "POST", f"/{spoilt}/discard", "officer", {"reason": " "}).status_code == 422
    done = ask(hospital, "POST", f"/{spoilt}/discard", "officer", {"reason": "测试消息"})

    assert done.json["state"] == "discarded"
    [row] = [r for r in hospital.services.people.audit_rows() if r["action"] == "SettleArrival"]
    assert (row["actor_id"], row["subject_id"], row["detail"]["reason"]) == ("officer", str(spoilt), "测试消息")


def test_trying_again_understands_what_a_changed_profile_explains(hospital, receiver):
    hospital.brings_in()
    told = {"client": "his-demo", "channel": "hl7v2", "origin": "x"}
    stranger = receiver.receive(oru(coded()), **{**told, "client": ""})
    again = ask(hospital, "POST", f"/{stranger.arrival_id}/retry", "it")

    assert again.json["state"] == "not-understood" and again.json["attempts"] == 2


def test_what_was_settled_long_ago_goes_and_what_waits_stays(hospital, receiver, spoilt):
    receiver.receive(oru(coded(), number="GOOD"), client="his-demo", channel="hl7v2", origin="x", control_id="GOOD")
    with hospital.pool.connection() as conn:
        assert arrivals.forget(conn, hospital.region_id, hospital.services.clock() + KEPT) == 1

    assert rows(hospital, "SELECT arrival_id FROM arrival_outcome") == [(spoilt,)]


def test_what_came_is_never_changed_by_the_application(hospital, spoilt):
    with hospital.pool.connection() as conn, pytest.raises(Exception, match="permission denied"):
        conn.execute("UPDATE arrival SET body = '' WHERE true")


def test_metrics_count_by_client_and_channel(hospital, spoilt):
    text = hospital.app.test_client().get("/metrics").text

    assert 'yuntu_arrivals{client="his-demo",channel="hl7v2",state="not-understood"} 1' in text
    assert "yuntu_arrivals_open 1" in text


@pytest.mark.parametrize(
    ("channel", "body", "shown", "hidden"),
    [
        ("csv", "病历号,结果\nM1,3+\n", "病历号,结果", "M1"),
        ("cda", '<a code="x"><b extension="9">王某</b></a>', "<a", "王某"),
        ("hl7v2", "PID|1||M1\rhello", "PID|1", "M1"),
        ("view", '{"mrn": "M1"}', "{", "M1"),
    ],
)
def test_everything_but_the_structure_is_covered(channel, body, shown, hidden):
    text = masked(channel, body.encode())

    assert shown in text and hidden not in text and "hello" not in text
