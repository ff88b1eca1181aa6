"""Small diagrams written in a few words: elements as functions, flows as arrows.

>>> xml = diagram(process("main", start("s"), user("a"), end("e"), "s -> a -> e"))
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HEAD = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
 xmlns:yuntu="urn:yuntu:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="definitions" targetNamespace="t">"""


# --- elements ---------------------------------------------------------------------------------------------------------


def el(tag: str, identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    """Any element; `ext` goes into extensionElements, `inside` after it."""
    written = "".join(f' {name}="{_escape(value)}"' for name, value in attributes.items())
    extensions = f"<extensionElements>{ext}</extensionElements>" if ext else ""
    return f'<{tag} id="{identity}"{written}>{extensions}{inside}</{tag}>'


def start(identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    return el("startEvent", identity, inside, ext, **attributes)


def end(identity: str, inside: str = "", ext: str = "") -> str:
    return el("endEvent", identity, inside, ext)


def user(identity: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    return el("userTask", identity, inside, ext, **attributes)


def service(identity: str, kind: str = "work", inside: str = "", ext: str = "") -> str:
    return el("serviceTask", identity, inside, f'<zeebe:taskDefinition type="{kind}"/>{ext}')


def script(identity: str, expression: str, result: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    written = f'<zeebe:script expression="{_escape("=" + expression)}" resultVariable="{result}"/>'
    return el("scriptTask", identity, inside, written + ext, **attributes)


def xor(identity: str, default: str | None = None) -> str:
    return el("exclusiveGateway", identity, **({} if default is None else {"default": default}))


def fork(identity: str) -> str:
    return el("parallelGateway", identity)


def inclusive(identity: str, default: str | None = None) -> str:
    return el("inclusiveGateway", identity, **({} if default is None else {"default": default}))


def event_gateway(identity: str) -> str:
    return el("eventBasedGateway", identity)


def catch(identity: str, inside: str, ext: str = "") -> str:
    return el("intermediateCatchEvent", identity, inside, ext)


def throw(identity: str, inside: str = "", ext: str = "") -> str:
    return el("intermediateThrowEvent", identity, inside, ext)


def boundary(identity: str, host: str, inside: str, *, interrupting: bool = True, ext: str = "") -> str:
    cancel = "true" if interrupting else "false"
    return el("boundaryEvent", identity, inside, ext, attachedToRef=host, cancelActivity=cancel)


def sub(identity: str, *parts: str, ext: str = "", loop: str = "", **attributes: str) -> str:
    return el("subProcess", identity, loop + content(*parts), ext, **attributes)


def event_sub(identity: str, *parts: str) -> str:
    return sub(identity, *parts, triggeredByEvent="true")


def event_start(identity: str, inside: str, *, interrupting: bool = True, ext: str = "") -> str:
    return start(identity, inside, ext, isInterrupting="true" if interrupting else "false")


def call(identity: str, process: str, inside: str = "", ext: str = "", **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return el("callActivity", identity, inside, f'<zeebe:calledElement processId="{process}"{written}/>{ext}')


def timer(text: str, sort: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{sort}>{_escape(text)}</{sort}></timerEventDefinition>"


def message(identity: str) -> str:
    return f'<messageEventDefinition messageRef="{identity}"/>'


def signal(identity: str) -> str:
    return f'<signalEventDefinition signalRef="{identity}"/>'


def error(identity: str | None = None) -> str:
    return f"<errorEventDefinition{_ref('errorRef', identity)}/>"


def escalation(identity: str | None = None) -> str:
    return f"<escalationEventDefinition{_ref('escalationRef', identity)}/>"


def condition(text: str) -> str:
    return f"<conditionalEventDefinition><condition>{_escape(text)}</condition></conditionalEventDefinition>"


def link(name: str) -> str:
    return f'<linkEventDefinition name="{name}"/>'


TERMINATE = "<terminateEventDefinition/>"


def io(inputs: Mapping[str, str] | None = None, outputs: Mapping[str, str] | None = None) -> str:
    """Mappings as target -> source."""
    rows = [
        (side, target, source)
        for side, m in (("input", inputs), ("output", outputs))
        for target, source in (m or {}).items()
    ]
    inside = "".join(f'<zeebe:{side} source="{_escape(source)}" target="{target}"/>' for side, target, source in rows)
    return f"<zeebe:ioMapping>{inside}</zeebe:ioMapping>"


def each(collection: str, item: str = "", *, sequential: bool = False, completion: str = "", **out: str) -> str:
    """Multi-instance; `outputCollection=`, `outputElement=` may follow."""
    written = "".join(f' {name}="{_escape(value)}"' for name, value in out.items())
    element = f' inputElement="{item}"' if item else ""
    done = f"<completionCondition>{_escape(completion)}</completionCondition>" if completion else ""
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><extensionElements>'
        f'<zeebe:loopCharacteristics inputCollection="{_escape(collection)}"{element}{written}/></extensionElements>'
        f"{done}</multiInstanceLoopCharacteristics>"
    )


def _ref(name: str, identity: str | None) -> str:
    return "" if identity is None else f' {name}="{identity}"'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


# --- processes --------------------------------------------------------------------------------------------------------


def content(*parts: str) -> str:
    """Elements, and flows: `a -> b -> c`, `a -[condition]-> b`, `a -[id: condition]-> b`, `a -[id:]-> b`."""
    return "".join(part if part.lstrip().startswith("<") else flows(part) for part in parts)


def flows(text: str) -> str:
    """The sequence flows of a text of arrows."""
    written = []
    for line in filter(None, (line.strip() for line in re.split(r"[;\n]", text))):
        pieces = re.split(r"\s*(->|-\[.*?\]->)\s*", line)
        for source, arrow, target in zip(pieces[0::2], pieces[1::2], pieces[2::2]):
            label = arrow[2:-3] if arrow.startswith("-[") else ""
            named = re.match(r"(\w+):\s*(.*)", label)
            identity, text_of = (named[1], named[2]) if named else (f"{source}_{target}", label)
            inside = f"<conditionExpression>{_escape('=' + text_of)}</conditionExpression>" if text_of else ""
            written.append(
                f'<sequenceFlow id="{identity}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
            )
    return "".join(written)


def process(identity: str, *parts: str, executable: bool = True) -> str:
    return f'<process id="{identity}" isExecutable="{str(executable).lower()}">{content(*parts)}</process>'


def declare(
    messages: Mapping[str, str] | None = None, signals: str = "", errors: str = "", escalations: str = ""
) -> str:
    """Root elements: messages as id -> correlation key (FEEL), the others as words, each its own id, name and code."""
    keys = {
        i: f'<extensionElements><zeebe:subscription correlationKey="{_escape(k)}"/></extensionElements>' if k else ""
        for i, k in (messages or {}).items()
    }
    written = [f'<message id="{identity}" name="{identity}">{key}</message>' for identity, key in keys.items()]
    written += [f'<signal id="{word}" name="{word}"/>' for word in signals.split()]
    written += [f'<error id="{word}" name="{word}" errorCode="{word}"/>' for word in errors.split()]
    written += [f'<escalation id="{word}" name="{word}" escalationCode="{word}"/>' for word in escalations.split()]
    return "".join(written)


def diagram(*parts: str) -> bytes:
    return f"{HEAD}{''.join(parts)}</definitions>".encode()
