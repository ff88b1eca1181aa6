"""What a task is to do, and the parts that any activity may have: mappings and loops. One reader a kind, by table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.model.elements import (
    CallWork,
    DecisionWork,
    JobWork,
    Kind,
    Lane,
    MultiInstance,
    ScriptWork,
    StandardLoop,
    UserWork,
    ValueMapping,
    Work,
)
from engine.model.extensions import Extensions, attribute_of, has_job
from engine.model.names import BPMN, YUNTU, ZEEBE
from engine.model.sentences import Unreadable, at
from engine.problems import Problem

TARGET = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
BINDINGS = ("latest", "deployment", "versionTag")


def read_work(xml: Any, kind: Kind, lanes: tuple[Lane, ...]) -> Work | None:
    """What the activity does; None where its kind says it all. Raises Unreadable."""
    reader = READERS.get(kind)
    return None if reader is None else reader(xml, Extensions(xml), lanes)


def read_mappings(xml: Any) -> tuple[tuple[ValueMapping, ...], tuple[ValueMapping, ...], list[Problem]]:
    """Inputs, outputs and what is wrong with them."""
    holder = Extensions(xml).one(ZEEBE, "ioMapping")
    found: dict[str, list[ValueMapping]] = {"input": [], "output": []}
    problems = []
    for side, mappings in found.items():
        for child in [] if holder is None else holder.findall(f"{{{ZEEBE}}}{side}"):
            source, target = child.get("source", "").strip(), child.get("target", "").strip()
            if not source or not target:
                problems.append(at(xml, "mapping_incomplete"))
            elif not TARGET.fullmatch(target):
                problems.append(at(xml, "mapping_target", target=target))
            else:
                mappings.append(ValueMapping(source=source, target=target))
    return tuple(found["input"]), tuple(found["output"]), problems


def read_loop(xml: Any) -> MultiInstance | StandardLoop | None:
    """How often the activity runs. Raises Unreadable."""
    several = xml.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if several is not None:
        return _multi_instance(xml, several)
    loop = xml.find(f"{{{BPMN}}}standardLoopCharacteristics")
    return None if loop is None else _standard_loop(xml, loop)


def _multi_instance(xml: Any, several: Any) -> MultiInstance:
    if several.get("behavior", "All") != "All":
        raise Unreadable(at(xml, "loop_behaviour", what="behavior"))
    loop = Extensions(several).one(ZEEBE, "loopCharacteristics")
    collection = attribute_of(loop, "inputCollection")
    cardinality = _text(several, "loopCardinality")
    if collection is None and cardinality is not None:
        collection = f"=for i in 1..({cardinality.removeprefix('=')}) return i"
    if collection is None:
        raise Unreadable(at(xml, "loop_collection_missing"))
    return MultiInstance(
        sequential=several.get("isSequential") == "true",
        collection=collection,
        item=attribute_of(loop, "inputElement"),
        output_collection=attribute_of(loop, "outputCollection"),
        output_item=attribute_of(loop, "outputElement"),
        completion=_text(several, "completionCondition"),
    )


def _standard_loop(xml: Any, loop: Any) -> StandardLoop:
    condition, maximum = _text(loop, "loopCondition"), loop.get("loopMaximum", "")
    if condition is None and not maximum.isdigit():
        raise Unreadable(at(xml, "loop_endless"))
    return StandardLoop(
        test_before=loop.get("testBefore") == "true",
        condition=condition,
        maximum=int(maximum) if maximum.isdigit() else None,
    )


def _text(xml: Any, local: str) -> str | None:
    child = xml.find(f"{{{BPMN}}}{local}")
    return None if child is None else "".join(child.itertext()).strip() or None


def _user(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...]) -> Work:
    get = extensions.get
    return UserWork(
        form=get(ZEEBE, "formDefinition", "formId") or get(ZEEBE, "formDefinition", "formKey"),
        form_binding=_binding(xml, get(ZEEBE, "formDefinition", "bindingType")),
        form_version_tag=get(ZEEBE, "formDefinition", "versionTag"),
        assignee=get(ZEEBE, "assignmentDefinition", "assignee"),
        candidate_groups=get(ZEEBE, "assignmentDefinition", "candidateGroups"),
        candidate_users=get(ZEEBE, "assignmentDefinition", "candidateUsers"),
        organisation=get(YUNTU, "assignment", "organisation"),
        follow_up=get(ZEEBE, "taskSchedule", "followUpDate"),
        due=get(ZEEBE, "taskSchedule", "dueDate"),
        until=get(YUNTU, "window", "until"),
        priority=get(ZEEBE, "priorityDefinition", "priority"),
        clock=get(YUNTU, "clock", "id"),
        lanes=lanes,
    )


def read_job(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...] = ()) -> JobWork:
    """The job that a worker does. Raises Unreadable when it has no type."""
    kind = extensions.get(ZEEBE, "taskDefinition", "type")
    if kind is None:
        raise Unreadable(at(xml, "job_type_missing"))
    holder = extensions.one(ZEEBE, "taskHeaders")
    headers = {} if holder is None else {child.get("key", ""): child.get("value", "") for child in holder}
    return JobWork(type=kind, retries=extensions.get(ZEEBE, "taskDefinition", "retries"), headers=headers)


def _send(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...]) -> Work | None:
    if not has_job(xml) and xml.get("messageRef"):
        return None
    return read_job(xml, extensions)


def _decision(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...]) -> Work:
    get = extensions.get
    if has_job(xml):
        return read_job(xml, extensions)
    decision, result = get(ZEEBE, "calledDecision", "decisionId"), get(ZEEBE, "calledDecision", "resultVariable")
    if decision is None or result is None:
        raise Unreadable(at(xml, "decision_missing"))
    if decision.startswith("="):
        raise Unreadable(at(xml, "decision_dynamic"))
    return DecisionWork(
        decision=decision,
        result=result,
        binding=_binding(xml, get(ZEEBE, "calledDecision", "bindingType")),
        version_tag=get(ZEEBE, "calledDecision", "versionTag"),
    )


def _script(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...]) -> Work:
    if has_job(xml):
        return read_job(xml, extensions)
    language = xml.get("scriptFormat", "feel")
    if "feel" not in language.lower():
        raise Unreadable(at(xml, "script_language", language=language))
    expression = extensions.get(ZEEBE, "script", "expression") or _text(xml, "script")
    if expression is None:
        raise Unreadable(at(xml, "script_missing"))
    return ScriptWork(expression=expression, result=extensions.get(ZEEBE, "script", "resultVariable"))


def _call(xml: Any, extensions: Extensions, lanes: tuple[Lane, ...]) -> Work:
    get = extensions.get
    process = get(ZEEBE, "calledElement", "processId") or attribute_of(xml, "calledElement")
    if process is None:
        raise Unreadable(at(xml, "called_missing"))
    if process.startswith("="):
        raise Unreadable(at(xml, "called_dynamic"))
    return CallWork(
        process=process,
        binding=_binding(xml, get(ZEEBE, "calledElement", "bindingType")),
        version_tag=get(ZEEBE, "calledElement", "versionTag"),
        all_in=get(ZEEBE, "calledElement", "propagateAllParentVariables") != "false",
        all_out=get(ZEEBE, "calledElement", "propagateAllChildVariables") != "false",
    )


def _binding(xml: Any, text: str | None) -> str:
    binding = text or "latest"
    if binding not in BINDINGS:
        raise Unreadable(at(xml, "binding_unknown", binding=binding))
    return binding


Read = Callable[[Any, Extensions, tuple[Lane, ...]], Work | None]
READERS: dict[Kind, Read] = {
    Kind.USER_TASK: _user,
    Kind.SERVICE_TASK: read_job,
    Kind.SEND_TASK: _send,
    Kind.BUSINESS_RULE_TASK: _decision,
    Kind.SCRIPT_TASK: _script,
    Kind.CALL_ACTIVITY: _call,
}
