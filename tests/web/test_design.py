"""The drawing board's server side: the gate, going live, and instances that stay where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.conftest import csrf_of
from tests.web.markup import assert_sound

KEY = "pregnancy_journey"


def send(site, where, xml, who="designer"):
    client = site.client(who)
    headers = {"X-CSRF-Token": csrf_of(client.get("/design")), "Content-Type": "application/xml"}
    return client.post(f"/design/{where}", data=xml, headers=headers)


def drawn(site, key=KEY, version=1):
    answer = site.get(f"/design/{key}/{version}.bpmn", "designer")
    assert answer.mimetype == "application/xml"
    return answer.get_data()


def test_the_list_shows_every_process_with_its_running_instances(shown):
    html = shown.get("/design", "designer").get_data(as_text=True)

    shipped = sum(path.read_text(encoding="utf-8").count("<bpmn:process ") for path in Path("bpmn").glob("*.bpmn"))
    assert "孕产全程" in html and "v1: 4" in html and html.count('class="open"') == shipped
    visits = html.split("<code>antenatal_visits</code>")[1].split("</tr>")[0]
    assert "随调用它的流程运行" in visits and "孕产全程" in visits


def test_the_shipped_diagram_passes_the_gate_as_it_is(shown):
    answer = send(shown, "check", drawn(shown))

    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.json["deployed"] == [{"kind": "process", "key": KEY, "version": 1, "created": False}]


@pytest.mark.parametrize("where", ["check", "deploy"])
def test_what_cannot_run_is_refused_at_its_element_and_nothing_is_stored(site, where):
    broken = (
        drawn(site, "registration")
        .replace(b'id="task_register"', b'id="task_register" yuntu="x"')
        .replace(b"</bpmn:process>", b'<bpmn:complexGateway id="gateway_odd" /></bpmn:process>')
    )

    answer = send(site, where, broken)

    assert answer.status_code == 422
    finding = next(p for p in answer.json["problems"] if p["element_id"] == "gateway_odd")
    assert finding["severity"] == "error" and finding["message"]["zh"] and finding["message"]["en"]
    assert site.get("/design/registration/2.bpmn", "designer").status_code == 404


def test_a_dead_end_is_shown_at_its_element_before_anything_goes_live(site):
    stuck = (
        drawn(site, "registration")
        .replace(
            b"</bpmn:process>",
            b'<bpmn:startEvent id="start_2"><bpmn:outgoing>f_1</bpmn:outgoing><bpmn:outgoing>f_2</bpmn:outgoing>'
            b'<bpmn:messageEventDefinition id="d_2" messageRef="m_2"/></bpmn:startEvent>'
            b'<bpmn:sequenceFlow id="f_1" sourceRef="start_2" targetRef="choose_2"/>'
            b'<bpmn:exclusiveGateway id="choose_2" default="f_4"><bpmn:incoming>f_1</bpmn:incoming>'
            b"<bpmn:outgoing>f_3</bpmn:outgoing><bpmn:outgoing>f_4</bpmn:outgoing></bpmn:exclusiveGateway>"
            b'<bpmn:sequenceFlow id="f_3" sourceRef="choose_2" targetRef="join_2"><bpmn:conditionExpression>=a = 1'
            b"</bpmn:conditionExpression></bpmn:sequenceFlow>"
            b'<bpmn:sequenceFlow id="f_4" sourceRef="choose_2" targetRef="join_2"/>'
            b'<bpmn:parallelGateway id="join_2"/><bpmn:sequenceFlow id="f_5" sourceRef="join_2" targetRef="end_2"/>'
            b'<bpmn:endEvent id="end_2"/></bpmn:process><bpmn:message id="m_2" name="message_stuck"/>',
        )
        .replace(b"<bpmn:outgoing>f_2</bpmn:outgoing>", b"")
    )

    answer = send(site, "check", stuck)

    assert answer.status_code == 200, answer.text
    found = [p for p in answer.json["problems"] if p["code"].startswith("soundness-")]
    assert any(p["element_id"] == "join_2" and p["severity"] == "warning" and p["message"]["zh"] for p in found), found


def test_a_change_goes_live_as_version_two_and_running_cases_stay_on_version_one(site):
    changed = drawn(site).replace("孕产全程".encode(), "孕产全程（试）".encode(), 1)

    answer = send(site, "deploy", changed)

    assert answer.status_code == 201, answer.get_data(as_text=True)
    assert answer.json["deployed"][0] == {"kind": "process", "key": KEY, "version": 2, "created": True}
    assert "v1: 4" in site.get("/design", "designer").get_data(as_text=True)
    assert drawn(site, version=2) == changed
    later = site.woman("nurse")
    html = site.get("/design", "designer").get_data(as_text=True)
    assert "v1: 4" in html and "v2: 1" in html
    assert site.get(f"/pregnancies/{later.pregnancy_id}", "nurse").status_code == 200


@pytest.mark.parametrize("xml", [b"", b"nonsense", b"<a/>", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", b"\x00"])
def test_what_is_no_diagram_is_refused_in_both_languages(shown, xml):
    answer = send(shown, "check", xml)

    assert answer.status_code in (400, 422)
    message = answer.json["message"] if "message" in answer.json else answer.json["problems"][0]["message"]
    assert message["zh"] and message["en"]


def test_only_a_designer_sends_anything_to_the_gate(shown):
    client = shown.client("it")
    headers = {"X-CSRF-Token": csrf_of(client.get("/design"))}

    for where in ("check", "deploy"):
        assert client.post(f"/design/{where}", data=drawn(shown), headers=headers).status_code == 403


def test_it_may_look_at_a_diagram_without_the_buttons(shown):
    answer = shown.get(f"/design/{KEY}", "it")

    assert_sound(answer)
    assert 'id="deploy"' not in answer.get_data(as_text=True)
