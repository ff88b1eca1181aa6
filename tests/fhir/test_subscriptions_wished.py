"""What may be subscribed, by whom, and to which address."""

from __future__ import annotations

import pytest

from fhir_adapters.store.subscriptions import Subscriptions
from tests.fhir.fhir_kit import CANON, issues_of
from tests.fhir.subscription_kit import SECRET, wish

WRONG = {
    "another channel": ({"channel": {"type": "email", "endpoint": "x"}}, 422),
    "an unknown topic": ({"criteria": f"{CANON}/SubscriptionTopic/none"}, 422),
    "a chain": ({"criteria": "Observation?patient.name=x"}, 422),
    "an unknown parameter": ({"criteria": "Observation?colour=x"}, 422),
    "no type": ({"criteria": "?status=x"}, 422),
    "a wrong state": ({"status": "error"}, 422),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_told_is_refused_with_its_place(quiet, what):
    change, status = WRONG[what]

    answer = quiet.post("/Subscription", {**wish("https://his.example/told", "Observation?code=1"), **change})

    assert all(i["expression"][0].startswith("Subscription") for i in issues_of(answer, status))


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/told",
        "https://his.example.evil/told",
        "https://his.example@evil/told",
        "https://his.example/told/../admin",
        "http://his.example/told",
        "https://his.example:8443/told",
        "file:///etc/passwd",
        "gopher://his.example/told",
        "https://his.example/toldmore",
        "https://his.example/told?x=1",
    ],
)
def test_only_registered_addresses_are_told(quiet, url):
    client = quiet.services.people.client("his-demo")
    with quiet.pool.connection() as conn:
        rows = Subscriptions(conn, quiet.region_id)
        rows.put_endpoint(client.id, "https://his.example/told", "public", [SECRET], quiet.services.clock())

    answer = quiet.post("/Subscription", wish(url, "Observation?code=1"))

    assert issues_of(answer, 422)[0]["details"]["coding"][0]["code"] == "MCH-N-002"


@pytest.mark.parametrize("network", ["public", "intranet"])
def test_an_address_that_leads_to_this_host_is_not_spoken_to(told, receiver, network):
    id_ = told.subscribe()
    told.register(receiver.url, network)

    told.round()

    assert receiver.taken == []
    assert told.state(id_)["status"] == "error"


def test_a_person_has_no_subscriptions_and_a_stranger_sees_none(told, hospital, receiver):
    id_ = told.subscribe()

    assert hospital.get(f"/Subscription/{id_}", "nurse").status_code in (403, 404)
    assert hospital.post("/Subscription", wish(receiver.url), "nurse").status_code == 403
    assert [e["resource"]["id"] for e in hospital.get("/Subscription").json["entry"]] == [id_]
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    for status, ids in (("requested", [id_]), ("off", [])):
        found = hospital.ask("POST", "/Subscription/_search", f"status={status}".encode(), **form).json
        assert [e["resource"]["id"] for e in found.get("entry", [])] == ids
    assert hospital.ask("DELETE", f"/Subscription/{id_}").status_code == 204
    assert hospital.get(f"/Subscription/{id_}").status_code == 404


def test_nothing_is_noted_where_nobody_subscribed(hospital):
    hospital.brings_in()

    with hospital.pool.connection() as conn:
        assert conn.execute("SELECT count(*) FROM resource_change").fetchone() == (0,)
