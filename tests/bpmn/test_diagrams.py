"""Every diagram and table of the pathway, as a whole."""

import re
from pathlib import Path

import pytest
from lxml import etree

from engine.dmn import read_decisions
from engine.dmn.cases import check_cases
from engine.model import read_bpmn
from engine.model.elements import Kind
from workflows.regions import load_pack

BPMN = Path(__file__).parents[2] / "bpmn"
DIAGRAMS = sorted(BPMN.glob("*.bpmn"))
TABLES = sorted((BPMN / "decisions").glob("*.dmn"))
POLICY = load_pack("cn-baseline").policy()
NS = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "wp": "http://www.omg.org/spec/DD/20100524/DI",
    "zeebe": "http://camunda.org/schema/zeebe/1.0",
    "yuntu": "urn:yuntu:bpmn:1",
}


def names(paths):
    return [path.stem for path in paths]


def policy_paths(text):
    return set(re.findall(r"policy((?:\.[a-z_0-9]+)+)", text))


def has(values, path):
    for part in path.strip(".").split("."):
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True


@pytest.mark.parametrize("path", DIAGRAMS, ids=names(DIAGRAMS))
def test_the_process_is_called_as_its_file(path):
    assert list(read_bpmn(path.read_bytes()).processes) == [path.stem]


@pytest.mark.parametrize("path", DIAGRAMS, ids=names(DIAGRAMS))
def test_every_user_task_says_in_both_languages_what_to_do_by_what_source_and_when(path):
    for task in etree.parse(path).iterfind(".//bpmn:userTask", NS):
        text = task.findtext("bpmn:documentation", "", NS)
        assert re.search(r"[一-鿿]", task.get("name")), task.get("id")
        assert re.search(r"[一-鿿]", text) and re.search(r"[a-z]{4}", text), task.get("id")
        assert task.find(".//yuntu:source", NS) is not None, task.get("id")
        assert task.find(".//zeebe:taskSchedule", NS).get("dueDate"), task.get("id")


@pytest.mark.parametrize("path", DIAGRAMS, ids=names(DIAGRAMS))
def test_every_user_task_has_an_owner(path):
    for process in read_bpmn(path.read_bytes()).processes.values():
        for element in process.every():
            if element.kind is Kind.USER_TASK:
                owned = element.work.candidate_groups or element.work.lanes
                placed = element.work.organisation or any(lane.organisation for lane in element.work.lanes)
                assert owned and placed, element.id


@pytest.mark.parametrize("path", DIAGRAMS, ids=names(DIAGRAMS))
def test_everything_is_drawn(path):
    tree = etree.parse(path)
    drawn = {shape.get("bpmnElement") for shape in tree.iterfind(".//di:BPMNShape", NS)}
    lines = {edge.get("bpmnElement") for edge in tree.iterfind(".//di:BPMNEdge", NS)}
    nodes = [
        n for n in tree.iterfind(".//bpmn:process//*[@id]", NS) if n.getparent().tag.endswith(("process", "subProcess"))
    ]

    assert {n.get("id") for n in nodes if n.tag.endswith("sequenceFlow")} == lines
    assert {n.get("id") for n in nodes if not n.tag.endswith(("sequenceFlow", "laneSet"))} <= drawn


def boxes(tree):
    """Element id -> left, top, right, bottom as it is drawn."""
    found = {}
    for shape in tree.iterfind(".//di:BPMNShape", NS):
        x, y, width, height = (float(shape.find("dc:Bounds", NS).get(k)) for k in ("x", "y", "width", "height"))
        found[shape.get("bpmnElement")] = (x, y, x + width, y + height)
    return found


@pytest.mark.parametrize("path", DIAGRAMS, ids=names(DIAGRAMS))
def test_every_line_begins_and_ends_at_what_it_joins_and_every_boundary_event_sits_on_its_host(path):
    tree = etree.parse(path)
    drawn = boxes(tree)
    flows = {flow.get("id"): flow for flow in tree.iterfind(".//bpmn:sequenceFlow", NS)}
    for edge in tree.iterfind(".//di:BPMNEdge", NS):
        flow = flows.get(edge.get("bpmnElement"))
        points = [(float(point.get("x")), float(point.get("y"))) for point in edge.iterfind("wp:waypoint", NS)]
        for (x, y), end in () if flow is None else ((points[0], "sourceRef"), (points[-1], "targetRef")):
            left, top, right, bottom = drawn[flow.get(end)]
            assert left - 2 <= x <= right + 2 and top - 2 <= y <= bottom + 2, flow.get("id")
    for event in tree.iterfind(".//bpmn:boundaryEvent", NS):
        (left, top, right, bottom), host = drawn[event.get("id")], drawn[event.get("attachedToRef")]
        x, y = (left + right) / 2, (top + bottom) / 2
        assert host[0] - 1 <= x <= host[2] + 1 and host[1] - 1 <= y <= host[3] + 1, event.get("id")


@pytest.mark.parametrize("path", [*DIAGRAMS, *TABLES], ids=names([*DIAGRAMS, *TABLES]))
def test_every_rule_that_is_read_stands_in_the_pack(path):
    unknown = {found for found in policy_paths(path.read_text(encoding="utf-8")) if not has(POLICY, found)}

    assert unknown == set()


def test_every_rule_in_the_pack_that_diagrams_may_read_is_read_somewhere():
    text = "".join(path.read_text(encoding="utf-8") for path in [*DIAGRAMS, *TABLES])
    read = {path.strip(".").split(".")[0] for path in policy_paths(text)}

    assert set(POLICY) - read == {
        "pack",
        "pack_version",
        "screening_recommended",
        "redate_table",
        "routing",
        "early_until_days",
        "responsible_doctor",
        "edd_rule",
        "age_reference",
        "assessor_orgs",
        "viable_from_weeks",
        "screen_positive_to",
        "suitability_title",
    }  # these are read beside forms


@pytest.mark.parametrize("path", TABLES, ids=names(TABLES))
def test_the_cases_beside_a_table_hold(path):
    cases = path.with_suffix(".cases.csv")

    assert check_cases(read_decisions(path.read_bytes()), cases.read_text(encoding="utf-8")) == []
