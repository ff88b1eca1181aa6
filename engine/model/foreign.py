"""Attributes and elements of `camunda:` (7) and `flowable:` files, rewritten into the dialect where they mean the same.

What means something else or needs another engine's program code is refused; the rest is listed as without effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.model.names import BPMN, CAMUNDA, FLOWABLE, ZEEBE, split
from engine.model.sentences import at
from engine.problems import Problem

FOREIGN = frozenset({CAMUNDA, FLOWABLE})

# attribute -> (extension element, its attribute); the value is carried over, `${name}` becomes `=name`.
SAME: dict[str, dict[str, tuple[str, str]]] = {
    "userTask": {
        "assignee": ("assignmentDefinition", "assignee"),
        "candidateGroups": ("assignmentDefinition", "candidateGroups"),
        "candidateUsers": ("assignmentDefinition", "candidateUsers"),
        "dueDate": ("taskSchedule", "dueDate"),
        "followUpDate": ("taskSchedule", "followUpDate"),
        "priority": ("priorityDefinition", "priority"),
        "formKey": ("formDefinition", "formId"),
        "formRef": ("formDefinition", "formId"),
    },
    "serviceTask": {"topic": ("taskDefinition", "type")},
    "sendTask": {"topic": ("taskDefinition", "type")},
    "businessRuleTask": {
        "decisionRef": ("calledDecision", "decisionId"),
        "resultVariable": ("calledDecision", "resultVariable"),
        "decisionRefBinding": ("calledDecision", "bindingType"),
        "decisionRefVersionTag": ("calledDecision", "versionTag"),
    },
    "scriptTask": {"resultVariable": ("script", "resultVariable")},
    "callActivity": {
        "calledElementBinding": ("calledElement", "bindingType"),
        "calledElementVersionTag": ("calledElement", "versionTag"),
    },
    "process": {"versionTag": ("versionTag", "value")},
    "multiInstanceLoopCharacteristics": {
        "collection": ("loopCharacteristics", "inputCollection"),
        "elementVariable": ("loopCharacteristics", "inputElement"),
    },
}
DROPPED = {  # what says nothing more than the dialect does
    "type": {"external"},
    "mapDecisionResult": {"singleEntry", "singleResult"},
    "calledElementBinding": {"latest"},
    "decisionRefBinding": {"latest"},
}
# Without a counterpart, and leaving them out would change what happens.
DIFFERENT = frozenset(
    {
        "calledElementVersion", "calledElementTenantId", "decisionRefVersion", "mapDecisionResult",
        "errorCodeVariable", "errorMessageVariable", "escalationCodeVariable", "initiator", "skipExpression",
        "triggerable", "variableName", "variableEvents", "completionCondition", "errorEventDefinition",
    }
)  # fmt: skip
NAMES_A_VARIABLE = frozenset({"collection"})
CODE = frozenset({"class", "delegateExpression", "expression", "connector", "variableMappingClass", "script"})
SIMPLE = re.compile(r"[$#]\{\s*([^{}]*?)\s*\}")
UNTRANSLATABLE = re.compile(r"\(|\bempty\b|!(?!=)|\?")


def translate(root: Any) -> list[Problem]:
    """Rewrite the tree in place; answers what could not be carried over and changes what happens."""
    problems: list[Problem] = []
    for xml in list(root.iter(f"{{{BPMN}}}*")):
        local = split(xml.tag)[1]
        problems += _attributes(xml, local)
        problems += _children(xml)
        if local == "multiInstanceLoopCharacteristics":
            _data_items(xml)
        if local in ("conditionExpression", "completionCondition", "condition", "loopCondition") and xml.text:
            xml.text = expression(xml.text.strip()) or xml.text
    return problems


def expression(text: str) -> str | None:
    """A JUEL `${…}` of names, comparisons and `&&`/`||` as FEEL with a leading `=`; None for everything else."""
    found = SIMPLE.fullmatch(text)
    if found is None or UNTRANSLATABLE.search(found[1]):
        return None
    inside = found[1].replace("==", "=").replace("&&", " and ").replace("||", " or ").replace("'", '"')
    return f"={inside}"


def _attributes(xml: Any, local: str) -> Iterator[Problem]:
    for name, value in list(xml.attrib.items()):
        namespace, attribute = split(name)
        if namespace not in FOREIGN:
            continue
        if attribute in CODE:
            yield at(xml, "foreign_behaviour", what=attribute)
        elif value in DROPPED.get(attribute, ()):
            del xml.attrib[name]
        elif attribute in DIFFERENT:
            yield at(_place(xml), "foreign_difference", what=attribute)
        elif attribute in SAME.get(local, {}):
            _carry_over(xml, *SAME[local][attribute], _value(attribute, value))
            del xml.attrib[name]


def _place(xml: Any) -> Any:
    """The element that a designer sees: of an event definition, its event."""
    return xml.getparent() if split(xml.tag)[1].endswith("EventDefinition") else xml


def _data_items(xml: Any) -> None:
    """BPMN's own way to name the collection of a multi-instance activity, where the dialect's is not there."""
    collection = (xml.findtext(f"{{{BPMN}}}loopDataInputRef") or "").strip()
    loop = xml.find(f"{{{BPMN}}}extensionElements/{{{ZEEBE}}}loopCharacteristics")
    if not collection or (loop is not None and loop.get("inputCollection")):
        return
    _carry_over(xml, "loopCharacteristics", "inputCollection", f"={collection}")
    item = xml.find(f"{{{BPMN}}}inputDataItem")
    if item is not None and item.get("name"):
        _carry_over(xml, "loopCharacteristics", "inputElement", item.get("name"))


def _value(attribute: str, value: str) -> str:
    if attribute in NAMES_A_VARIABLE and not SIMPLE.fullmatch(value):
        return f"={value}"
    return expression(value) or value


def _carry_over(xml: Any, element: str, attribute: str, value: str) -> None:
    holder = _extensions(xml)
    tag = f"{{{ZEEBE}}}{element}"
    target = holder.find(tag)
    if target is None:
        target = etree.SubElement(holder, tag)
    target.set(attribute, value)


def _extensions(xml: Any) -> Any:
    holder = xml.find(f"{{{BPMN}}}extensionElements")
    if holder is None:
        holder = etree.Element(f"{{{BPMN}}}extensionElements")
        xml.insert(0, holder)
    return holder


def _children(xml: Any) -> Iterator[Problem]:
    holder = xml.find(f"{{{BPMN}}}extensionElements")
    for child in [] if holder is None else list(holder):
        namespace, local = split(child.tag) if isinstance(child.tag, str) else ("", "")
        if namespace not in FOREIGN:
            continue
        if local in CODE:
            yield at(xml, "foreign_behaviour", what=local)
        elif local in DIFFERENT:
            yield at(xml, "foreign_difference", what=local)
        elif local == "inputOutput":
            yield from _input_output(xml, holder, child)
        elif local in ("in", "out"):
            _in_out(xml, holder, child)


def _input_output(xml: Any, holder: Any, child: Any) -> Iterator[Problem]:
    for parameter in child:
        side = {"inputParameter": "input", "outputParameter": "output"}.get(split(parameter.tag)[1])
        if side is None or len(parameter):
            yield at(xml, "foreign_behaviour", what=split(parameter.tag)[1])
            continue
        text = (parameter.text or "").strip()
        _mapping(holder, side, expression(text) or f'="{text}"', parameter.get("name", ""))
    holder.remove(child)


def _in_out(xml: Any, holder: Any, child: Any) -> None:
    """Called processes of Camunda 7 see and give only what is listed."""
    local = split(child.tag)[1]
    everything = {"in": "propagateAllParentVariables", "out": "propagateAllChildVariables"}[local]
    called = f"{{{ZEEBE}}}calledElement"
    if holder.find(called) is None:
        for attribute in ("propagateAllParentVariables", "propagateAllChildVariables"):
            _carry_over(xml, "calledElement", attribute, "false")
    if child.get("variables") == "all":
        _carry_over(xml, "calledElement", everything, "true")
    elif child.get("source") and child.get("target"):
        side = {"in": "input", "out": "output"}[local]
        _mapping(holder, side, f"={child.get('source')}", child.get("target"))
    else:
        return
    holder.remove(child)


def _mapping(holder: Any, side: str, source: str, target: str) -> None:
    tag = f"{{{ZEEBE}}}ioMapping"
    mapping = holder.find(tag)
    if mapping is None:
        mapping = etree.SubElement(holder, tag)
    etree.SubElement(mapping, f"{{{ZEEBE}}}{side}", source=source, target=target)
