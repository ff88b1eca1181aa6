"""A diagram of several planes in every place that shows one, the page of a process, and files drawn by others."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from engine.commands.contracts import PublishMessage
from engine.rehearsal.drawing import diagram, end, process, start, sub, user
from runtime.start import INSTALLER
from tests.web.conftest import served
from tests.web.markup import assert_sound
from tests.web.test_design import drawn, send
from tests.web.visitor import visitor

OPENS = ".bjs-drilldown"
CLAIMS = "start -> read; read -> done"


def shape(element):
    return f'[data-element-id="{element}"]'


def into(page, element):
    """The arrow at a collapsed sub-process."""
    page.locator(f'.djs-overlays[data-container-id="{element}"] {OPENS}').click()


def shade_of(page, element):
    """How dark a shape is; the plane of the element must be the open one."""
    return re.search(r"shade-(\d)", page.locator(shape(element)).get_attribute("class"))[1]


def foreign(key):
    """A file without a drawing, as a generator of another tool writes it."""
    return diagram(process(key, start("start"), user("read", name="看一看"), end("done"), CLAIMS))


def with_planes(key, planes):
    """The same with a drawing: `planes` in this order, each the id of what it draws."""
    inside = sub(
        "sub", start("begin"), user("deep", name="深处"), end("left"), "begin -> deep; deep -> left", name="里面"
    )
    xml = diagram(process(key, start("start"), inside, end("done"), "start -> sub; sub -> done")).decode()
    boxes = {
        key: (
            ("start", 100, 100, 36, 36, ""),
            ("sub", 200, 78, 100, 80, ' isExpanded="false"'),
            ("done", 400, 100, 36, 36, ""),
        ),
        "sub": (("begin", 120, 142, 36, 36, ""), ("deep", 220, 120, 100, 80, ""), ("left", 400, 142, 36, 36, "")),
    }
    shapes = {
        plane: "".join(
            f'<b:BPMNShape id="{key}_{one}_di" bpmnElement="{one}"{more}>'
            f'<c:Bounds x="{x}" y="{y}" width="{w}" height="{h}"/></b:BPMNShape>'
            for one, x, y, w, h, more in boxes[plane]
        )
        for plane in planes
    }
    drawings = "".join(
        f'<b:BPMNDiagram id="d{n}"><b:BPMNPlane id="p{n}" bpmnElement="{plane}">{shapes[plane]}</b:BPMNPlane>'
        "</b:BPMNDiagram>"
        for n, plane in enumerate(planes)
    )
    names = 'xmlns:b="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:c="http://www.omg.org/spec/DD/20100524/DC"'
    return (
        xml.replace("<definitions ", f"<definitions {names} ", 1)
        .replace("</definitions>", f"{drawings}</definitions>")
        .encode()
    )


@pytest.mark.browser
def test_where_she_stands_is_told_on_the_collapsed_sub_process_and_inside_it(shown, chromium):
    task = shown.task("task_screen")
    with served(shown) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        person.goto(f"/pregnancies/{task.business_key}")
        page = person.page
        expect(page.locator("#diagram[data-ready]")).to_be_visible()
        expect(page.locator(f"{shape('event_prenatal')}.is-now")).to_be_visible()
        expect(page.locator('.djs-overlays[data-container-id="event_prenatal"] .tokens')).to_have_text("1")
        expect(page.locator(f"{shape('call_risk_screening')}.is-now")).to_be_visible()
        person.check()

        into(page, "event_prenatal")
        expect(page.locator('#diagram[data-plane="event_prenatal"]')).to_be_visible()
        expect(page.locator(f"{shape('call_prenatal_screening')}.is-now")).to_be_visible()
        expect(page.locator(shape("call_risk_screening"))).to_be_hidden()
        crumbs = page.locator(".bjs-breadcrumbs").bounding_box()
        top = page.locator(f"{shape('call_prenatal_screening')} .djs-visual").bounding_box()
        assert crumbs["y"] + crumbs["height"] <= top["y"], "the way back covers nothing"
        person.check()

        page.locator(".bjs-breadcrumbs a").first.click()
        expect(page.locator('#diagram[data-plane="pregnancy_journey"]')).to_be_visible()


@pytest.mark.browser
def test_the_longest_stay_inside_shades_the_collapsed_shape(shown, chromium):
    with served(shown) as base, visitor(chromium, base) as person:
        person.sign_in("designer", shown.passwords["designer"])
        person.goto("/design/pregnancy_journey/1/statistics")
        page = person.page
        expect(page.locator("#diagram[data-ready]")).to_be_visible()
        outside = shade_of(page, "event_prenatal")
        expect(page.locator('.djs-overlays[data-container-id="event_prenatal"] .figure')).to_have_text("里面 1 在办")
        expect(page.locator('.djs-overlays[data-container-id="call_registration"] .figure')).to_contain_text("3 在办")
        person.check()
        into(page, "event_prenatal")
        assert shade_of(page, "call_prenatal_screening") == outside


@pytest.mark.browser
def test_both_versions_go_into_a_sub_process_together(site, chromium):
    changed = drawn(site).replace('name="产前筛查"'.encode(), 'name="产前筛查（试）"'.encode(), 1)
    changed = changed.replace(b'id="call_prenatal_screening"', b'id="call_screening_again"').replace(
        b'"call_prenatal_screening"', b'"call_screening_again"'
    )
    assert send(site, "deploy", changed).status_code == 201
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("designer", site.passwords["designer"])
        person.goto("/design/pregnancy_journey/1/migration?to=2")
        pair = person.page.locator('[data-pair][aria-label$="pregnancy_journey"][data-ready="true"]')
        old, new = pair.locator('[data-side="old"]'), pair.locator('[data-side="new"]')
        inside = old.locator('.djs-overlays[data-container-id="event_prenatal"] .joint').last
        expect(inside).to_have_text("⊞ 1")
        expect(inside).to_have_class(re.compile("joint--to"))
        person.page.select_option('select[name="map:pregnancy_journey:call_prenatal_screening"]', "")
        expect(inside).to_have_class(re.compile("joint--gone"))

        into(old, "event_prenatal")
        expect(new).to_have_attribute("data-plane", "event_prenatal")
        expect(new.locator(shape("call_screening_again"))).to_be_visible()
        old.locator(f"{shape('call_prenatal_screening')} .djs-hit").first.click()
        new.locator(f"{shape('call_screening_again')} .djs-hit").first.click()
        expect(pair.locator("[data-said]")).to_contain_text("call_prenatal_screening 对应到 call_screening_again")
        person.check()


@pytest.mark.browser
def test_the_drawing_board_counts_and_finds_on_every_plane(site, chromium):
    case = site.task("task_screen").business_key
    proposed = PublishMessage(name="message_redating_proposed", key=case, payload={"proposed_edd": "2026-08-20"})
    site.services.engine.execute(proposed, by=INSTALLER)
    problem = {
        "element_id": "call_prenatal_screening",
        "element_type": "callActivity",
        "code": "x",
        "severity": "error",
    }
    said = {"problems": [{**problem, "message": {"zh": "试", "en": "try"}}], "deployed": []}
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("designer", site.passwords["designer"])
        person.goto("/design/pregnancy_journey")
        page = person.page
        expect(page.locator("#designer[data-ready]")).to_be_visible()
        expect(page.locator('.djs-overlays[data-container-id="event_redating"] .mark--count')).to_have_text("1")
        page.route("**/design/check", lambda route: route.fulfill(status=422, json=said))
        page.click("#check")
        expect(page.locator(f"{shape('event_prenatal')}.finding--error")).to_be_visible()
        page.locator("#findings-list button").click()
        expect(page.locator('#designer[data-plane="event_prenatal"]')).to_be_visible()
        expect(page.locator(f"{shape('call_prenatal_screening')}.finding--error")).to_be_visible()
        person.check()


@pytest.mark.browser
def test_files_of_others_open_with_no_plane_one_inside_first_or_several(site, chromium):
    both = with_planes("two_first", ["two_first", "sub"])
    files = {
        "no_plane": foreign("no_plane"),
        "inside_first": with_planes("inside_first", ["sub", "inside_first"]),
        "two_first": both,
    }
    for key, xml in files.items():
        answer = send(site, "deploy", xml)
        assert answer.status_code == 201, (key, answer.text)
    with served(site) as base, visitor(chromium, base) as person:
        person.sign_in("designer", site.passwords["designer"])
        page = person.page
        for key, first, deep in (
            ("no_plane", "read", None),
            ("inside_first", "sub", "deep"),
            ("two_first", "sub", "deep"),
        ):
            for address, ready in (
                (f"/pathway/{key}", "#diagram[data-ready]"),
                (f"/design/{key}", "#designer[data-ready]"),
            ):
                person.goto(address)
                expect(page.locator(ready)).to_be_visible()
                expect(page.locator(shape(first))).to_be_visible()
                if deep:
                    into(page, first)
                    expect(page.locator(shape(deep))).to_be_visible()
                person.check()


@pytest.mark.browser
def test_what_is_no_drawing_at_all_is_said(shown, chromium):
    with served(shown) as base, visitor(chromium, base) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        person.page.route("**/*.bpmn", lambda route: route.fulfill(status=200, body="<nothing/>"))
        person.goto("/pathway/registration")
        expect(person.page.locator("#diagram")).to_have_text("无法打开这个图")
        person.check()


def test_every_process_has_its_page_with_steps_clocks_and_sources(shown):
    listed = shown.get("/pathway", "nurse")
    assert_sound(listed)
    keys = re.findall(r'href="/pathway/(\w+)"', listed.text)
    assert keys[0] == "pregnancy_journey" and len(set(keys)) == len(keys) > 50
    assert keys.index("pregnancy_lead") < keys.index("antenatal_visits") < keys.index("closure"), "by their stage"

    page = shown.get("/pathway/suitability", "nurse")

    assert_sound(page)
    for said in (
        "适宜性评估",
        "R-OB-AC",
        "T-12",
        "3 天",
        "[seed:003 3]",
        "拒绝建议，加强随访",
        "/design/suitability/1.bpmn",
    ):
        assert said in page.text, said
    assert 'href="/pathway/lost_contact"' in shown.get("/pathway/antenatal_visits?version=1", "village").text
    for missing in ("/pathway/nothing", "/pathway/suitability?version=9"):
        assert shown.get(missing, "nurse").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_a_process_is_found_from_the_menu_and_is_accessible(shown, chromium, lang):
    with served(shown) as base, visitor(chromium, base, lang=lang) as person:
        person.sign_in("nurse", shown.passwords["nurse"])
        person.page.locator(".menu summary").click()
        person.page.locator('.menu a[href="/pathway"]').click()
        person.check()
        person.goto("/pathway/pregnancy_journey")
        expect(person.page.locator("#diagram[data-ready]")).to_be_visible()
        person.check()
