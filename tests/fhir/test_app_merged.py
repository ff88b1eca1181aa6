"""An app stands open on a woman whose record becomes another: it goes on with her, and never shows an empty chart."""

from __future__ import annotations

from engine.commands.contracts import Actor
from fhir_adapters.corrections.merging import MergeWomen
from tests.fhir.app_kit import Client, Person


def test_an_app_that_was_opened_on_the_old_record_is_on_the_one_that_stays(site):
    app = Client(site, site.app("client_secret_basic"))
    scope = "openid offline_access launch/patient patient/*.rs"
    goes = site.hospital.brings_in(number="999999199105120025", day="2025-11-10")
    stays = site.hospital.brings_in(number="999999199105120041", day="2025-11-12")
    first = app.redeems(app.code(Person(site), scope, woman=goes)).json()
    kept = stays.pregnancy_id
    merge = MergeWomen(survivor=kept, duplicate=goes.pregnancy_id, kept=kept, reason="twice")
    site.hospital.services.engine.execute(merge, by=Actor(kind="person", id="officer"))

    hers = app.reads("/EpisodeOfCare", first["access_token"]).json()["entry"]
    again = app.refreshes(first["refresh_token"]).json()

    assert stays.pregnancy_id in {one["resource"]["id"] for one in hers}
    assert app.reads(f"/Patient/{stays.patient_id}", first["access_token"]).status_code == 200
    assert again["patient"] == stays.patient_id
    assert again["fhirContext"] == [{"reference": f"EpisodeOfCare/{stays.pregnancy_id}"}]
