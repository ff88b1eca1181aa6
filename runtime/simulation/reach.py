"""Which elements and tasks of the shipped diagrams a county has gone through.

Read of the diagrams on disk and of the history, whoever was moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from psycopg import Connection

from workflows.regions import Pack

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
CALLED = "{http://camunda.org/schema/zeebe/1.0}calledElement"
FOLDER = Path(__file__).resolve().parents[2] / "bpmn"
FLOW_NODES = frozenset(
    {
        *("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"),
        *("userTask", "serviceTask", "sendTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess"),
        *("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"),
    }
)
# Where an element was: in the process called last on its way, else in the instance's own.
VISITED = """
SELECT DISTINCT i.definition_key, h.element_id, substring(h.path from '.*(call_[a-z0-9_]+)[^/]*/')
  FROM history h JOIN instance i ON i.region_id = h.region_id AND i.id = h.instance_id
"""
DONE = """
SELECT element_id, count(*) FROM user_task WHERE state = 'completed' GROUP BY 1
"""


# Tasks that a region asks for by a value of its pack; without it nobody has them to do.
RULES: Mapping[str, str] = {
    "task_confirm_appointment": "appointments.enabled",
    "task_expert_plan": "casefile.expert_panel_colours",
    "task_meet_face_to_face": "casefile.face_to_face_once",
    "task_near_miss_county": "review.near_miss.county_months",
    "task_near_miss_rectified": "review.near_miss.county_months",
    "task_phone_death": "death.phone_within",
    "task_remind_scan": "prenatal_tests.structural_scan",
    "task_structural_scan": "prenatal_tests.structural_scan",
    "task_thalassaemia": "prenatal_tests.thalassaemia",
    **dict.fromkeys(("task_sweep", "task_remind_sweep", "task_sweep_leads", "task_sweep_received"), "sweep.enabled"),
    **dict.fromkeys(("task_focus_register", "task_focus_support"), "focus.enabled"),
    **dict.fromkeys(("task_delivery_plan", "task_urge_plan"), "focus.enabled"),
}

# Tasks that follow from what another installation sends: the simulated county has no neighbour.
FROM_OUTSIDE: Mapping[str, str] = dict.fromkeys(
    ("task_trace_no_show", "task_settle_withdrawn"), "message_referral_ended"
)


def not_asked_for(pack: Pack) -> dict[str, str]:
    """Tasks that nobody has under this pack, with the value that would ask for them, or the message from outside."""
    return {task: key for task, key in RULES.items() if not pack.value(key)} | dict(FROM_OUTSIDE)


def reach(owner: Connection[Any], pack: Pack) -> dict[str, dict[str, Any]]:
    """By diagram: how many of its elements and tasks were visited and done, and which never. `not_asked_for`: those of
    them that the region's rules do not ask for."""
    without = not_asked_for(pack)
    calls, visited = called(), defaultdict(set)
    for process, element, call in owner.execute(VISITED).fetchall():
        visited[calls.get(call, process)].add(element)
    done = dict(owner.execute(DONE).fetchall())
    return {
        process: {
            "elements": len(elements),
            "never_visited": sorted(elements - visited[process]),
            "tasks": len(tasks()[process]),
            "never_done": sorted(task for task in tasks()[process] - without.keys() if not done.get(task)),
            "not_asked_for": {task: without[task] for task in sorted(tasks()[process] & without.keys())},
        }
        for process, elements in elements_of().items()
    }


def not_entered(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Diagrams that nobody came to, though the region's rules ask for some task of theirs."""
    asked = (process for process, one in found.items() if len(one["not_asked_for"]) < max(1, one["tasks"]))
    return sorted(process for process in asked if len(found[process]["never_visited"]) == found[process]["elements"])


@cache
def elements_of() -> Mapping[str, frozenset[str]]:
    return {
        process: frozenset(node.get("id") for node in root.iter() if node.get("id") and _kind(node) in FLOW_NODES)
        for process, root in _processes().items()
    }


@cache
def tasks() -> Mapping[str, frozenset[str]]:
    return {
        process: frozenset(task.get("id") for task in root.iter(f"{BPMN}userTask"))
        for process, root in _processes().items()
    }


@cache
def called() -> Mapping[str, str]:
    """Call activity to the process that it calls."""
    found = {}
    for root in _processes().values():
        for call in root.iter(f"{BPMN}callActivity"):
            element = call.find(f".//{CALLED}")
            found[call.get("id")] = element.get("processId") if element is not None else ""
    return found


@cache
def _processes() -> Mapping[str, Any]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    roots = (etree.parse(str(path), parser).getroot() for path in sorted(FOLDER.glob("*.bpmn")))
    return {process.get("id"): process for root in roots for process in root.iter(f"{BPMN}process")}


def _kind(node: Any) -> str:
    """Of a node of BPMN; an extension may bear the same name."""
    tag = str(node.tag)
    return tag.removeprefix(BPMN) if tag.startswith(BPMN) else ""
