"""What could not be matched, as the officer decides it on a page."""

from __future__ import annotations

import re

import pytest

from fhir_adapters.store import resources
from fhir_adapters.store.resources import Draft
from tests.fhir.fhir_kit import observation
from tests.web.markup import assert_sound, page_of

KILOS = {"value": 61.50, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}


def fhir(site, method, path, who, body=None):
    people = site.services.people
    token = people.issue_token(account=people.account(who)).access_token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    answer = site.app.test_client().open(f"/fhir{path}", method=method, json=body, headers=headers)
    assert answer.status_code < 300, answer.get_data(as_text=True)
    return answer.json


@pytest.fixture
def asked(site):
    """A weight of a woman with two open cases, sent by the nurse's system; her case's id."""
    case = site.task("task_screen").business_key
    first = fhir(site, "GET", f"/EpisodeOfCare/{case}", "nurse")
    second = {name: value for name, value in first.items() if name != "meta"} | {"id": "another-case"}
    region, weighed = site.services.region_id, {"valueQuantity": KILOS}
    with site.pool.connection() as conn:
        resources.save(conn, region, site.clock(), resources.ENGINE, [Draft(resource=second)], engine_owned=True)
    fhir(site, "POST", "/Observation", "nurse", observation("29463-7", first["patient"]["reference"], **weighed))
    return case


def addresses(page):
    return re.findall(r'action="(/inbox/[^"]+)"', page)


def open_items(site):
    with site.pool.connection() as conn:
        return conn.execute("SELECT state::text, episode_id, decided_by FROM inbox_item").fetchall()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_officer_sees_what_was_sent_about_whom_and_the_cases_it_may_belong_to(site, asked, lang):
    client = site.client("officer")
    client.set_cookie("yuntu_lang", lang)

    answer = client.get("/inbox")

    assert_sound(answer)
    text = answer.get_data(as_text=True)
    assert [part for part in ("测试甲", "61.5 kg", asked, "another-case") if part not in text] == []
    assert len(addresses(text)) == 2 and not re.search(r'(?:href|action)="[^"]*\d{15}', text)
    if lang == "en":
        page = page_of(answer)
        said = [one for one in page.english if not re.search("测试|示范|中文", one)]
        assert [one for one in said if re.search("[一-鿿]", one)] == []


def test_every_look_leaves_its_trace_of_the_woman(site, asked):
    site.get("/inbox", "officer")

    [row] = [r for r in site.services.people.audit_rows() if r["subject_kind"] == "inbox"]
    assert (row["actor_id"], row["action"], len(row["detail"]["patients"])) == ("officer", "search", 1)


def test_it_is_assigned_to_the_case_that_is_chosen_and_to_no_other(site, asked):
    place = addresses(site.get("/inbox", "officer").text)[0]

    assert site.post(place, "officer", episode_id="").status_code == 422
    assert site.post(place, "officer", episode_id=site.task("task_register").business_key).status_code == 422
    assert open_items(site) == [("open", None, None)]
    assert site.post(place, "officer", episode_id=asked).status_code == 303
    assert open_items(site) == [("assigned", asked, "officer")]
    assert site.post(place, "officer", episode_id=asked).status_code == 409
    decided = site.get("/inbox?state=decided", "officer")
    assert_sound(decided)
    assert "示范孕管员" in decided.text and f"/pregnancies/{asked}" in decided.text


def test_it_is_put_aside_with_a_reason_that_the_audit_keeps(site, asked):
    place = addresses(site.get("/inbox", "officer").text)[1]

    assert site.post(place, "officer", reason=" ").status_code == 422
    assert site.post(place, "officer", reason="已电话核实").status_code == 303

    assert open_items(site) == [("dismissed", None, "officer")]
    [row] = [r for r in site.services.people.audit_rows() if r["subject_kind"] == "inbox-item"]
    assert row["detail"] == {"reason": "已电话核实"}
    assert "没有需要归入的资料" in site.get("/inbox", "officer").text


def test_nobody_else_comes_in_and_what_is_not_the_callers_shows_nothing(site, asked):
    place = addresses(site.get("/inbox", "officer").text)[1]
    for who in ("nurse", "county", "it", "designer"):
        assert site.get("/inbox", who).status_code == 403
        assert site.post(place, who, reason="x").status_code == 403
    with site.pool.connection() as conn:
        conn.execute("DELETE FROM patient_area")

    text = site.get("/inbox", "officer").text

    assert "不在您的权限内" in text and "测试甲" not in text and "61.5" not in text and addresses(text) == []
    assert site.post(place, "officer", reason="x").status_code == 404
