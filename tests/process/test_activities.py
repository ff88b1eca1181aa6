"""Tasks, sub-processes, several runs, loops, events in between: what each does when a token is on it."""

from __future__ import annotations

import pytest

from engine.interpreter.contracts import WaitKind
from engine.model import read_bpmn
from tests.process.play import (
    Play,
    boundary,
    catch,
    closure_of,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    error,
    event_gateway,
    event_start,
    event_sub,
    flows,
    fork,
    io,
    message,
    play,
    process,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

KEY_K = {"m": '="k"'}


def standard_loop(condition: str, **attributes: str) -> str:
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    inside = f"<loopCondition>{condition}</loopCondition>"
    return f"<standardLoopCharacteristics{written}>{inside}</standardLoopCharacteristics>"


def _task(p: Play, path: str) -> dict:
    return p.wait(WaitKind.USER_TASK, path).data


def test_manual_and_abstract_tasks_pass():
    assert play(start("s"), el("task", "a"), el("manualTask", "b"), end("e"), "s -> a -> b -> e").state == "completed"


def test_a_user_task_says_who_may_and_in_which_window():
    ext = (
        '<zeebe:formDefinition formId="anc-visit"/>'
        '<zeebe:assignmentDefinition candidateGroups="R-MCHW, R-MIDW" assignee="=nurse" candidateUsers="=[nurse]"/>'
        '<zeebe:taskSchedule followUpDate="=string(lmp)" dueDate="2026-01-08"/>'
        '<zeebe:priorityDefinition priority="80"/><yuntu:window until="P7D"/><yuntu:clock id="T-05"/>'
        '<yuntu:assignment organisation="=home"/>'
    )
    p = play(start("s"), user("a", ext=ext, name="产检"), end("e"), "s -> a -> e",
             variables={"nurse": "n1", "lmp": "2026-01-06", "home": "org-twn-1"})  # fmt: skip

    assert _task(p, "a") == {
        "name": "产检",
        "form": "anc-visit",
        "form_version": None,
        "candidate_roles": ["R-MCHW", "R-MIDW"],
        "organisation": "org-twn-1",
        "assignee": "n1",
        "candidate_users": ["n1"],
        "window_from": "2026-01-06T00:00:00+08:00",
        "due": "2026-01-08T23:59:59+08:00",
        "until": "2026-01-12T08:00:00+08:00",
        "priority": 80,
        "clock": "T-05",
    }


LANES = """<laneSet id="ls"><lane id="l1" name="乡镇"><extensionElements>
<yuntu:lane role="R-MCHW" organisation="=home"/>
</extensionElements><flowNodeRef>a</flowNodeRef><childLaneSet id="c"><lane id="l2" name="R-VDOC">
<flowNodeRef>b</flowNodeRef></lane></childLaneSet></lane></laneSet>"""


def test_lanes_give_roles_from_the_outermost_to_the_innermost_and_the_organisation():
    p = play(LANES, start("s"), user("a"), user("b"), end("e"), "s -> a -> b -> e", variables={"home": "org-twn-1"})
    assert (_task(p, "a")["candidate_roles"], _task(p, "a")["organisation"]) == (["R-MCHW"], "org-twn-1")

    p.complete("a")

    assert (_task(p, "b")["candidate_roles"], _task(p, "b")["organisation"]) == (["R-MCHW", "R-VDOC"], "org-twn-1")


def test_a_due_date_that_is_none_leaves_the_task_without_one_and_nonsense_is_an_incident():
    def due(value: object) -> Play:
        ext = '<zeebe:taskSchedule dueDate="=due"/>'
        return play(start("s"), user("a", ext=ext), end("e"), "s -> a -> e", variables={"due": value})

    assert _task(due(None), "a")["due"] is None
    assert due("soon").incidents == ["a"]


def test_a_service_task_is_a_job_that_is_given_what_can_be_seen():
    headers = '<zeebe:taskHeaders><zeebe:header key="to" value="county"/></zeebe:taskHeaders>'
    p = play(
        start("s"),
        service("a", "report", ext=headers + io(inputs={"x": "=1"})),
        end("e"),
        "s -> a -> e",
        variables={"y": 2},
    )

    job = p.wait(WaitKind.JOB, "a").data
    assert job == {"type": "report", "retries": 3, "headers": {"to": "county"}, "variables": {"x": 1, "y": 2}}
    assert p.work("a", z=3).variables == {"y": 2, "z": 3}


def test_a_job_that_failed_for_good_is_an_incident_and_its_retry_the_same_job():
    p = play(start("s"), service("a"), end("e"), "s -> a -> e")
    job = p.wait(WaitKind.JOB, "a")

    p.fail("a", "no connection")
    assert (p.incidents, p.waits()[0].data["cause"]) == (["a"], "job")
    p.retry("a")

    again = p.wait(WaitKind.JOB, "a")
    assert (again.data, again.id > job.id) == (job.data, True)
    assert p.work("a").state == "completed"


def test_an_error_thrown_by_a_worker_is_caught_with_its_values_the_exact_code_first():
    p = play(
        start("s"),
        service("a"),
        user("any"),
        user("exact"),
        end("e"),
        boundary("b1", "a", error()),
        boundary("b2", "a", error("x")),
        "s -> a -> e; b1 -> any -> e; b2 -> exact -> e",
        declared=declare(errors="x"),
    )

    p.error(WaitKind.JOB, "a", "x", why="late")

    assert (p.open, p.variables) == (["exact"], {"why": "late"})


def test_an_error_thrown_by_a_worker_that_nothing_catches_is_an_incident_at_the_task():
    p = play(start("s"), service("a"), end("e"), "s -> a -> e")

    p.error(WaitKind.JOB, "a", "x")

    assert p.incidents == ["a"]
    assert p.retry("a").work("a").state == "completed"


def test_a_send_task_without_a_job_gives_its_message_out():
    send = (
        '<sendTask id="a" messageRef="m"><extensionElements>'
        + io(inputs={"hb": "=9"})
        + "</extensionElements></sendTask>"
    )
    p = play(start("s"), send, end("e"), "s -> a -> e", declared=declare({"m": "=id"}), variables={"id": 7})

    assert [(m.kind, m.name, m.key, m.payload) for m in p.published] == [("message", "m", "7", {"hb": 9})]
    assert p.state == "completed"


def test_a_receive_task_waits_for_its_message():
    p = play(start("s"), '<receiveTask id="a" messageRef="m"/>', end("e"), "s -> a -> e", declared=declare(KEY_K))

    assert p.waiting == ["message a"]
    assert p.message("m", x=1).variables == {"x": 1}


def test_a_process_is_started_by_a_message():
    closure = closure_of(
        diagram(
            declare({"m": ""}),
            process(
                "main",
                start("s1"),
                start("s2", message("m"), io(outputs={"hb": "=value"})),
                user("a"),
                user("b"),
                end("e"),
                "s1 -> a -> e; s2 -> b -> e",
            ),
        )
    )
    assert dict(closure.root.start_messages) == {"m": "s2"}

    p = Play(closure, {"value": 9, "noise": 1}, start_element="s2")

    assert (p.open, p.variables) == (["b"], {"hb": 9})


def test_a_sub_process_ends_when_all_inside_has_ended():
    p = play(
        start("s"),
        sub("sp", start("is"), fork("f"), user("a"), user("b"), end("ie"), "is -> f; f -> a -> ie; f -> b -> ie"),
        user("c"),
        end("e"),
        "s -> sp -> c -> e",
    )

    assert p.complete("a").open == ["b"]
    assert p.complete("b").open == ["c"]


def test_an_interrupting_timer_takes_a_sub_process_away_with_all_that_waits_in_it():
    p = play(
        start("s"),
        sub(
            "sp",
            start("is"),
            fork("f"),
            user("a"),
            catch("t", timer("P9D")),
            end("ie"),
            "is -> f; f -> a -> ie; f -> t -> ie",
        ),
        boundary("late", "sp", timer("P1D")),
        user("c"),
        end("e"),
        "s -> sp -> e; late -> c -> e",
    )

    p.advance("P1D")

    assert p.waiting == ["user_task c"]
    assert [line.element_id for line in p.history if line.event == "cancelled"] == ["a", "sp"]


def test_each_newborn_has_its_own_sub_process():
    p = play(
        start("s"),
        sub(
            "sp",
            start("is"),
            user("visit"),
            end("ie"),
            "is -> visit -> ie",
            loop=each("=newborns", "baby", outputCollection="weights", outputElement="=weight"),
        ),
        end("e"),
        "s -> sp -> e",
        variables={"newborns": [{"n": 1}, {"n": 2}]},
    )
    babies = [scope.values["baby"]["n"] for scope in p.now_state.scopes.values() if "baby" in scope.values]
    assert (p.open, babies) == (["visit", "visit"], [1, 2])

    p.complete("visit", nth=2, weight=2900).complete("visit", weight=3100)

    assert p.variables["weights"] == [3100, 2900]


def test_sequential_runs_come_one_after_the_other():
    p = play(start("s"), user("a", each("=[5, 6]", "x", sequential=True)), end("e"), "s -> a -> e")

    assert p.open == ["a"]
    assert p.complete("a").open == ["a"]
    assert p.complete("a").state == "completed"


def test_the_completion_condition_sees_the_results_so_far():
    enough = each("=[1,2,3]", "x", completion="=sum(all[item != null]) > 4", outputCollection="all", outputElement="=r")
    p = play(start("s"), user("a", enough), end("e"), "s -> a -> e")

    p.complete("a", r=2).complete("a", r=3)

    assert (p.state, p.variables) == ("completed", {"all": [2, 3, None]})


def test_an_empty_collection_passes_and_no_collection_is_an_incident():
    def over(value: object) -> Play:
        return play(start("s"), user("a", each("=x")), end("e"), "s -> a -> e", variables={"x": value})

    assert over([]).state == "completed"
    assert over(None).incidents == ["a"]
    assert over(None).set(x=[1]).retry("a").open == ["a"]


def test_a_thousand_runs_without_a_wait_fit_into_one_step():
    p = play(
        start("s"),
        script("a", "x * 2", "y", each("=for i in 1..1000 return i", "x", outputCollection="all", outputElement="=y")),
        end("e"),
        "s -> a -> e",
    )

    assert (p.state, sum(p.variables["all"])) == ("completed", 1001000)


@pytest.mark.parametrize("before, runs", [("true", 0), ("false", 1)])
def test_a_standard_loop_asks_before_or_after(before, runs):
    loop = standard_loop("=n &lt; 0", testBefore=before)
    p = play(start("s"), script("a", "n + 1", "n", loop), end("e"), "s -> a -> e", variables={"n": 0})

    assert (p.state, p.variables["n"]) == ("completed", runs)


def test_a_standard_loop_goes_on_while_its_condition_holds_up_to_its_maximum():
    loop = standard_loop("=more", loopMaximum="3")
    p = play(start("s"), user("a", loop), end("e"), "s -> a -> e")

    for _ in range(3):
        p.complete("a", more=True)

    assert p.state == "completed"


def test_an_implicit_split_takes_every_flow_and_a_conditional_one_only_when_true():
    parts = [start("s"), user("a"), user("b"), user("c"), end("e"),
             "s -> a; a -[x > 1]-> b; a -[f2: x > 2]-> c; b -> e; c -> e"]  # fmt: skip

    assert play(*parts).complete("a", x=2).open == ["b"]
    assert play(*parts).complete("a", x=3).open == ["b", "c"]


def test_the_first_event_after_an_event_gateway_takes_the_others_away():
    p = play(
        start("s"),
        event_gateway("g"),
        catch("c", message("m")),
        catch("t", timer("P3D")),
        el("receiveTask", "r", messageRef="m2"),
        user("got"),
        user("late"),
        end("e"),
        "s -> g; g -> c -> got -> e; g -> t -> late -> e; g -> r -> e",
        declared=declare({"m": '="k"', "m2": '="k"'}),
    )

    p.message("m", x=1)

    assert (p.waiting, p.variables) == (["user_task got"], {"x": 1})


def test_a_signal_reaches_every_wait_for_it():
    p = play(
        start("s"),
        fork("f"),
        catch("a", signal("sig")),
        catch("b", signal("sig")),
        fork("j"),
        end("e"),
        "s -> f; f -> a -> j; f -> b -> j -> e",
        declared=declare(signals="sig"),
    )

    assert p.signal("sig").state == "completed"


def test_a_conditional_event_fires_at_once_when_it_is_true_already():
    assert (
        play(start("s"), catch("c", condition("x = 1")), end("e"), "s -> c -> e", variables={"x": 1}).state
        == "completed"
    )


def test_a_non_interrupting_conditional_event_fires_each_time_it_becomes_true():
    p = play(
        start("s"),
        user("a"),
        user("b"),
        end("e"),
        boundary("c", "a", condition("hb < 110"), interrupting=False),
        "s -> a -> e; c -> b -> e",
        variables={"hb": 120},
    )

    for value in (105, 100, 115, 90):
        p.set(hb=value)

    assert p.open == ["a", "b", "b"]


def test_a_cycle_starts_an_event_sub_process_again_and_again():
    p = play(
        start("s"),
        user("a"),
        end("e"),
        "s -> a -> e",
        event_sub(
            "es",
            event_start("t", timer("R/P1W", "timeCycle"), interrupting=False),
            user("b"),
            end("ee"),
            "t -> b -> ee",
        ),
    )

    p.advance("P21D")

    assert p.open == ["a", "b", "b", "b"]


def test_a_message_throw_event_by_a_worker_is_a_job():
    p = play(
        start("s"),
        throw("t", "<messageEventDefinition/>", '<zeebe:taskDefinition type="send"/>'),
        end("e"),
        "s -> t -> e",
    )

    assert p.waiting == ["job t"]
    assert p.work("t").state == "completed"


def test_an_end_event_by_a_worker_ends_when_the_job_is_done():
    p = play(start("s"), end("e", "<messageEventDefinition/>", '<zeebe:taskDefinition type="send"/>'), "s -> e")
    assert (p.waiting, p.ended_at) == (["job e"], [])

    assert p.work("e").ended_at == ["e"]


def test_a_cancelled_transaction_undoes_what_completed_and_leaves_by_its_cancel_event():
    inside = (
        start("is")
        + user("a")
        + boundary("ca", "a", "<compensateEventDefinition/>")
        + user("undo", isForCompensation="true")
        + '<association id="as" sourceRef="ca" targetRef="undo"/>'
        + end("ie", "<cancelEventDefinition/>")
    )
    p = play(
        start("s"),
        el("transaction", "tx", inside + flows("is -> a -> ie")),
        boundary("cancelled", "tx", "<cancelEventDefinition/>"),
        user("told"),
        end("e"),
        "s -> tx -> e; cancelled -> told -> e",
    )

    assert p.complete("a").open == ["undo"]
    assert p.complete("undo").open == ["told"]


def test_terminating_an_instance_leaves_nothing_open():
    p = play(start("s"), fork("f"), user("a"), catch("t", timer("P1D")), end("e"), "s -> f; f -> a -> e; f -> t -> e")

    p.terminate()

    assert (p.state, p.waiting) == ("terminated", [])


# --- files of other tools ---------------------------------------------------------------------------------------------


def test_a_file_of_camunda_7_runs_where_it_means_the_same():
    p = play(
        start("s"),
        '<userTask id="a" camunda:candidateGroups="R-MCHW" camunda:formKey="anc" camunda:asyncBefore="true"/>',
        xor("g"),
        '<serviceTask id="t" camunda:type="external" camunda:topic="report"/>',
        end("e"),
        end("e2"),
        '<sequenceFlow id="f1" sourceRef="g" targetRef="t"><conditionExpression>'
        "${colour == 'red' &amp;&amp; n &gt; 1}</conditionExpression></sequenceFlow>",
        's -> a -> g; g -[f2: colour != "red"]-> e2; t -> e',
    )
    assert (_task(p, "a")["candidate_roles"], _task(p, "a")["form"]) == (["R-MCHW"], "anc")

    p.complete("a", colour="red", n=2)

    assert p.wait(WaitKind.JOB, "t").data["type"] == "report"


def test_what_means_nothing_here_is_listed():
    model = read_bpmn(
        diagram(
            process("main", start("s"), '<userTask id="a" camunda:jobPriority="3"/>', end("e"), "s -> a -> e"),
            process("other", start("os"), executable=False),
        )
    )

    assert {(p.element_id, p.code) for p in model.ignored} == {("a", "unknown_extension"), ("other", "not_executable")}


def test_bindings_of_camunda_7_mean_the_same_here():
    model = read_bpmn(
        diagram(
            process(
                "main",
                start("s"),
                '<callActivity id="c" calledElement="child" camunda:calledElementBinding="deployment"/>',
                '<businessRuleTask id="d" camunda:decisionRef="risk" camunda:resultVariable="r"'
                ' camunda:mapDecisionResult="singleEntry" camunda:decisionRefBinding="versionTag"'
                ' camunda:decisionRefVersionTag="v2"/>',
                end("e"),
                "s -> c -> d -> e",
            )
        )
    )

    elements = model.processes["main"].content.elements
    assert (elements["c"].work.process, elements["c"].work.binding) == ("child", "deployment")
    assert (elements["d"].work.decision, elements["d"].work.version_tag) == ("risk", "v2")
    assert model.ignored == ()


def test_several_runs_named_in_bpmns_own_words_run():
    p = play(
        start("s"),
        '<userTask id="a"><multiInstanceLoopCharacteristics isSequential="true"><loopDataInputRef>babies'
        '</loopDataInputRef><inputDataItem id="d" name="baby"/></multiInstanceLoopCharacteristics></userTask>',
        end("e"),
        "s -> a -> e",
        variables={"babies": ["first", "second"]},
    )

    assert p.complete("a").complete("a").state == "completed"


def test_of_several_pools_the_executable_ones_run_and_the_rest_is_listed():
    pools = (
        '<collaboration id="c"><participant id="p1" processRef="main"/><participant id="p2" processRef="lab"/>'
        '<participant id="p3" name="family"/><messageFlow id="mf" sourceRef="a" targetRef="p3"/></collaboration>'
        '<choreography id="talk"/>'
    )
    lab = process("lab", start("ls"), user("la"), end("le"), "ls -> la -> le")
    drawn = process("drawn", start("ds"), el("adHocSubProcess", "free"), executable=False)

    model = read_bpmn(diagram(pools, process("main", start("s"), user("a"), end("e"), "s -> a -> e"), lab, drawn))

    assert set(model.processes) == {"main", "lab"}
    assert {(p.element_id, p.code) for p in model.ignored} == {("drawn", "not_executable"), ("talk", "ignored_part")}


def test_people_named_in_bpmns_own_words_are_listed():
    who = '<potentialOwner id="po"><resourceAssignmentExpression id="re"/></potentialOwner>'
    model = read_bpmn(diagram(process("main", start("s"), user("a", who), end("e"), "s -> a -> e")))

    assert {(p.element_id, p.code) for p in model.ignored} == {("a", "ignored_part")}
