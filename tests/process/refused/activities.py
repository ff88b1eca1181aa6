"""What is refused of tasks, calls, loops and mappings: the diagram, the element, the sentence."""

from __future__ import annotations

from tests.process.play import (
    ONE,
    boundary,
    call,
    catch,
    each,
    el,
    end,
    event_gateway,
    io,
    message,
    start,
    sub,
    timer,
    user,
)

ACTIVITIES = {
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
    "a listener": (["s -> t -> e", *ONE, user("t", ext="<zeebe:executionListeners/>")], "t", "listener"),
    "program code of another engine": (
        ["s -> t -> e", *ONE, '<serviceTask id="t" camunda:class="a.B"/>'],
        "t",
        "foreign_behaviour",
    ),
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
    "a receive task that starts a process": (
        ["s -> a -> e", *ONE, el("receiveTask", "a", messageRef="m", instantiate="true")],
        "a",
        "attribute",
    ),
    "a number of tokens at once": (["s -> a -> e", *ONE, user("a", startQuantity="2")], "a", "attribute"),
    "a called process by its version number": (
        ["s -> t -> e", *ONE, '<callActivity id="t" calledElement="p" camunda:calledElementVersion="3"/>'],
        "t",
        "foreign_difference",
    ),
    "a mapping to no name": (["s -> a -> e", *ONE, user("a", ext=io({"1x": "=1"}))], "a", "mapping_target"),
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
