"""Refused at deployment: each way in which a diagram cannot run, with the element and a sentence in both languages.

Of each sentence that the reader can say there is a case here, or it is named where it is tested.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model import read_bpmn
from engine.model.sentences import SENTENCES
from engine.problems import Refused
from tests.process.play import (
    TERMINATE,
    boundary,
    call,
    catch,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    error,
    escalation,
    event_gateway,
    event_start,
    event_sub,
    flows,
    fork,
    io,
    link,
    message,
    process,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

UNDO, CANCEL = "<compensateEventDefinition/>", "<cancelEventDefinition/>"
ONE = [start("s"), end("e")]
REFUSALS = {
    "flow into a sub-process": (
        [
            "s -> inner; sp -> e",
            start("s"),
            end("e"),
            sub("sp", start("is"), user("inner"), end("ie"), "is -> inner -> ie"),
        ],
        "s_inner",
        "flow_crosses",
    ),
    "event sub-process with flows": (
        ["s -> es -> e", *ONE, event_sub("es", event_start("x", timer("P1D")), end("xe"), "x -> xe")],
        "es",
        "event_sub_process_flow",
    ),
    "link catch without throw": (["s -> e; l -> e", *ONE, catch("l", link("L"))], "l", "link_without_throw"),
    "link throw without catch": (["s -> l", start("s"), throw("l", link("L"))], "l", "link_without_catch"),
    "boundary attached to nothing": (
        ["s -> e; b -> e", *ONE, boundary("b", "nobody", timer("P1D"))],
        "b",
        "boundary_unattached",
    ),
    "event gateway before a task": (
        ["s -> g; g -> a -> e; g -> t -> e", *ONE, event_gateway("g"), user("a"), catch("t", timer("P1D"))],
        "a",
        "event_gateway_target",
    ),
    "exclusive split without condition": (
        ["s -> g; g -> e; g -[x]-> e2", *ONE, end("e2"), xor("g")],
        "g",
        "condition_missing",
    ),
    "default flow with a condition": (
        ["s -> g; g -[d: x]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g", default="d")],
        "g",
        "default_with_condition",
    ),
    "default flow of another element": (
        ["s -> g; g -[x]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g", default="zzz")],
        "g",
        "default_unknown",
    ),
    "start event with an incoming flow": (["s -> a -> s; a -> e", *ONE, user("a")], "s", "start_with_incoming"),
    "message without a key": (["s -> c -> e", *ONE, catch("c", message("nokey"))], "c", "message_without_key"),
    "message that does not exist": (["s -> c -> e", *ONE, catch("c", message("none"))], "c", "message_missing"),
    "FEEL that cannot be parsed": (
        ["s -> g; g -[bad: x >]-> e; g -[y]-> e2", *ONE, end("e2"), xor("g")],
        "bad",
        "feel_invalid",
    ),
    "a timer that cannot be parsed": (["s -> t -> e", *ONE, catch("t", timer("3 days"))], "t", "timer_invalid"),
    "duplicate ids": (["s -> e; e2 -> e", *ONE, user("e2"), user("e2")], "e2", "duplicate_id"),
    "a script that is not FEEL": (
        ["s -> sc -> e", *ONE, el("scriptTask", "sc", "<script>import os</script>", scriptFormat="python")],
        "sc",
        "script_language",
    ),
    "a service task without a type": (["s -> t -> e", *ONE, el("serviceTask", "t")], "t", "job_type_missing"),
    "a call activity without a process": (["s -> t -> e", *ONE, el("callActivity", "t")], "t", "called_missing"),
    "a decision without a result": (
        ["s -> t -> e", *ONE, el("businessRuleTask", "t", "", '<zeebe:calledDecision decisionId="d"/>')],
        "t",
        "decision_missing",
    ),
    "an ad-hoc sub-process": (["s -> t -> e", *ONE, el("adHocSubProcess", "t")], "t", "unsupported_element"),
    "a flow to an annotation": (
        ["s -> e; s -> note", *ONE, '<textAnnotation id="note"/>'],
        "s_note",
        "flow_crosses",
    ),
    "a listener": (["s -> t -> e", *ONE, user("t", ext="<zeebe:executionListeners/>")], "t", "listener"),
    "program code of another engine": (
        ["s -> t -> e", *ONE, '<serviceTask id="t" camunda:class="a.B"/>'],
        "t",
        "foreign_behaviour",
    ),
    "a process that starts by an error": (["s -> e", start("s", error("err")), end("e")], "s", "start_not_supported"),
    "two starts by one signal": (
        ["s -> e; s2 -> e", start("s", signal("sig")), start("s2", signal("sig")), end("e")],
        "s2",
        "start_twice",
    ),
    "a sub-process without a start": (["s -> sp -> e", *ONE, sub("sp", user("a"))], "sp", "sub_process_start"),
    "two event definitions": (["s -> t -> e", *ONE, catch("t", timer("P1D") + message("m"))], "t", "multiple_events"),
    "an error without a code thrown": (["s -> e", start("s"), end("e", error())], "e", "error_missing"),
    "terminate in the way": (["s -> t -> e", *ONE, throw("t", TERMINATE)], "t", "unsupported_event"),
    "conditional flow out of an event": (["s -[f: x]-> e", *ONE], "f", "condition_not_allowed"),
    "an empty conditional event": (["s -> c -> e", *ONE, catch("c", condition(""))], "c", "condition_event_missing"),
    "multi-instance without a collection": (
        ["s -> a -> e", *ONE, user("a", "<multiInstanceLoopCharacteristics/>")],
        "a",
        "loop_collection_missing",
    ),
    "a gateway that loops": (
        ["s -> g -> e", *ONE, el("exclusiveGateway", "g", "<standardLoopCharacteristics loopMaximum='2'/>")],
        "g",
        "loop_not_allowed",
    ),
    "an event sub-process that runs several times": (
        [
            "s -> e",
            *ONE,
            sub("es", start("x", timer("P1D")), end("xe"), "x -> xe", loop=each("=[1]"), triggeredByEvent="true"),
        ],
        "es",
        "loop_not_allowed",
    ),
    "a loop and several runs at once": (
        ["s -> a -> e", *ONE, user("a", each("=[1]") + "<standardLoopCharacteristics loopMaximum='2'/>")],
        "a",
        "loop_twice",
    ),
    "assignments in a data association": (
        [
            "s -> a -> e",
            *ONE,
            user("a", "<dataInputAssociation id='d'><assignment><from>1</from></assignment></dataInputAssociation>"),
        ],
        "a",
        "data_assignment",
    ),
    "input mappings of a boundary event": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"), ext=io({"x": "=1"}))],
        "b",
        "mapping_input_not_allowed",
    ),
    "input mappings of a start event": (
        ["s -> e", start("s", "", io({"x": "=1"})), end("e")],
        "s",
        "mapping_input_not_allowed",
    ),
    "input mappings behind an event gateway": (
        [
            "s -> g; g -> c -> e; g -> t -> e",
            *ONE,
            event_gateway("g"),
            catch("c", message("m"), io({"x": "=1"})),
            catch("t", timer("P1D")),
        ],
        "c",
        "mapping_input_not_allowed",
    ),
    "compensation that is not waited for": (
        ["s -> t -> e", *ONE, throw("t", '<compensateEventDefinition waitForCompletion="false"/>')],
        "t",
        "attribute",
    ),
    "compensation that starts an event sub-process": (
        ["s -> e", *ONE, event_sub("es", event_start("x", "<compensateEventDefinition/>"), end("xe"), "x -> xe")],
        "x",
        "unsupported_event",
    ),
    "a transaction that is stored": (
        ["s -> t -> e", *ONE, el("transaction", "t", start("x") + end("y") + flows("x -> y"), method="##Store")],
        "t",
        "attribute",
    ),
    "a cancel event that does not interrupt": (
        [
            "s -> t -> e; b -> e",
            *ONE,
            el("transaction", "t", start("x") + end("y", "<cancelEventDefinition/>") + flows("x -> y")),
            boundary("b", "t", "<cancelEventDefinition/>", interrupting=False),
        ],
        "b",
        "must_interrupt",
    ),
    "a complex gateway": (["s -> t -> e", *ONE, el("complexGateway", "t")], "t", "unsupported_element"),
    "a call choreography": (["s -> t -> e", *ONE, el("callChoreography", "t")], "t", "unsupported_element"),
    "a receive task that starts a process": (
        ["s -> a -> e", *ONE, el("receiveTask", "a", messageRef="m", instantiate="true")],
        "a",
        "attribute",
    ),
    "parallel multiple events": (
        ["s -> c -> e", *ONE, el("intermediateCatchEvent", "c", message("m"), parallelMultiple="true")],
        "c",
        "attribute",
    ),
    "a number of tokens at once": (["s -> a -> e", *ONE, user("a", startQuantity="2")], "a", "attribute"),
    "a condition that looks at some changes only": (
        ["s -> c -> e", *ONE, catch("c", condition("x"), "<zeebe:conditionalFilter variableNames='x'/>")],
        "c",
        "foreign_difference",
    ),
    "a called process by its version number": (
        ["s -> t -> e", *ONE, '<callActivity id="t" calledElement="p" camunda:calledElementVersion="3"/>'],
        "t",
        "foreign_difference",
    ),
    "an error code kept in a variable": (
        [
            "s -> a -> e; b -> e",
            *ONE,
            user("a"),
            boundary("b", "a", '<errorEventDefinition errorRef="err" camunda:errorCodeVariable="code"/>'),
        ],
        "b",
        "foreign_difference",
    ),
    "a mapping to no name": (["s -> a -> e", *ONE, user("a", ext=io({"1x": "=1"}))], "a", "mapping_target"),
    "a choreography task": (["s -> t -> e", *ONE, el("choreographyTask", "t")], "t", "unsupported_element"),
    "a sub-choreography": (["s -> t -> e", *ONE, el("subChoreography", "t")], "t", "unsupported_element"),
    "flow out of a sub-process": (
        [
            "s -> sp -> e",
            *ONE,
            sub("sp", start("is"), user("inner"), end("ie"), "is -> inner -> ie; inner -> e"),
        ],
        "inner_e",
        "flow_crosses",
    ),
    "an element without an id": (["s -> e", *ONE, "<userTask/>"], "main", "no_id"),
    "a catching event that catches nothing": (
        ["s -> c -> e", *ONE, el("intermediateCatchEvent", "c")],
        "c",
        "event_missing",
    ),
    "a flow to nowhere": (["s -> e; s -> nowhere", *ONE], "s_nowhere", "flow_end_missing"),
    "a flow into a boundary event": (
        ["s -> a -> e; a -> b; b -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"))],
        "b",
        "flow_not_allowed",
    ),
    "a flow out of an end event": (["s -> e -> a", *ONE, user("a")], "e", "end_with_outgoing"),
    "a process without a start": (["a -> e", user("a"), end("e")], "main", "no_start"),
    "two none starts": (["s -> e; s2 -> e", *ONE, start("s2")], "s2", "several_none_starts"),
    "an event sub-process with a none start": (
        ["s -> e", *ONE, event_sub("es", start("x"), end("xe"), "x -> xe")],
        "es",
        "event_sub_process_start",
    ),
    "a boundary event that leads nowhere": (
        ["s -> a -> e", *ONE, user("a"), boundary("b", "a", timer("P1D"))],
        "b",
        "boundary_without_flow",
    ),
    "a message without a name": (["s -> c -> e", *ONE, catch("c", message("unnamed"))], "c", "message_without_name"),
    "a start by a message whose name is worked out": (
        ["s -> e", start("s", message("worked_out")), end("e")],
        "s",
        "start_message_dynamic",
    ),
    "a start by a signal whose name is worked out": (
        ["s -> e", start("s", signal("worked_out_signal")), end("e")],
        "s",
        "start_signal_dynamic",
    ),
    "a signal that does not exist": (["s -> c -> e", *ONE, catch("c", signal("none"))], "c", "signal_missing"),
    "a signal without a name": (
        ["s -> c -> e", *ONE, catch("c", signal("unnamed_signal"))],
        "c",
        "signal_without_name",
    ),
    "catching an error whose code is worked out": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", error("worked_out_error"))],
        "b",
        "error_code_dynamic",
    ),
    "an escalation without a code thrown": (["s -> t -> e", *ONE, throw("t", escalation())], "t", "escalation_missing"),
    "a link without a name": (["s -> t", start("s"), throw("t", "<linkEventDefinition/>")], "t", "link_without_name"),
    "a link with two catching sides": (
        ["s -> l; c1 -> e; c2 -> e", *ONE, throw("l", link("L")), catch("c1", link("L")), catch("c2", link("L"))],
        "c1",
        "link_catch_twice",
    ),
    "an event gateway with one way out": (
        ["s -> g -> c -> e", *ONE, event_gateway("g"), catch("c", timer("P1D"))],
        "g",
        "event_gateway_narrow",
    ),
    "an event gateway that begins the process": (
        [
            "s -> e; g -> c -> e; g -> t -> e",
            *ONE,
            event_gateway("g"),
            catch("c", message("m")),
            catch("t", timer("P1D")),
        ],
        "g",
        "event_gateway_instantiate",
    ),
    "an event behind an event gateway that others lead to": (
        [
            "s -> f; f -> g; f -> c; g -> c -> e; g -> t -> e",
            *ONE,
            fork("f"),
            event_gateway("g"),
            catch("c", message("m")),
            catch("t", timer("P1D")),
        ],
        "c",
        "event_gateway_target_shared",
    ),
    "a boundary event behind an event gateway": (
        [
            "s -> g; g -> r -> e; g -> t -> e; b -> e",
            *ONE,
            event_gateway("g"),
            el("receiveTask", "r", messageRef="m"),
            catch("t", timer("P1D")),
            boundary("b", "r", timer("P1D")),
        ],
        "r",
        "event_gateway_boundary",
    ),
    "a cancel end without a cancel boundary event": (
        ["s -> t -> e", *ONE, el("transaction", "t", start("x") + end("y", CANCEL) + flows("x -> y"))],
        "t",
        "cancel_without_boundary",
    ),
    "a cancel end outside a transaction": (["s -> c", start("s"), end("c", CANCEL)], "c", "cancel_outside_transaction"),
    "a compensation event without its activity": (
        ["s -> a -> e", *ONE, user("a"), boundary("b", "a", UNDO)],
        "b",
        "compensation_handler_missing",
    ),
    "a compensation activity of nobody": (
        ["s -> e", *ONE, user("undo", isForCompensation="true")],
        "undo",
        "compensation_handler_unbound",
    ),
    "undoing what has no way back": (
        ["s -> a -> t -> e", *ONE, user("a"), throw("t", '<compensateEventDefinition activityRef="a"/>')],
        "t",
        "compensation_activity_unknown",
    ),
    "a timer without a time": (["s -> t -> e", *ONE, catch("t", "<timerEventDefinition/>")], "t", "timer_missing"),
    "a timer with two times": (
        [
            "s -> t -> e",
            *ONE,
            catch(
                "t",
                "<timerEventDefinition><timeDate>2026-02-01</timeDate><timeDuration>P1D</timeDuration></timerEventDefinition>",
            ),
        ],
        "t",
        "timer_several",
    ),
    "a cycle in the way": (
        ["s -> t -> e", *ONE, catch("t", timer("R3/P1D", "timeCycle"))],
        "t",
        "timer_cycle_not_allowed",
    ),
    "a cycle that interrupts": (
        ["s -> a -> e; b -> e", *ONE, user("a"), boundary("b", "a", timer("R3/P1D", "timeCycle"))],
        "b",
        "timer_cycle_not_allowed",
    ),
    "a misfire policy of nobody": (
        ["s -> t -> e", *ONE, catch("t", timer("P1D"), '<yuntu:misfire policy="later"/>')],
        "t",
        "misfire_unknown",
    ),
    "a calendar of nobody": (
        ["s -> t -> e", *ONE, catch("t", timer("P1D"), '<yuntu:calendar id="moon"/>')],
        "t",
        "calendar_unknown",
    ),
    "a decision whose name is worked out": (
        [
            "s -> t -> e",
            *ONE,
            el("businessRuleTask", "t", "", '<zeebe:calledDecision decisionId="=x" resultVariable="r"/>'),
        ],
        "t",
        "decision_dynamic",
    ),
    "a script without words": (["s -> t -> e", *ONE, el("scriptTask", "t")], "t", "script_missing"),
    "a called process whose name is worked out": (["s -> t -> e", *ONE, call("t", "=x")], "t", "called_dynamic"),
    "a binding of nobody": (["s -> t -> e", *ONE, call("t", "p", bindingType="newest")], "t", "binding_unknown"),
    "a mapping without a target": (
        ["s -> a -> e", *ONE, user("a", ext='<zeebe:ioMapping><zeebe:input source="=1"/></zeebe:ioMapping>')],
        "a",
        "mapping_incomplete",
    ),
    "several runs of which one is enough": (
        ["s -> a -> e", *ONE, user("a", each("=[1]").replace(" isSequential", ' behavior="One" isSequential'))],
        "a",
        "loop_behaviour",
    ),
    "a loop without an end": (["s -> a -> e", *ONE, user("a", "<standardLoopCharacteristics/>")], "a", "loop_endless"),
}

DECLARED = declare({"m": '="k"', "nokey": ""}, signals="sig", errors="err") + (
    '<message id="unnamed"/><message id="worked_out" name="=x"/><signal id="unnamed_signal"/>'
    '<signal id="worked_out_signal" name="=x"/><error id="worked_out_error" errorCode="=x"/>'
)
# What the reader says of a whole file, or as a warning: shown by the test that is named.
ELSEWHERE = {
    "too_large": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "too_deep": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "not_xml": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "doctype": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "not_bpmn": "test_hostile_diagrams::test_f10_hostile_xml_is_refused",
    "too_many_processes": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "too_many_elements": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "too_many_inclusive": "test_hostile_files::test_a01_to_a05_a_hostile_file_is_refused_at_once_with_its_place",
    "no_process": "test_hostile_diagrams::test_a_diagram_without_an_executable_process_is_refused",
    "not_executable": "test_activities::test_of_several_pools_the_executable_ones_run_and_the_rest_is_listed",
    "ignored_part": "test_activities::test_people_named_in_bpmns_own_words_are_listed",
    "unknown_extension": "test_activities::test_what_means_nothing_here_is_listed",
    "unreachable": "test_refusals::test_what_nothing_leads_to_is_a_warning",
}
HERE = Path(__file__).parent


@pytest.mark.parametrize("case", REFUSALS)
def test_is_refused_at_its_element(case):
    parts, element, code = REFUSALS[case]

    with pytest.raises(Refused) as refused:
        read_bpmn(diagram(DECLARED, process("main", *parts)))

    assert (element, code) in {(problem.element_id, problem.code) for problem in refused.value.problems}
    for found in refused.value.problems:
        assert found.message.zh and found.message.en


def test_every_problem_is_named_at_once():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process(
                    "main", start("s"), el("serviceTask", "t"), catch("c", timer("soon")), end("e"), "s -> t -> c -> e"
                )
            )
        )

    assert [problem.element_id for problem in refused.value.problems] == ["t", "c"]


def test_a_flow_across_pools_is_refused():
    with pytest.raises(Refused) as refused:
        read_bpmn(
            diagram(
                process("one", start("s"), end("e"), "s -> e; s -> other"),
                process("two", start("s2"), user("other"), end("e2"), "s2 -> other -> e2"),
            )
        )

    assert ("s_other", "flow_crosses") in {(problem.element_id, problem.code) for problem in refused.value.problems}


def test_what_nothing_leads_to_is_a_warning():
    model = read_bpmn(diagram(process("main", *ONE, user("a"), "s -> e; a -> e")))

    assert [(found.element_id, found.code) for found in model.warnings] == [("a", "unreachable")]


def test_every_sentence_of_the_reader_has_its_case():
    shown = {code for _, _, code in REFUSALS.values()}

    assert not shown & ELSEWHERE.keys()
    assert shown | ELSEWHERE.keys() == SENTENCES.keys()


def test_what_is_shown_elsewhere_is_shown_there():
    for code, place in ELSEWHERE.items():
        file, _, test = place.partition("::")
        source = (HERE / f"{file}.py").read_text(encoding="utf-8")

        assert f"def {test}(" in source and f'"{code}"' in source, (code, place)
