"""What a person sees when an app asks, and hospital IT when it registers one: in a real browser, to the end."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.web.conftest import served
from tests.web.his import his_on_loopback
from tests.web.visitor import visitor
from workflows.people.apps import challenge_of

pytestmark = pytest.mark.browser
VERIFIER = "v" * 43
SCOPES = "openid fhirUser launch/patient patient/Observation.rs?category=laboratory patient/Task.u"


@pytest.fixture(scope="module")
def base(shown):
    with served(shown) as address:
        yield address


@pytest.fixture(scope="module")
def app(shown):
    """An app on a port of this machine; whatever it is sent, it answers something."""
    with his_on_loopback() as there:
        made = shown.services.people.add_app(
            name="pages",
            title="孕期宣教",
            organisation_id="org-twn-1",
            scopes=SCOPES.split(),
            redirect_uris=[f"{there.base}/back"],
            authentication="none",
        )
        yield made.app


def address(app, base):
    asked = {"response_type": "code", "client_id": app.id, "redirect_uri": app.redirect_uris[0], "scope": SCOPES}
    asked |= {"state": "s-1", "aud": f"{base}/fhir", "code_challenge_method": "S256"}
    return f"/oauth/authorize?{urlencode({**asked, 'code_challenge': challenge_of(VERIFIER)})}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_she_signs_in_chooses_a_woman_reads_what_is_asked_and_agrees(shown, base, app, chromium, lang):
    with visitor(chromium, base, lang=lang) as nurse:
        page = nurse.page
        nurse.goto(address(app, base))
        page.fill("#login", "nurse")
        page.fill("#password", shown.passwords["nurse"])
        page.press("#password", "Enter")
        expect(page.locator("#find")).to_be_focused()
        nurse.check()
        page.fill("#find", "测试丙")
        page.press("#find", "Enter")
        nurse.check()
        page.locator("button[name=pregnancy]").click()
        expect(page.locator("main")).to_contain_text("测试丙")
        only = "只限 category=laboratory" if lang == "zh" else "only category=laboratory"
        expect(page.locator("main li").first).to_contain_text(only)
        nurse.check()
        page.locator("button[value=allow]").click()
        page.wait_for_url(lambda url: url.startswith(app.redirect_uris[0]))
        told = parse_qs(urlsplit(page.url).query)

    assert told["state"] == ["s-1"]
    form = {"grant_type": "authorization_code", "client_id": str(app.id), "code": told["code"][0]}
    form |= {"redirect_uri": app.redirect_uris[0], "code_verifier": VERIFIER}
    tokens = requests.post(f"{base}/oauth/token", data=form).json()
    assert tokens["patient"] and "patient/Task.u" in tokens["scope"]


def test_who_does_not_agree_is_back_at_the_app_with_nothing(shown, base, app, chromium):
    with visitor(chromium, base) as nurse:
        nurse.sign_in("nurse", shown.passwords["nurse"])
        nurse.goto(address(app, base))
        nurse.page.fill("#find", "测试丙")
        nurse.page.press("#find", "Enter")
        nurse.page.locator("button[name=pregnancy]").click()
        nurse.page.locator("button[value=deny]").click()
        nurse.page.wait_for_url(lambda url: url.startswith(app.redirect_uris[0]))
        told = parse_qs(urlsplit(nurse.page.url).query)

    assert told["error"] == ["access_denied"] and "code" not in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_apps_is_accessible_and_registers_one(shown, base, chromium, lang):
    with visitor(chromium, base, lang=lang) as it:
        it.sign_in("it", shown.passwords["it"])
        it.goto("/apps")
        it.check()
        it.page.fill("#name", f"by-page-{lang}")
        it.page.fill("#title", "胎心监护")
        it.page.select_option("#authentication", "client_secret_basic")
        it.page.fill("#redirect_uris", "https://app.example.org/back")
        it.page.locator("main form").last.locator("button").click()
        expect(it.page.locator("#client-secret")).to_be_visible()
        it.check()
        it.goto(address_of_nobody(base))
        it.check()


def address_of_nobody(base):
    return f"/oauth/authorize?{urlencode({'client_id': 'x', 'redirect_uri': base})}"
