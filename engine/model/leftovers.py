"""What a reader could overlook: parts of BPMN that stand in an element and would change what happens, or mean nothing.

Nothing is passed over in silence: a part is understood elsewhere, means nothing (and is listed), or is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.model.extensions import ACTIVITIES, EVENTS, Extensions
from engine.model.names import BPMN, ZEEBE, split
from engine.model.sentences import at
from engine.problems import Problem

LOOPS = {"multiInstanceLoopCharacteristics", "standardLoopCharacteristics"}
GATEWAYS = {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"}
# Parts that are read, or that say nothing about execution.
EVERYWHERE = {
    "documentation", "extensionElements", "incoming", "outgoing", "auditing", "monitoring", "categoryValueRef",
    "property", "ioSpecification", "dataInput", "dataOutput", "inputSet", "outputSet",
}  # fmt: skip
DATA = {"dataInputAssociation", "dataOutputAssociation"}
PEOPLE = {"resourceRole", "performer", "humanPerformer", "potentialOwner"}
OWN = {
    "scriptTask": {"script"},
    "userTask": {"rendering"},
    "callActivity": {"ioBinding"},
}
ROOTS = {
    "process", "collaboration", "message", "signal", "error", "escalation", "itemDefinition", "category", "dataStore",
    "interface", "resource", "endPoint", "import", "extension", "relationship", "extensionElements", "documentation",
    "correlationProperty", "partnerEntity", "partnerRole", "eventDefinition",
}  # fmt: skip
TRANSACTION_METHODS = {"", "compensate", "##compensate", "##Compensate"}


def find_leftovers(root: Any) -> Iterator[Problem]:
    """Every part of an executable process that would be overlooked; roots of the file that mean nothing here."""
    for child in root:
        namespace, local = split(child.tag) if isinstance(child.tag, str) else ("", "")
        if namespace == BPMN and local not in ROOTS and not local.endswith("EventDefinition"):
            yield at(child, "ignored_part", severity="warning", what=local)
    for process in root.findall(f"{{{BPMN}}}process"):
        if process.get("isExecutable") == "true":
            for xml in process.iter(f"{{{BPMN}}}*"):
                yield from _parts(xml, split(xml.tag)[1])
                yield from _attributes(xml, split(xml.tag)[1])


def _parts(xml: Any, owner: str) -> Iterator[Problem]:
    if owner in LOOPS:
        yield from _of_loop(xml)
    if owner not in ACTIVITIES | EVENTS | GATEWAYS:
        return
    loops = [child for child in xml if isinstance(child.tag, str) and split(child.tag)[1] in LOOPS]
    if loops and (owner not in ACTIVITIES or xml.get("triggeredByEvent") == "true"):
        yield at(xml, "loop_not_allowed")
    elif len(loops) > 1:
        yield at(xml, "loop_twice")
    for child in xml:
        namespace, local = split(child.tag) if isinstance(child.tag, str) else ("", "")
        if namespace == BPMN:
            yield from _part(xml, owner, child, local)


def _part(xml: Any, owner: str, child: Any, local: str) -> Iterator[Problem]:
    if local in DATA:
        if child.find(f"{{{BPMN}}}assignment") is not None or child.find(f"{{{BPMN}}}transformation") is not None:
            yield at(xml, "data_assignment")
    elif local in PEOPLE:
        yield at(xml, "ignored_part", severity="warning", what=local)
    elif owner in ("subProcess", "transaction"):
        return  # what stands inside is read as elements
    elif not _is_read(owner, local):
        yield at(xml, "ignored_part", severity="warning", what=local)


def _is_read(owner: str, local: str) -> bool:
    return (
        local in EVERYWHERE
        or local in LOOPS
        or local in OWN.get(owner, set())
        or local.endswith(("EventDefinition", "eventDefinitionRef"))
    )


def _of_loop(xml: Any) -> Iterator[Problem]:
    if xml.find(f"{{{BPMN}}}complexBehaviorDefinition") is not None:
        yield at(xml.getparent(), "loop_behaviour", what="complexBehaviorDefinition")


def _attributes(xml: Any, owner: str) -> Iterator[Problem]:
    if owner == "compensateEventDefinition" and xml.get("waitForCompletion") == "false":
        yield at(xml.getparent(), "attribute", name="waitForCompletion", value="false")
    if owner == "transaction" and xml.get("method", "") not in TRANSACTION_METHODS:
        yield at(xml, "attribute", name="method", value=xml.get("method"))
    if owner in ("boundaryEvent", "startEvent"):
        mappings = Extensions(xml).one(ZEEBE, "ioMapping")
        if mappings is not None and mappings.find(f"{{{ZEEBE}}}input") is not None:
            yield at(xml, "mapping_input_not_allowed")
