"""Small diagrams by hand: a head, elements, and flows as `id: source -> target [condition]`."""

from __future__ import annotations

from xml.sax.saxutils import escape

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" targetNamespace="http://example.org/t">'
)


def process(
    elements: str, *flows: tuple[str, str, str] | tuple[str, str, str, str], messages: str = "", key: str = "p"
) -> bytes:
    drawn = "".join(_flow(*flow) for flow in flows)
    body = f'<bpmn:process id="{key}" isExecutable="true">{elements}{drawn}</bpmn:process>'
    return f"{HEAD}{messages}{body}</bpmn:definitions>".encode()


def _flow(flow_id: str, source: str, target: str, condition: str | None = None) -> str:
    inner = "" if condition is None else f"<bpmn:conditionExpression>={escape(condition)}</bpmn:conditionExpression>"
    return f'<bpmn:sequenceFlow id="{flow_id}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


START, END = '<bpmn:startEvent id="start"/>', '<bpmn:endEvent id="end"/>'


def task(task_id: str, inner: str = "") -> str:
    return f'<bpmn:userTask id="{task_id}">{inner}</bpmn:userTask>'


def timer(event_id: str, attached_to: str, duration: str, *, interrupting: bool) -> str:
    cancel = "true" if interrupting else "false"
    return (
        f'<bpmn:boundaryEvent id="{event_id}" attachedToRef="{attached_to}" cancelActivity="{cancel}">'
        f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:boundaryEvent>"
    )
