"""Whoever had no answer asks again under the same key: what is made beside the resources is made once, too."""

from __future__ import annotations

import pytest

from fhir_adapters.store.subscriptions import Subscriptions
from tests.fhir.fhir_kit import issues_of
from tests.fhir.subscription_kit import wish

URL = "http://127.0.0.1:9/told"


def parameters(**given):
    listed = [{"name": name, "valueString": value} for name, value in given.items()]
    return {"resourceType": "Parameters", "parameter": listed}


@pytest.fixture
def asks(hospital):
    """By what is made: the request, another one under the same key, how to name what it made, how many there are."""
    woman = hospital.brings_in()
    client = hospital.services.people.client("his-demo")
    with hospital.pool.connection() as conn:
        rows = Subscriptions(conn, hospital.region_id)
        rows.put_endpoint(client.id, URL, "loopback", ("a secret that nobody else knows",), hospital.services.clock())

    def count(table):
        with hospital.pool.connection() as conn:
            return conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    document, said = f"/EpisodeOfCare/{woman.pregnancy_id}/$document", parameters
    return {
        "document": (document, said(type="referral"), said(type="reply"), "Location", count, "fhir_document"),
        "export": ("/$export", said(_type="Patient"), said(_type="Task"), "Content-Location", count, "export_job"),
        "subscription": ("/Subscription", wish(URL), wish(URL + "/more"), "Location", count, "subscription"),
    }


@pytest.mark.parametrize("what", ["document", "export", "subscription"])
def test_asked_again_under_the_same_key_there_is_one_and_the_same_answer(hospital, asks, what):
    path, body, another, where, count, table = asks[what]
    headers = {"Prefer": "respond-async", "Idempotency_Key": "k-1"}

    first = hospital.post(path, body, **headers)
    again = hospital.post(path, body, **headers)

    assert first.status_code in (201, 202), first.get_data(as_text=True)
    assert (again.status_code, again.headers[where]) == (first.status_code, first.headers[where])
    assert again.get_data() == first.get_data() and count(table) == 1
    assert issues_of(hospital.post(path, another, **headers), 422)
    other = hospital.post(path, body, **{**headers, "Idempotency_Key": "k-2"})
    assert other.headers[where] != first.headers[where] and count(table) == 2


def test_what_was_refused_leaves_its_key_free(hospital, asks):
    path, body, *_ = asks["export"]
    ahead = {"Prefer": "respond-async"}
    taken = [hospital.post(path, body, **ahead, Idempotency_Key=f"k-{n}") for n in range(3)]
    assert [one.status_code for one in taken] == [202, 202, 429]
    status = taken[0].headers["Content-Location"].split("/fhir")[1]
    assert hospital.ask("DELETE", status).status_code == 202

    assert hospital.post(path, body, **ahead, Idempotency_Key="k-2").status_code == 202
