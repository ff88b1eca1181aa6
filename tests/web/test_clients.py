"""接入系统: what a hospital's IT sees of its system and settles there."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from engine.store import plain
from tests.fhir.fhir_kit import WOMAN, observation, patient
from tests.web.conftest import served
from tests.web.markup import assert_sound, page_of
from tests.web.visitor import NARROW, WIDE, visitor

LOCAL = {"coding": [{"system": "urn:lis", "code": "HGB"}], "text": "血红蛋白"}
LATE = "2026-01-04T09:31"  # without a zone


def send(site: Any, path: str, body: dict[str, Any]) -> Any:
    people = site.services.people
    token = people.issue_token(client=people.client("his-demo")).access_token
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    return site.app.test_client().post(f"/fhir{path}", headers=headers, data=plain.dumps(body))


@pytest.fixture
def busy(site):
    """A day of a system: somebody new, a result without a zone, and one with a local code."""
    made = send(site, "/Patient", patient())
    subject = f"Patient/{made.json['id']}"
    assert send(site, "/Observation", observation("8867-4", subject, at=LATE, valueInteger=80)).status_code == 422
    site.post("/clients/his-demo/tolerances", "it", tolerance=["local-codes"])
    coded = {**observation("718-7", subject), "code": LOCAL, "valueQuantity": {"value": 61}}
    assert send(site, "/Observation", coded).status_code == 201
    return site


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_say_what_came_and_what_waits_and_name_nobody(busy, lang):
    client = busy.client("it")
    client.set_cookie("yuntu_lang", lang)

    for path in ("/clients", "/clients/his-demo", "/clients/his-demo?days=1"):
        answer = client.get(path)
        assert_sound(answer)
        assert WOMAN not in answer.text and "测试甲子" not in answer.text
        if lang == "en":
            allowed = "测试|示范|中文|血红蛋白|医院|县|卫生院|妇幼"
            said = [one for one in page_of(answer).english if not re.search(allowed, one)]
            assert [one for one in said if re.search("[一-鿿]", one)] == []
    assert "Observation.effectiveDateTime" in answer.text and "HGB" in answer.text
    client.set_cookie("yuntu_lang", "zh")


def test_a_code_is_mapped_and_what_is_stored_is_run_again(busy):
    form = {"system": "urn:lis", "code": "HGB", "item": "hb", "unit": "g/L"}

    answer = busy.post("/clients/his-demo/codes", "officer", **form)
    page = busy.client("officer").get(answer.headers["Location"].partition("#")[0]).text

    assert "已改写 1 条，未成 0 条" in page and "撤销对照" in page and "对照并重新识别" not in page


def test_a_refused_write_is_taken_after_its_tolerance_is_set(busy):
    page = busy.get("/clients/his-demo", "it").text
    [where] = set(re.findall(r'action="(/arrivals/[0-9a-f-]+/retry)"', page))

    busy.post("/clients/his-demo/tolerances", "it", tolerance=["zone", "local-codes"])
    answer = busy.post(where, "it")

    assert answer.status_code == 303 and "done=understood" in answer.headers["Location"]
    assert where not in busy.get("/clients/his-demo", "it").text


def test_what_is_agreed_for_other_ways_in_is_checked_beside_what_was_typed(busy):
    wrong = busy.post("/clients/his-demo/inbound", "it", text="client: his-demo\nnonsense: 1\n")
    right = busy.post("/clients/his-demo/inbound", "it", text="client: his-demo\nmrn: county\n")

    assert wrong.status_code == 422 and "nonsense" in wrong.text and "没有这一项" in wrong.text
    assert right.status_code == 303 and "mrn: county" in busy.get("/clients/his-demo", "it").text


def test_who_may_not(busy):
    assert busy.get("/clients", "nurse").status_code == 403
    assert busy.post("/clients/his-demo/tolerances", "officer", tolerance="zone").status_code == 403
    assert busy.post("/clients/his-demo/keys", "officer", jwks="{}").status_code == 403
    page = busy.get("/clients/his-demo", "auditor").text
    assert '<form class="operate" method="post" action="/clients/his-demo/inbound' not in page
    assert busy.post("/clients/his-demo/tolerances", "it", tolerance="everything").status_code == 422
    assert busy.get("/clients/none-such", "it").status_code == 404


@pytest.mark.parametrize("lang, width", [("zh", WIDE), ("en", NARROW)])
def test_hospital_it_sets_a_tolerance_and_maps_a_code_in_a_browser(busy, chromium, lang, width):
    with served(busy) as base, visitor(chromium, base, lang=lang, width=width) as person:
        person.sign_in("it", busy.passwords["it"])
        person.goto("/clients")
        person.check()
        person.page.get_by_role("link", name="his-demo").click()
        person.check()

        person.page.locator("input[name=tolerance][value=zone]").check()
        person.page.locator("form[action$='/tolerances'] button").click()
        expect(person.page.locator(".notice--done")).to_be_visible()
        expect(person.page.locator("input[name=tolerance][value=zone]")).to_be_checked()
        row = person.page.locator("form[action$='/codes']").first
        row.locator("select[name=item]").select_option("hb")
        row.locator("input[name=unit]").fill("g/L")
        row.locator("button").click()
        expect(person.page.locator(".notice--done")).to_contain_text("1")
        person.page.locator("form[action$='/retry'] button").first.click()
        expect(person.page.locator(".notice--done")).to_be_visible()
        person.goto("/clients/his-demo")
        person.check()
        if where := os.environ.get("YUNTU_SCREENSHOTS"):
            person.page.screenshot(path=f"{where}/client-{lang}.png", full_page=True)

    assert busy.services.people.client("his-demo").tolerances == {"zone", "local-codes"}
