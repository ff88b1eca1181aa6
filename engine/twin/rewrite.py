"""A diagram in the words SpiffWorkflow understands: same elements, same flows, nothing else.

Control flow stays as drawn. What differs only in spelling is respelt: implicit splits become gateways, links become
flows, expressions become the id of their place (evaluated by our FEEL through the script hook), each catching event
becomes a message named after its element, so that the walk fires each one by name (timers too: the time is ours).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from engine.model.foreign import translate

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

ACTIVITIES = (
    *("task", "userTask", "serviceTask", "scriptTask", "businessRuleTask", "sendTask", "receiveTask", "manualTask"),
    *("subProcess", "transaction", "callActivity"),
)
EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
ON_THE_SPOT = ("task", "manualTask", "scriptTask", "businessRuleTask")  # ours passes them within the step
FROM_INSIDE = ("errorEventDefinition", "escalationEventDefinition")
CAUGHT = ("messageEventDefinition", "timerEventDefinition", "signalEventDefinition", "conditionalEventDefinition")


def q(name: str) -> str:
    return f"{{{BPMN}}}{name}"


def z(name: str) -> str:
    return f"{{{ZEEBE}}}{name}"


@dataclass
class Place:
    """What the extension elements of one element say, as text."""

    element_id: str
    tag: str
    inputs: list[tuple[str, str]] = field(default_factory=list)  # (source expression, target name)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    script: tuple[str, str] | None = None  # (expression, result variable)
    decision: tuple[str, str] | None = None  # (decision id, result variable)
    collection: str | None = None
    item: str | None = None
    gathers: bool = False  # the results of its runs, in a collection
    propagate_parent: bool = True
    propagate_child: bool = True
    ends_loop: str | None = None  # completionCondition or loopCondition


@dataclass(frozen=True)
class Listener:
    """An event sub-process made a process of its own. `container`: the sub-process or process it listens in."""

    process_id: str
    container: str


@dataclass
class Rewritten:
    """`expressions`: id of the place -> FEEL text. `places`: element id -> what its extensions say. `skipped`: elements
    that SpiffWorkflow does not run, or runs wrongly in a way that is known (S1-S28), with the reason."""

    tree: etree._Element
    expressions: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)  # by the id of the start event
    keys: list[str] = field(default_factory=list)  # correlation keys, as text
    timers: list[str] = field(default_factory=list)  # the texts of timers: names in them deserve plausible values


def rewrite(xml: bytes) -> Rewritten:
    """The file as SpiffWorkflow shall read it. The file has passed our own reader before."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    source = etree.fromstring(xml, parser)
    translate(source)  # what other vendors wrote, as our reader read it
    root = etree.Element(q("definitions"), nsmap={"bpmn": BPMN})
    for child in source:
        if etree.QName(child).localname in ("process", "message", "signal", "error", "escalation"):
            root.append(child)
    result = Rewritten(tree=root)
    result.keys = [unmarked(s.get("correlationKey", "")) for s in root.iter(z("subscription"))]
    for element in list(elements(root)):
        result.places[element.get("id")] = place_of(element)
    for element in list(elements(root)):
        _conditions(element, result)
        _loop(element, result)
        _kind(element, result)
    for element in list(elements(root)):
        _implicit_split(element, result)
    _links(root)
    for listener in [s for s in root.iter(q("subProcess")) if s.get("triggeredByEvent") == "true"]:
        _listener(listener, result)
    for junk in list(
        root.iter(q("extensionElements"), q("documentation"), q("laneSet"), q("association"), q("textAnnotation"))
    ):
        junk.getparent().remove(junk)
    for process in root.iter(q("process")):
        process.set("isExecutable", "true")
    return result


def elements(root: etree._Element) -> Iterator[etree._Element]:
    """Flow nodes and sequence flows, in the order of the file."""
    wanted = {q(name) for name in (*ACTIVITIES, *EVENTS, "sequenceFlow")}
    for element in root.iter():
        if element.tag in wanted or (isinstance(element.tag, str) and element.tag.endswith("Gateway")):
            yield element


def place_of(element: etree._Element) -> Place:
    place = Place(element_id=element.get("id"), tag=etree.QName(element).localname)
    extensions = element.find(q("extensionElements"))
    if extensions is not None:
        for mapping in extensions.iter(z("input"), z("output")):
            side = place.inputs if mapping.tag == z("input") else place.outputs
            side.append((mapping.get("source", ""), mapping.get("target", "")))
        for script in extensions.iter(z("script")):
            place.script = (script.get("expression", ""), script.get("resultVariable", ""))
        for called in extensions.iter(z("calledDecision")):
            place.decision = (called.get("decisionId", ""), called.get("resultVariable", ""))
        for called in extensions.iter(z("calledElement")):
            place.propagate_parent = called.get("propagateAllParentVariables", "true") != "false"
            place.propagate_child = called.get("propagateAllChildVariables", "true") != "false"
    for loop in element.iter(z("loopCharacteristics")):
        if loop.getparent().getparent().getparent() is element:
            place.collection, place.item = loop.get("inputCollection"), loop.get("inputElement")
            place.gathers = bool(loop.get("outputCollection"))
    return place


def _conditions(element: etree._Element, result: Rewritten) -> None:
    """Each condition becomes the id of its flow."""
    if element.tag != q("sequenceFlow"):
        return
    condition = element.find(q("conditionExpression"))
    if condition is not None:
        result.expressions[element.get("id")] = unmarked(condition.text or "")
        condition.text = element.get("id")
        condition.attrib.pop(XSI_TYPE, None)


def _loop(element: etree._Element, result: Rewritten) -> None:
    standard = element.find(q("standardLoopCharacteristics"))
    if standard is not None:
        result.skipped[element.get("id")] = "a standard loop is counted differently"
    loop = element.find(q("multiInstanceLoopCharacteristics"))
    if loop is None:
        return
    element_id = element.get("id")
    for child in list(loop):
        if etree.QName(child).localname != "completionCondition":
            loop.remove(child)
        else:
            result.places[element_id].ends_loop = unmarked(child.text or "")
            loop.remove(child)
            result.skipped[element_id] = "a completion condition is compared only up to its activity"
    if result.places[element_id].gathers:
        result.skipped[element_id] = "a collection of results is not gathered"
    cardinality = etree.SubElement(loop, q("loopCardinality"))
    cardinality.text = f"count {element_id}"


def _kind(element: etree._Element, result: Rewritten) -> None:
    tag, element_id = etree.QName(element).localname, element.get("id")
    if tag in ON_THE_SPOT and not has_job(element):
        _become(element, "scriptTask")
        etree.SubElement(element, q("script")).text = f"run {element_id}"
    elif tag in ("serviceTask", "sendTask", "businessRuleTask", "scriptTask") and has_job(element):
        _become(element, "userTask")
    elif tag == "sendTask":
        _become(element, "scriptTask")
        etree.SubElement(element, q("script")).text = f"run {element_id}"
    elif tag == "receiveTask":
        element.set("messageRef", _own_message(element, result))
    elif tag == "callActivity":
        for called in element.iter(z("calledElement")):
            element.set("calledElement", called.get("processId", ""))
    elif tag == "intermediateThrowEvent" and has_job(element):
        _drop_definitions(element)
        _become(element, "userTask")
    elif tag in EVENTS:
        _event(element, result)


def _event(element: etree._Element, result: Rewritten) -> None:
    tag, element_id = etree.QName(element).localname, element.get("id")
    definitions = [child for child in element if etree.QName(child).localname.endswith("EventDefinition")]
    names = [etree.QName(child).localname for child in definitions]
    throws = tag in ("endEvent", "intermediateThrowEvent")
    if "compensateEventDefinition" in names or "cancelEventDefinition" in names:
        result.skipped[element_id] = "S13: compensation does nothing"
    if throws and names and names[0] in ("messageEventDefinition", "signalEventDefinition"):
        _drop_definitions(element)  # what is given out is told to the walk by our interpreter
        if has_job(element):
            result.skipped[element_id] = "an end event that waits for a job"
        return
    if not throws and names and names[0] in FROM_INSIDE:
        if tag == "startEvent":
            result.skipped[element_id] = "S8: an event sub-process for an error or an escalation is not begun by it"
        elif element.get("cancelActivity") == "false":
            result.skipped[element_id] = "S15: a non-interrupting boundary event fires once only"
    if throws or not names or names[0] not in CAUGHT:
        return
    if tag == "startEvent":
        _drop_definitions(element)
        if element.get("isInterrupting", "true") == "true" and etree.QName(element.getparent()).localname != "process":
            result.skipped[element_id] = "S9: an interrupting event sub-process does not interrupt"
        return
    result.timers += [
        unmarked(text.text or "") for text in definitions[0] if etree.QName(text).localname.startswith("time")
    ]
    once = names[0] == "timerEventDefinition" and definitions[0].find(q("timeCycle")) is None
    if tag == "boundaryEvent" and element.get("cancelActivity") == "false" and not once:
        result.skipped[element_id] = "S15: a non-interrupting boundary event fires once only"
    message = _own_message(element, result)
    _drop_definitions(element)
    etree.SubElement(element, q("messageEventDefinition"), id=f"definition_{element_id}").set("messageRef", message)


def _own_message(element: etree._Element, result: Rewritten) -> str:
    message_id = f"twin_message_{element.get('id')}"
    etree.SubElement(result.tree, q("message"), id=message_id, name=event_name(element.get("id")))
    return message_id


def event_name(element_id: str) -> str:
    return f"event {element_id}"


def _implicit_split(element: etree._Element, result: Rewritten) -> None:
    """Several flows out of an activity or event, or a lone conditional one (S14), get the gateway that they mean."""
    tag = etree.QName(element).localname
    if tag not in (*ACTIVITIES, *EVENTS):
        return
    home = element.getparent()
    out = [f for f in home.iter(q("sequenceFlow")) if f.get("sourceRef") == element.get("id")]
    conditional = [f for f in out if f.find(q("conditionExpression")) is not None]
    if len(out) < 2 and not conditional:
        return
    kind = "inclusiveGateway" if conditional else "parallelGateway"
    gateway_id = f"twin_split_{element.get('id')}"
    gateway = etree.SubElement(home, q(kind), id=gateway_id)
    default = element.attrib.pop("default", None)
    if default:
        gateway.set("default", default)
    for flow in out:
        flow.set("sourceRef", gateway_id)
        if conditional and flow not in conditional and flow.get("id") != default:
            etree.SubElement(flow, q("conditionExpression")).text = flow.get("id")
            result.expressions[flow.get("id")] = "true"
    etree.SubElement(
        home, q("sequenceFlow"), id=f"twin_flow_{element.get('id')}", sourceRef=element.get("id"), targetRef=gateway_id
    )


def _listener(event_sub_process: etree._Element, result: Rewritten) -> None:
    """Event sub-processes (S8-S10) become processes that the twin starts beside the scope they listen in."""
    home = event_sub_process.getparent()
    start = event_sub_process.find(q("startEvent"))
    process_id = f"twin_listener_{event_sub_process.get('id')}"
    result.listeners[start.get("id")] = Listener(process_id, home.get("id"))
    if home.find(q("multiInstanceLoopCharacteristics")) is not None:
        result.skipped.setdefault(start.get("id"), "an event sub-process in one of several runs cannot be told apart")
    process = etree.SubElement(result.tree, q("process"), id=process_id)
    process.extend(list(event_sub_process))
    home.remove(event_sub_process)


def _links(root: etree._Element) -> None:
    """A link throw and its catch are one flow (S12)."""
    catches = {}
    for catch in root.iter(q("intermediateCatchEvent")):
        link = catch.find(q("linkEventDefinition"))
        if link is not None:
            catches[(catch.getparent(), link.get("name"))] = catch.get("id")
    for event in [*root.iter(q("intermediateThrowEvent")), *root.iter(q("intermediateCatchEvent"))]:
        link = event.find(q("linkEventDefinition"))
        if link is None:
            continue
        home, target = event.getparent(), catches.get((event.getparent(), link.get("name")))
        _drop_definitions(event)
        if etree.QName(event).localname == "intermediateThrowEvent" and target:
            etree.SubElement(
                home, q("sequenceFlow"), id=f"twin_link_{event.get('id')}", sourceRef=event.get("id"), targetRef=target
            )
        else:
            _become(event, "scriptTask")
            etree.SubElement(event, q("script")).text = f"run {event.get('id')}"


def only_start(tree: etree._Element, process_id: str, start_id: str) -> None:
    """Of several start events the one that begins the process: to the library all of them would."""
    process = next(p for p in tree.iter(q("process")) if p.get("id") == process_id)
    for start in [s for s in process.findall(q("startEvent")) if s.get("id") != start_id]:
        for flow in [f for f in process.findall(q("sequenceFlow")) if f.get("sourceRef") == start.get("id")]:
            process.remove(flow)
        process.remove(start)


def has_job(element: etree._Element) -> bool:
    extensions = element.find(q("extensionElements"))
    if extensions is not None and extensions.find(z("taskDefinition")) is not None:
        return True
    return any(d.find(f"{q('extensionElements')}/{z('taskDefinition')}") is not None for d in element)


def _become(element: etree._Element, tag: str) -> None:
    element.tag = q(tag)
    for name in ("messageRef", "implementation", "scriptFormat", "operationRef"):
        element.attrib.pop(name, None)
    for script in element.findall(q("script")):
        element.remove(script)


def _drop_definitions(element: etree._Element) -> None:
    for child in list(element):
        if etree.QName(child).localname.endswith("EventDefinition"):
            element.remove(child)


def unmarked(text: str) -> str:
    """FEEL without the `=` that marks an expression."""
    text = text.strip()
    return text[1:].strip() if text.startswith("=") else text
