"""The diagrams that trials run, put together from small pieces."""

from __future__ import annotations

from itertools import pairwise

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:yuntu="urn:yuntu:bpmn:1" id="trial" targetNamespace="trial">
"""
START, END = '<bpmn:startEvent id="start"/>', '<bpmn:endEvent id="end"/>'


def diagram(key: str, inside: str, outside: str = "") -> bytes:
    """`outside`: messages."""
    process = f'<bpmn:process id="{key}" isExecutable="true">{inside}</bpmn:process>'
    return f"{HEAD}{outside}{process}</bpmn:definitions>".encode()


def flow(source: str, target: str, condition: str = "") -> str:
    inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    place = f'id="flow_{source}_{target}" sourceRef="{source}" targetRef="{target}"'
    return f"<bpmn:sequenceFlow {place}>{inside}</bpmn:sequenceFlow>"


def chain(*ids: str) -> str:
    return "".join(flow(a, b) for a, b in pairwise(ids))


def _extended(tag: str, id: str, extension: str, inside: str = "", attributes: str = "") -> str:
    extensions = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else ""
    return f'<bpmn:{tag} id="{id}"{attributes}>{extensions}{inside}</bpmn:{tag}>'


def user_task(id: str, extension: str = "", inside: str = "") -> str:
    return _extended("userTask", id, extension, inside)


def service_task(id: str, type: str, retries: int = 3) -> str:
    return _extended("serviceTask", id, f'<zeebe:taskDefinition type="{type}" retries="{retries}"/>')


def script(id: str, expression: str, result: str) -> str:
    return _extended("scriptTask", id, f'<zeebe:script expression="={expression}" resultVariable="{result}"/>')


def gateway(id: str, kind: str = "exclusive", default: str = "") -> str:
    chosen = f' default="{default}"' if default else ""
    return f'<bpmn:{kind}Gateway id="{id}"{chosen}/>'


def timer(kind: str, text: str) -> str:
    """`kind`: timeDate, timeDuration or timeCycle."""
    return f"<bpmn:timerEventDefinition><bpmn:{kind}>{text}</bpmn:{kind}></bpmn:timerEventDefinition>"


def listening(message: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="{message}"/>'


def catch(id: str, definition: str) -> str:
    return f'<bpmn:intermediateCatchEvent id="{id}">{definition}</bpmn:intermediateCatchEvent>'


def boundary(id: str, attached: str, definition: str, *, interrupting: bool) -> str:
    place = f'id="{id}" attachedToRef="{attached}" cancelActivity="{str(interrupting).lower()}"'
    return f"<bpmn:boundaryEvent {place}>{definition}</bpmn:boundaryEvent>"


def message(id: str, name: str, key: str) -> str:
    """For outside the process. `key`: FEEL."""
    subscription = f'<zeebe:subscription correlationKey="={key}"/>'
    return _extended("message", id, subscription, attributes=f' name="{name}"')
