"""What is measured: which diagrams, which values, and how one case goes from its start to its end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from engine.commands.contracts import CompleteUserTask, StartInstance

CONTACTS = 8  # antenatal contacts of one pregnancy: engine workload W3
CONTACT_TASKS = ("weigh", "blood_pressure", "urine", "fetal_heart", "counsel", "plan_next")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="workload" targetNamespace="workload">'
)


@dataclass(frozen=True)
class Workload:
    """`start` makes the command that opens a case; `complete` the one that serves its open task. `unit`: what is
    counted, a step or a whole case."""

    name: str
    files: Mapping[str, bytes]
    start: Callable[[random.Random, UUID], StartInstance]
    complete: Callable[[random.Random, UUID], CompleteUserTask]
    counts_cases: bool = False


def _process(key: str, inside: str) -> bytes:
    return f'{HEAD}<bpmn:process id="{key}" isExecutable="true">{inside}</bpmn:process></bpmn:definitions>'.encode()


def _flow(source: str, target: str, condition: str = "") -> str:
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    flow = f'<bpmn:sequenceFlow id="flow_{source}_{target}" sourceRef="{source}" targetRef="{target}">'
    return f"{flow}{inside}</bpmn:sequenceFlow>"


def _user_task(id: str) -> str:
    groups = '<zeebe:assignmentDefinition candidateGroups="R-MIDW,R-OB"/>'
    extended = f"<bpmn:extensionElements>{groups}</bpmn:extensionElements>"
    return f'<bpmn:userTask id="{id}" name="{id}">{extended}</bpmn:userTask>'


def _escalation(task: str) -> Iterator[str]:
    """Three days, then somebody is told; the task stays."""
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    attached = f'id="late_{task}" attachedToRef="{task}" cancelActivity="false"'
    yield f"<bpmn:boundaryEvent {attached}>{timer}</bpmn:boundaryEvent>"
    yield f'<bpmn:endEvent id="told_{task}"/>'
    yield _flow(f"late_{task}", f"told_{task}")


def _contact() -> bytes:
    """Six tasks, each with its escalation; the outcome of the fourth decides which advice follows."""
    tasks = [f"task_{name}" for name in CONTACT_TASKS]
    parts = ['<bpmn:startEvent id="start"/>', _flow("start", tasks[0])]
    for task in tasks:
        parts += [_user_task(task), *_escalation(task)]
    parts += [_flow(a, b) for a, b in pairwise(tasks[:4])]
    parts += ['<bpmn:exclusiveGateway id="gateway_outcome" default="flow_gateway_outcome_script_normal"/>']
    parts += [_flow(tasks[3], "gateway_outcome"), _flow("gateway_outcome", "script_normal")]
    parts += [_flow("gateway_outcome", "script_abnormal", '=outcome = "abnormal"')]
    for kind, value in (("normal", "green"), ("abnormal", "orange")):
        script = f'<zeebe:script expression="=&quot;{value}&quot;" resultVariable="colour"/>'
        extended = f"<bpmn:extensionElements>{script}</bpmn:extensionElements>"
        parts += [f'<bpmn:scriptTask id="script_{kind}">{extended}</bpmn:scriptTask>']
        parts += [_flow(f"script_{kind}", "gateway_together")]
    parts += ['<bpmn:exclusiveGateway id="gateway_together"/>', _flow("gateway_together", tasks[4])]
    parts += [_flow(tasks[4], tasks[5]), '<bpmn:endEvent id="end"/>', _flow(tasks[5], "end")]
    return _process("contact", "".join(parts))


def _journey() -> bytes:
    """Registration, eight contacts, delivery, the check after it, closure."""
    call = '<zeebe:calledElement processId="contact"/>'
    count = '<zeebe:script expression="=contacts + 1" resultVariable="contacts"/>'
    before, after = "task_register", ("task_record_delivery", "task_check_42d", "task_close")
    parts = ['<bpmn:startEvent id="start"/>', _user_task(before), _flow("start", before)]
    parts += [_flow(before, "gateway_next"), '<bpmn:exclusiveGateway id="gateway_next"/>']
    extended = f"<bpmn:extensionElements>{call}</bpmn:extensionElements>"
    parts += [
        _flow("gateway_next", "call_contact"),
        f'<bpmn:callActivity id="call_contact">{extended}</bpmn:callActivity>',
    ]
    extended = f"<bpmn:extensionElements>{count}</bpmn:extensionElements>"
    parts += [_flow("call_contact", "script_count"), f'<bpmn:scriptTask id="script_count">{extended}</bpmn:scriptTask>']
    parts += ['<bpmn:exclusiveGateway id="gateway_enough" default="flow_gateway_enough_gateway_next"/>']
    parts += [_flow("script_count", "gateway_enough"), _flow("gateway_enough", "gateway_next")]
    parts += [_flow("gateway_enough", after[0], f"=contacts &gt;= {CONTACTS}")]
    parts += [*map(_user_task, after), _flow(after[0], after[1]), _flow(after[1], after[2])]
    parts += ['<bpmn:endEvent id="end"/>', _flow(after[2], "end")]
    return _process("antenatal", "".join(parts))


def _start_journey(chance: random.Random, instance_id: UUID) -> StartInstance:
    """About a kilobyte of values, as a case carries."""
    variables: dict[str, Any] = {
        "pregnancy_id": str(instance_id),
        "patient_id": str(UUID(int=chance.getrandbits(128))),
        "home_organisation": "org-twn-1",
        "hospital_organisation": "org-hospital",
        "county_organisation": "org-mch",
        "lmp": "2026-01-05",
        "edd": "2026-10-12",
        "contacts": 0,
        "outcome": "normal",
        "colour": "green",
        "criteria": [f"criterion_{n}" for n in range(10)],
        "policy": {f"deadline_{n}": f"P{n}D" for n in range(20)},
    }
    return StartInstance(
        definition_key="antenatal", business_key=str(instance_id), variables=variables, instance_id=instance_id
    )


def _complete_step(chance: random.Random, task_id: UUID) -> CompleteUserTask:
    outcome = "abnormal" if chance.random() < 0.2 else "normal"
    values = {"outcome": outcome, "sbp": chance.randint(95, 150), "dbp": chance.randint(60, 95), "note": "x" * 40}
    return CompleteUserTask(user_task_id=task_id, variables=values)


def _start_single(chance: random.Random, instance_id: UUID) -> StartInstance:
    variables = {f"value_{n}": "x" * 20 for n in range(16)}  # about half a kilobyte
    return StartInstance(definition_key="single", variables=variables, instance_id=instance_id)


SINGLE = _process(
    "single",
    '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>'
    + _user_task("task_a")
    + _flow("start", "task_a")
    + _flow("task_a", "end"),
)
W1 = Workload("W1", {"single.bpmn": SINGLE}, _start_single, _complete_step, counts_cases=True)
W3 = Workload("W3", {"antenatal.bpmn": _journey(), "contact.bpmn": _contact()}, _start_journey, _complete_step)
WORKLOADS = {workload.name: workload for workload in (W1, W3)}
