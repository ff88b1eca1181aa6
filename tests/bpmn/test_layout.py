"""Every plane of every diagram is one that a clinician reads on one screen, and what makes it so is noticed."""

from pathlib import Path

import pytest
from lxml import etree

from engine.model import read_bpmn
from workflows.drawings import planes
from workflows.drawings.layout import SCREEN, findings

BPMN = Path(__file__).parents[2] / "bpmn"
DIAGRAMS = sorted(BPMN.glob("*.bpmn"))
DI = {"di": "http://www.omg.org/spec/BPMN/20100524/DI", "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL"}


@pytest.mark.parametrize("path", DIAGRAMS, ids=[path.stem for path in DIAGRAMS])
def test_every_plane_fits_a_screen_and_is_laid_out_as_by_hand(path):
    for plane in planes(path.read_bytes()):
        assert findings(plane) == [], plane.id


def test_a_screen_is_the_figure_that_the_page_for_clinicians_gives():
    page = (BPMN.parent / "docs" / "pathway" / "README.md").read_text(encoding="utf-8")

    assert f"{SCREEN[0]} × {SCREEN[1]}" in page


@pytest.mark.parametrize("path", DIAGRAMS, ids=[path.stem for path in DIAGRAMS])
def test_each_element_is_drawn_once_and_a_sub_process_with_a_plane_of_its_own_is_collapsed(path):
    tree = etree.parse(path)
    drawn = [shape.get("bpmnElement") for shape in tree.iterfind(".//di:BPMNShape", DI)]
    assert len(drawn) == len(set(drawn))

    own = {plane.get("bpmnElement") for plane in tree.iterfind(".//di:BPMNPlane", DI)}
    for shape in tree.iterfind(".//di:BPMNShape", DI):
        sub = tree.find(f".//bpmn:subProcess[@id='{shape.get('bpmnElement')}']", DI)
        if sub is not None:
            assert (shape.get("isExpanded") == "false") == (sub.get("id") in own), sub.get("id")


# What each rule is for, on a drawing small enough to see: three shapes in a row, and one thing put wrong.
TEMPLATE = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI"
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:dd="http://www.omg.org/spec/DD/20100524/DI">
<process id="p">
<startEvent id="s" name="开始"/><userTask id="a" name="办理"/>
<exclusiveGateway id="g" name="{gateway}"/><endEvent id="e"/><userTask id="b" name="{other}"/>
<sequenceFlow id="s_a" sourceRef="s" targetRef="a"/><sequenceFlow id="a_g" sourceRef="a" targetRef="g"/>
<sequenceFlow id="g_e" sourceRef="g" targetRef="e" name="是"/>
<sequenceFlow id="g_b" sourceRef="g" targetRef="b"/></process>
<di:BPMNDiagram><di:BPMNPlane bpmnElement="p">
<di:BPMNShape bpmnElement="s"><dc:Bounds x="100" y="102" width="36" height="36"/></di:BPMNShape>
<di:BPMNShape bpmnElement="a"><dc:Bounds x="200" y="80" width="100" height="80"/></di:BPMNShape>
<di:BPMNShape bpmnElement="g"><dc:Bounds x="375" y="95" width="50" height="50"/>
<di:BPMNLabel><dc:Bounds x="375" y="{gateway_label}" width="50" height="14"/></di:BPMNLabel></di:BPMNShape>
<di:BPMNShape bpmnElement="e"><dc:Bounds x="{end}" y="102" width="36" height="36"/></di:BPMNShape>
<di:BPMNShape bpmnElement="b"><dc:Bounds x="{b_x}" y="{b_y}" width="100" height="80"/></di:BPMNShape>
<di:BPMNEdge bpmnElement="s_a"><dd:waypoint x="136" y="120"/><dd:waypoint x="200" y="120"/></di:BPMNEdge>
<di:BPMNEdge bpmnElement="a_g"><dd:waypoint x="300" y="120"/>{bend}<dd:waypoint x="375" y="120"/></di:BPMNEdge>
<di:BPMNEdge bpmnElement="g_e"><dd:waypoint x="425" y="120"/><dd:waypoint x="{end}" y="120"/>
<di:BPMNLabel><dc:Bounds x="440" y="{flow_label}" width="12" height="14"/></di:BPMNLabel></di:BPMNEdge>
<di:BPMNEdge bpmnElement="g_b"><dd:waypoint x="400" y="145"/>{way}</di:BPMNEdge>
</di:BPMNPlane></di:BPMNDiagram></definitions>"""
WELL = {
    **{"gateway": "够吗？", "other": "补办", "gateway_label": 72, "end": 500, "b_x": 460, "b_y": 200, "bend": ""},
    **{"flow_label": 102, "way": '<dd:waypoint x="400" y="240"/><dd:waypoint x="460" y="240"/>'},
}
BACK = '<dd:waypoint x="400" y="240"/><dd:waypoint x="160" y="240"/>'
ACROSS = '<dd:waypoint x="400" y="60"/><dd:waypoint x="340" y="60"/><dd:waypoint x="340" y="200"/>'


def said(**wrong):
    (plane,) = planes(TEMPLATE.format(**{**WELL, **wrong}).encode())
    return findings(plane)


def test_a_drawing_that_is_well_laid_out_has_no_findings():
    assert said() == []


@pytest.mark.parametrize(
    "wrong, expected",
    [
        ({"end": 1700}, "p is 1636 x 208, a screen 1600 x 900"),
        ({"b_x": 480, "b_y": 110}, "e lies on b"),
        ({"b_x": 320, "b_y": 100}, "a_g runs through b"),
        ({"b_x": 60, "b_y": 200, "way": BACK}, "g_b runs from right to left"),
        ({"b_x": 290, "b_y": 200, "way": ACROSS}, "a_g crosses g_b"),
        ({"bend": '<dd:waypoint x="340" y="128"/>'}, "a_g slants"),
        ({"gateway_label": 118}, "the name of g lies on g"),
        ({"flow_label": 112}, "the name of g_e lies on the line g_e"),
        ({"gateway": "这一次检查够不够？要不要再问一问她本人的意见", "gateway_label": 66}, "the name of g lies on g"),
        (
            {"other": "这一步的名字写得太长了，" * 4},
            "the name of b does not fit",
        ),
    ],
)
def test_what_makes_a_drawing_hard_to_read_is_named(wrong, expected):
    assert expected in said(**wrong)


@pytest.mark.parametrize("path", DIAGRAMS, ids=[path.stem for path in DIAGRAMS])
def test_nothing_that_executes_stands_in_the_drawing(path):
    tree = etree.parse(path)
    for drawing in tree.iterfind(".//di:BPMNDiagram", DI):
        drawing.getparent().remove(drawing)

    assert read_bpmn(etree.tostring(tree)).processes == read_bpmn(path.read_bytes()).processes
