"""从医院系统打开: hospital IT registers the systems that may open our pages, on a page and to the end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.visitor import visitor
from workflows.people.hospitals import Hospital

HIS = "https://his.example.org/fhir"
FORM = {
    "title": "县医院系统",
    "issuer": HIS,
    "client_id": "yuntu",
    "authentication": "private_key_jwt",
    "network": "public",
    "scopes": "launch openid fhirUser patient/Patient.r",
    "origins": "https://his.example.org https://desk.example.org",
    "identifiers": "",
}


def known(site, issuer=HIS):
    return next((one for one in site.services.people.hospitals() if one.issuer == issuer), None)


def test_a_system_is_registered_corrected_switched_off_and_on(site):
    assert site.post("/hospitals", "it", **FORM).status_code == 303
    made = known(site)
    assert (made.organisation_id, made.authentication) == ("org-hospital", "private_key_jwt")
    assert made.origins == ("https://his.example.org", "https://desk.example.org") and made.active

    site.post("/hospitals/switch", "it", issuer=HIS, active="0")
    assert site.services.people.hospital(HIS) is None and "已停用" in site.get("/hospitals", "it").text
    corrected = {**FORM, "known": HIS, "issuer": "https://other.example.org", "title": "新名称", "origins": ""}
    assert site.post("/hospitals", "it", **corrected).status_code == 303
    assert (known(site).title, known(site).origins) == ("新名称", ()) and known(
        site, "https://other.example.org"
    ) is None
    assert site.services.people.hospital(HIS) is None, "to correct it is not to switch it on"
    site.post("/hospitals/switch", "it", issuer=HIS, active="1")
    assert site.services.people.hospital(HIS).title == "新名称"
    rows = site.services.people.audit_rows(subject_id=HIS)
    assert [row["action"] for row in rows] == [
        *("register-hospital", "switch-hospital", "register-hospital", "switch-hospital")
    ]


WRONG = {
    "http in the internet": ({"issuer": "http://far.example.org/fhir"}, "须为 https"),
    "no address": ({"issuer": "https://[bad"}, "须为 https"),
    "an origin with a path": ({"origins": "https://his.example.org/desk"}, "不带路径"),
    "an unknown network": ({"network": "moon"}, "网络或认证方式不合法"),
    "no name": ({"title": " "}, "须给出名称"),
    "registered already": ({"issuer": HIS}, "已登记"),
}


def test_what_is_wrong_is_told_beside_what_was_typed(site):
    site.post("/hospitals", "it", **FORM)
    before = site.services.people.hospitals()

    for changes, said in WRONG.values():
        new = {**FORM, "issuer": "https://new.example.org/fhir", "client_id": "typed"}
        answer = site.post("/hospitals", "it", **{**new, **changes})

        assert answer.status_code == 422 and said in answer.text and 'value="typed"' in answer.text, said
        assert_sound(answer)
    assert site.services.people.hospitals() == before


def test_people_are_mapped_and_mapped_no_more(site):
    site.post("/hospitals", "it", **FORM)
    place = f"/hospitals?issuer={HIS}"

    assert (
        site.post("/hospitals/people", "it", issuer=HIS, external="Practitioner/1", account="doctor").status_code == 303
    )
    page = site.get(place, "it")
    assert_sound(page)
    assert "Practitioner/1" in page.text and "doctor" in page.text
    other = site.post("/hospitals/people", "it", issuer=HIS, external="Practitioner/2", account="nurse")
    assert other.status_code == 422 and "不属于这家医院" in other.text and 'value="Practitioner/2"' in other.text
    none = site.post("/hospitals/people", "it", issuer=HIS, external="Practitioner/2", account="nobody")
    assert none.status_code == 422 and "没有这个账号" in none.text
    site.post("/hospitals/people", "it", issuer=HIS, external="Practitioner/1", remove="1")
    assert site.services.people.mapped_people(HIS) == []
    assert site.post("/hospitals/people", "it", issuer=HIS, external="Practitioner/1", remove="1").status_code == 422


def test_the_key_by_which_we_sign_in_is_changed_and_the_old_one_stays_published(site):
    def published():
        return {key["kid"] for key in site.app.test_client().get("/.well-known/jwks.json").json["keys"]}

    shown = set(re.findall(r"<code>([0-9a-f]{32})</code>", site.get("/hospitals", "it").text))
    assert shown and shown <= published()

    assert site.post("/hospitals/keys", "it").status_code == 303

    after = set(re.findall(r"<code>([0-9a-f]{32})</code>", site.get("/hospitals", "it").text))
    assert after > shown and after <= published() and len(after - shown) == 1


def test_another_organisations_system_does_not_exist_and_nobody_else_comes_here(site):
    theirs = "https://town.example.org/fhir"
    site.services.people.put_hospital(
        Hospital(issuer=theirs, title="镇卫生院系统", organisation_id="org-twn-1", client_id="yuntu")
    )

    assert theirs not in site.get("/hospitals", "it").text
    assert site.get(f"/hospitals?issuer={theirs}", "it").status_code == 404
    for path, form in {
        "/hospitals": {**FORM, "known": theirs},
        "/hospitals/switch": {"active": "0"},
        "/hospitals/people": {"external": "x", "account": "doctor"},
    }.items():
        assert site.post(path, "it", **{"issuer": theirs, **form}).status_code == 404
    taken = site.post("/hospitals", "it", **{**FORM, "issuer": theirs})
    assert taken.status_code == 422 and known(site, theirs).title == "镇卫生院系统" and known(site, theirs).active
    assert site.get("/hospitals", "doctor").status_code == 403
    assert site.post("/hospitals/keys", "doctor").status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_is_accessible_and_registers_one(shown, chromium, lang):
    issuer = f"https://{lang}.example.org/fhir"
    with served(shown) as base, visitor(chromium, base, lang=lang) as it:
        it.sign_in("it", shown.passwords["it"])
        it.goto("/hospitals")
        it.check()
        it.page.fill("#title", "县医院系统")
        it.page.fill("#issuer", issuer)
        it.page.fill("#client_id", "yuntu")
        it.page.press("#client_id", "Enter")
        expect(it.page.locator("#people")).to_be_visible()
        it.page.fill("input[name=external]", "Practitioner/1")
        it.page.fill("input[name=account]", "doctor")
        it.page.press("input[name=account]", "Enter")
        expect(it.page.locator("main tbody")).to_contain_text("Practitioner/1")
        it.check()
        it.goto("/hospitals")
        it.check()
