"""Our pages inside a hospital's own system: on the right woman, as the right person, and otherwise not at all."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import expect

from engine.errors import EngineError
from tests.web.conftest import Site, copied, served
from tests.web.his import ID_CARD, his_on_loopback
from workflows.people.hospitals import Hospital

HERS, OTHERS = (ID_CARD, "999999199706150043"), (ID_CARD, "999999199706150035")


@pytest.fixture(scope="module")
def yuntu(server, furnished):
    with copied(server, furnished[0], "launched") as url:
        opened = Site(furnished[1], url)
        with served(opened) as base:
            opened.base = base
            yield opened
        opened.close()


@pytest.fixture(scope="module")
def registered(yuntu):
    with his_on_loopback() as made:
        made.yuntu = yuntu.base
        hospital = Hospital(
            issuer=made.issuer,
            title="镇卫生院系统",
            organisation_id="org-twn-1",
            client_id="yuntu",
            origins=(made.desk,),
            network="loopback",
        )
        yuntu.services.people.put_hospital(hospital)
        yuntu.services.people.map_person(made.issuer, "Practitioner/d1", "nurse", "test")
        yield made


@pytest.fixture
def his(registered):
    registered.identifiers, registered.changes, registered.user = [HERS], {}, "Practitioner/d1"
    return registered


def opens(his, **launch):
    """As a browser does it that follows where it is sent; answers the last page and the browser."""
    browser = requests.Session()
    asked = {"iss": his.issuer, "launch": "visit-7", **launch}
    first = browser.get(f"{his.yuntu}/launch", params=asked, allow_redirects=False)
    return follow(browser, first), browser


def follow(browser, answer):
    """Cookies for https alone go to this machine too, as browsers do it."""
    while answer.is_redirect:
        address = requests.compat.urljoin(answer.url, answer.headers["Location"])
        kept = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
        answer = browser.get(address, headers={"Cookie": kept}, allow_redirects=False)
    return answer


@pytest.mark.browser
def test_in_a_frame_of_the_hospitals_desk_her_page_opens_and_can_be_worked_on(yuntu, his, chromium):
    context = chromium.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1366, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    page.goto(f"{his.desk}/desk")
    frame = page.frame_locator("#yuntu")

    expect(frame.locator("h1")).to_contain_text("测试丙")
    frame.locator("#q").fill("测试甲")
    frame.locator("#q").press("Enter")
    expect(frame.locator("main")).to_contain_text("测试甲")
    cookies = {one["name"]: one for one in context.cookies()}
    assert cookies["yuntu_framed"]["sameSite"] == "None" and cookies["yuntu_framed"]["httpOnly"]
    assert "yuntu_session" not in cookies and "yuntu_launch" not in cookies
    context.close()


@pytest.mark.browser
def test_nobody_else_shows_our_pages_inside_of_theirs(yuntu, his, chromium):
    """The same page in a frame of an origin that is not registered stays empty."""
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    page.set_default_timeout(60_000)  # a busy machine is slow, not wrong
    page.goto(f"{his.base}/desk")
    page.wait_for_load_state("networkidle")

    framed = [frame for frame in page.frames if frame != page.main_frame]
    assert all("测试丙" not in frame.content() for frame in framed)
    context.close()


def test_only_the_registered_origin_may_frame_and_only_what_it_opened(yuntu, his):
    page, _ = opens(his)

    assert page.status_code == 200 and "测试丙" in page.text
    assert f"frame-ancestors {his.desk};" in page.headers["Content-Security-Policy"] + ";"
    assert "X-Frame-Options" not in page.headers
    own = yuntu.get("/tasks", "nurse")
    assert "frame-ancestors 'none'" in own.headers["Content-Security-Policy"]
    assert own.headers["X-Frame-Options"] == "DENY"


def test_what_is_asked_of_the_hospital_is_as_the_specification_says(yuntu, his):
    opens(his)
    asked = his.asked[-1]

    assert (asked["response_type"], asked["client_id"], asked["aud"]) == ("code", "yuntu", his.issuer)
    assert (asked["launch"], asked["code_challenge_method"]) == ("visit-7", "S256")
    assert asked["redirect_uri"] == f"{yuntu.base}/launch/back" and len(asked["state"]) >= 32


WOMEN = {
    "nobody here": ([(ID_CARD, "999999199706159999")], 404, "还没有在孕途建册"),
    "two women": ([HERS, OTHERS], 409, "不能确定是哪一位"),
    "no number that names one": ([("urn:x:bed", "7")], 422, "没有给出能确认"),
    "no number": ([], 422, "没有给出能确认"),
    "a woman of another place": ([OTHERS], 404, "不在您的机构管理范围内"),
}


@pytest.mark.parametrize("identifiers, status, said", WOMEN.values(), ids=WOMEN)
def test_no_woman_is_guessed(yuntu, his, identifiers, status, said):
    his.identifiers = identifiers
    page, _ = opens(his)

    assert (page.status_code, said in page.text) == (status, True), page.text[-800:]
    assert "测试" not in re.sub(r"<title>.*?</title>", "", page.text.split('id="main"')[1])


def test_a_name_that_the_hospital_writes_otherwise_does_not_matter(yuntu, his):
    page, _ = opens(his)

    assert "测试丙" in page.text and "另一个名字" not in page.text


PEOPLE = {
    "not mapped": ({}, "Practitioner/d2", "还没有对应到孕途账号"),
    "signed by another": ({"key": rsa.generate_private_key(65537, 2048)}, "Practitioner/d1", "没有证明您是谁"),
    "for another app": ({"claims": {"aud": "else"}}, "Practitioner/d1", "没有证明您是谁"),
    "of another sign-in": ({"claims": {"nonce": "else"}}, "Practitioner/d1", "没有证明您是谁"),
    "of another issuer": ({"claims": {"iss": "https://else.example.org"}}, "Practitioner/d1", "没有证明您是谁"),
    "expired": ({"claims": {"exp": 1_700_000_000}}, "Practitioner/d1", "没有证明您是谁"),
    "without a proof": ({"told": {"id_token": "a.b.c"}}, "Practitioner/d1", "没有证明您是谁"),
    "about nobody": ({"told": {"patient": None}}, "Practitioner/d1", "没有说明是哪位患者"),
    "refused": ({"told": {"status": 400}}, "Practitioner/d1", "没有回答（HTTP 400）"),
    "sent elsewhere": (
        {"described": {"token_endpoint": "http://127.0.0.1:9/token"}},
        "Practitioner/d1",
        "不是它自己的",
    ),
}


@pytest.mark.parametrize("changes, user, said", PEOPLE.values(), ids=PEOPLE)
def test_nobody_comes_in_who_is_not_proven(yuntu, his, changes, user, said):
    his.changes, his.user = changes, user
    page, browser = opens(his)

    assert page.status_code in (403, 502) and said in page.text, page.text[-800:]
    assert "yuntu_framed" not in {cookie.name for cookie in browser.cookies}


def test_a_system_that_is_not_registered_opens_nothing(yuntu, his):
    page, _ = opens(his, iss="https://else.example.org/fhir")
    assert page.status_code == 403 and "没有登记这家医院的系统" in page.text
    page, _ = opens(his, launch="")
    assert page.status_code == 400 and "缺少 launch" in page.text


def test_a_sign_in_is_ended_once_and_by_the_browser_that_began_it(yuntu, his):
    victim, thief = requests.Session(), requests.Session()
    first = thief.get(f"{his.yuntu}/launch", params={"iss": his.issuer, "launch": "x"}, allow_redirects=False)
    at_his = requests.get(first.headers["Location"], allow_redirects=False)
    back = at_his.headers["Location"]
    assert parse_qs(urlsplit(back).query)["state"]

    assert "这次打开已失效" in victim.get(back).text
    assert "测试丙" in follow(thief, at_his).text
    assert "这次打开已失效" in follow(thief, at_his).text


def test_names_of_two_accounts_let_nobody_in(yuntu, his):
    people = yuntu.services.people
    people.map_person(his.issuer, "urn:his:staff|0815", "village", "test")
    try:
        page, _ = opens(his)
        assert page.status_code == 403 and "对应着两个账号" in page.text
    finally:
        people.unmap_person(his.issuer, "urn:his:staff|0815")


def test_nobody_of_another_organisation_is_mapped(yuntu, his):
    with pytest.raises(EngineError, match="not of that hospital"):
        yuntu.services.people.map_person(his.issuer, "Practitioner/d9", "county", "test")


def test_who_came_in_is_out_when_the_hospital_is_switched_off(yuntu, his):
    page, browser = opens(his)
    assert page.status_code == 200
    kept = {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)}
    yuntu.services.people.switch_hospital(his.issuer, False)
    try:
        gone = requests.get(f"{his.yuntu}/tasks", headers=kept, allow_redirects=False)
        assert gone.status_code == 302 and "/sign-in" in gone.headers["Location"]
        assert opens(his)[0].status_code == 403
    finally:
        yuntu.services.people.switch_hospital(his.issuer, True)


def test_every_way_in_is_in_the_audit_without_a_token(yuntu, his, caplog):
    opens(his)
    with yuntu.pool.connection() as conn:
        rows = conn.execute(
            "SELECT actor_id, detail ->> 'hospital' FROM audit WHERE action = 'sign-in' AND detail ? 'hospital'"
        ).fetchall()

    assert ("nurse", his.issuer) in rows
    assert "his-token" not in caplog.text and "999999199706150043" not in caplog.text
