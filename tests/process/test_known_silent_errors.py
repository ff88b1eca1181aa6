"""S1-S28: constructs that another engine gets wrong in silence. Each is right here, or an incident, never a silence."""

from __future__ import annotations

import json
import random
import zlib

import pytest

from engine.dmn import read_decisions
from engine.interpreter import Unexpected, decode, encode
from engine.interpreter.contracts import MessageReceived, UserTaskDone, WaitKind
from engine.model import read_bpmn
from engine.problems import Refused
from tests.process.play import (
    Play,
    boundary,
    catch,
    closure_of,
    condition,
    declare,
    diagram,
    el,
    end,
    error,
    escalation,
    event_gateway,
    event_start,
    event_sub,
    fork,
    link,
    message,
    play,
    process,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
    xor,
)

KEY_K = {"m": '="k"'}


def test_s1_the_501st_iteration_of_a_loop_still_offers_its_task():
    p = play(start("s"), user("task_a"), xor("g", default="out"), end("e"),
             'task_a -> g; g -[again: more]-> task_a; g -[out:]-> e; s -> task_a')  # fmt: skip

    for _ in range(3_000):
        p.complete("task_a", more=True)

    assert (p.open, p.state) == (["task_a"], "active")
    assert len(encode(p.now_state)) < 200


def test_s2_a_state_whose_keys_were_reordered_means_the_same():
    p = play(
        start("s"), fork("f"), user("a"), user("b"), end("e"), "s -> f; f -> a -> e; f -> b -> e", variables={"x": 1}
    )
    document = json.loads(zlib.decompress(encode(p.now_state)[1:]))
    for wait in document[4]:
        keys = list(wait[4])
        random.Random(1).shuffle(keys)
        wait[4] = {key: wait[4][key] for key in keys}

    shuffled = bytes([1]) + zlib.compress(json.dumps(document).encode())

    assert decode(shuffled, {"x": 1}) == p.now_state


def test_s6_parallel_branches_do_not_overwrite_each_others_values():
    p = play(start("s"), fork("f"), user("a"), user("b"), fork("j"), user("c"), end("e"),
             "s -> f; f -> a -> j; f -> b -> j -> c -> e", variables={"weight": 60})  # fmt: skip

    p.complete("a", weight=64).complete("b", height=160)

    assert p.variables == {"weight": 64, "height": 160}


def test_s7_a_conditional_boundary_event_sees_what_another_branch_sets():
    p = play(start("s"), fork("f"), user("a"), user("b"), user("c"), end("e"),
             boundary("bad", "a", condition('colour = "red"')),
             "s -> f; f -> a -> e; f -> b -> e; bad -> c -> e", variables={"colour": None})  # fmt: skip

    p.complete("b", colour="red")

    assert p.open == ["c"]


@pytest.mark.parametrize(
    "thrown, declared", [(error("x"), declare(errors="x")), (escalation("x"), declare(escalations="x"))]
)
def test_s8_an_event_sub_process_for_an_error_or_escalation_runs_only_when_it_is_thrown(thrown, declared):
    p = play(start("s"), xor("g", default="ok"), user("a"), end("bad", thrown), end("e"),
             event_sub("rescue", event_start("rs", thrown), user("help"), end("re"), "rs -> help -> re"),
             "s -> a -> g; g -[wrong]-> bad; g -[ok:]-> e", declared=declared)  # fmt: skip
    assert p.open == ["a"]

    p.complete("a", wrong=True)

    assert p.open == ["help"]


def test_s9_an_interrupting_event_sub_process_cancels_what_runs_beside_it():
    p = play(start("s"), user("a"), end("e"),
             event_sub("stop", event_start("st", message("m")), user("b"), end("se"), "st -> b -> se"),
             "s -> a -> e", declared=declare(KEY_K))  # fmt: skip

    p.message("m")

    assert p.open == ["b"]
    assert p.complete("b").state == "completed"


def test_s10_two_instances_of_one_program_know_nothing_of_each_other():
    closure = closure_of(
        diagram(
            declare(KEY_K),
            process(
                "main",
                start("s"),
                user("a"),
                end("e"),
                "s -> a -> e",
                event_sub(
                    "more", event_start("ms", message("m"), interrupting=False), user("b"), end("me"), "ms -> b -> me"
                ),
            ),
        )
    )
    first = Play(closure, {}).message("m")

    second = Play(closure, {})

    assert (first.open, second.open) == (["a", "b"], ["a"])


def test_s11_a_signal_end_event_throws_its_signal():
    p = play(start("s"), end("e", signal("sig")), "s -> e", declared=declare(signals="sig"))

    assert [(told.kind, told.name) for told in p.published] == [("signal", "sig")]


def test_s12_a_link_goes_on_at_its_catching_side():
    p = play(start("s"), throw("l1", link("L")), catch("l2", link("L")), user("a"), end("e"), "s -> l1; l2 -> a -> e")

    assert p.open == ["a"]


def test_s13_compensation_is_run():
    p = play(start("s"), user("a"), throw("undo", "<compensateEventDefinition/>"), end("e"),
             boundary("comp", "a", "<compensateEventDefinition/>"), user("revert", isForCompensation="true"),
             '<association id="as" sourceRef="comp" targetRef="revert"/>', "s -> a -> undo -> e")  # fmt: skip

    p.complete("a")

    assert p.open == ["revert"]
    assert p.complete("revert").state == "completed"


def test_s14_the_condition_of_a_lone_flow_counts():
    p = play(start("s"), user("a"), user("b"), end("e"), "s -> a; a -[go]-> b; b -> e")

    p.complete("a", go=False)

    assert (p.open, p.incidents) == ([], ["a"])


def test_s15_a_non_interrupting_message_boundary_event_fires_again_and_again():
    p = play(start("s"), user("a"), user("b"), end("e"), boundary("more", "a", message("m"), interrupting=False),
             "s -> a -> e; more -> b -> e", declared=declare(KEY_K))  # fmt: skip

    p.message("m").message("m").message("m")

    assert p.open == ["a", "b", "b", "b"]


def test_s16_one_message_is_received_by_one_of_two_catchers():
    p = play(start("s"), fork("f"), catch("c1", message("m")), catch("c2", message("m")), end("e"),
             "s -> f; f -> c1 -> e; f -> c2 -> e", declared=declare(KEY_K))  # fmt: skip

    p.message("m")

    assert p.waiting == ["message c2"]


def test_s17_a_message_that_nobody_waits_for_yet_is_refused_and_changes_nothing():
    p = play(start("s"), user("a"), catch("c", message("m")), end("e"), "s -> a -> c -> e", declared=declare(KEY_K))
    before = encode(p.now_state)

    with pytest.raises(Unexpected):
        p.tell(MessageReceived(99, {}))

    assert encode(p.now_state) == before


def test_s18_each_timer_of_an_event_gateway_has_its_own_due_time():
    p = play(
        start("s"),
        event_gateway("g"),
        catch("slow", timer("PT1H")),
        catch("fast", timer("PT1S")),
        end("e1"),
        end("e2"),
        "s -> g; g -> slow -> e1; g -> fast -> e2",
    )
    assert p.due == {"slow": "2026-01-05T09:00:00+08:00", "fast": "2026-01-05T08:00:01+08:00"}

    p.advance("PT2S")

    assert (p.ended_at, p.state) == (["e2"], "completed")


def test_s19_an_event_gateway_names_its_message_and_its_due_time():
    p = play(start("s"), event_gateway("g"), catch("c", message("m")), catch("t", timer("P1D")), end("e"),
             "s -> g; g -> c -> e; g -> t -> e", declared=declare(KEY_K))  # fmt: skip

    assert [w.data for w in p.waits(WaitKind.MESSAGE)] == [{"name": "m", "key": "k"}]
    assert p.due == {"t": "2026-01-06T08:00:00+08:00"}


def test_s20_a_monthly_cycle_goes_by_calendar_months():
    p = play(
        start("s"),
        user("a"),
        user("b"),
        end("e"),
        boundary("t", "a", timer("R/P1M", "timeCycle"), interrupting=False),
        "s -> a -> e; t -> b -> e",
    )
    due = [p.due["t"]]

    for _ in range(2):
        p.advance("P31D")
        due.append(p.due["t"])

    assert due == ["2026-02-05T08:00:00+08:00", "2026-03-05T08:00:00+08:00", "2026-04-05T08:00:00+08:00"]


def test_s21_after_a_long_outage_a_weekly_cycle_reminds_once():
    p = play(
        start("s"),
        user("a"),
        user("b"),
        end("e"),
        boundary("t", "a", timer("R/P1W", "timeCycle"), interrupting=False),
        "s -> a -> e; t -> b -> e",
    )

    p.sleep("P329D").fire("t")

    assert p.open == ["a", "b"]
    assert p.due == {"t": "2026-12-07T08:00:00+08:00"}


def test_s22_a_task_cannot_be_completed_twice():
    p = play(start("s"), user("a"), user("b"), end("e"), "s -> a -> b -> e")
    done = p.wait(WaitKind.USER_TASK, "a").id
    p.complete("a")

    with pytest.raises(Unexpected):
        p.tell(UserTaskDone(done))


def test_s23_an_error_that_nothing_catches_is_an_incident():
    p = play(start("s"), sub("sp", start("is"), end("ie", error("x")), "is -> ie"), end("e"), "s -> sp -> e",
             declared=declare(errors="x"))  # fmt: skip

    assert (p.state, p.incidents, p.ended_at) == ("active", ["ie"], [])


# --- decisions --------------------------------------------------------------------------------------------------------

INPUT = '<input id="i"><inputExpression id="ie" typeRef="{kind}"><text>x</text></inputExpression></input>'


def _decided(policy: str, rules: str, x: object, kind: str = "number") -> Play:
    """A business rule task on a table with one input `x` and one output; rules as `cell => output` by line."""
    rows = "".join(
        f'<rule id="r{n}"><inputEntry id="ri{n}"><text>{cell.strip()}</text></inputEntry>'
        f'<outputEntry id="ro{n}"><text>{out.strip()}</text></outputEntry></rule>'
        for n, (cell, out) in enumerate(line.split("=>") for line in rules.split(";"))
    )
    dmn = f"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="t">
      <decision id="table" name="table"><decisionTable id="dt" {policy}>{INPUT.format(kind=kind)}
      <output id="o" name="o"/>{rows}</decisionTable></decision></definitions>""".encode()
    called = '<zeebe:calledDecision decisionId="table" resultVariable="answer"/>'
    xml = diagram(
        process("main", start("s"), el("businessRuleTask", "d", "", called), user("a"), end("e"), "s -> d -> a -> e")
    )
    return Play(closure_of(xml, decisions={"table": read_decisions(dmn)}), {"x": x})


def test_s24_a_unique_table_with_two_matches_is_an_incident():
    p = _decided('hitPolicy="UNIQUE"', '>= 1 => "a"; >= 2 => "b"', 3)

    assert (p.incidents, "answer" in p.variables) == (["d"], False)


def test_s25_rule_order_gives_all_and_any_with_differing_outputs_is_an_incident():
    assert _decided('hitPolicy="RULE ORDER"', '>= 1 => "a"; >= 2 => "b"', 3).variables["answer"] == ["a", "b"]
    assert _decided('hitPolicy="ANY"', '>= 1 => "a"; >= 2 => "b"', 3).incidents == ["d"]


def test_s26_collect_with_an_aggregation_gives_a_number():
    assert _decided('hitPolicy="COLLECT" aggregation="SUM"', ">= 1 => 10; >= 2 => 5", 3).variables["answer"] == 15


def test_s27_cells_are_feel():
    def answer(rules: str, x: object) -> object:
        return _decided('hitPolicy="FIRST"', rules, x, "string" if isinstance(x, str) else "number").variables["answer"]

    assert answer('"a","b" => 1; - => 0', "b") == 1
    assert answer('not("low") => 1; - => 0', "high") == 1
    assert answer("1,2,3 => 1; - => 0", 2) == 1


def test_s28_numbers_are_decimal():
    p = play(start("s"), script("sc", "0.1 + 0.2", "x"), xor("g", default="no"), end("yes"), end("e"),
             "s -> sc -> g; g -[x = 0.3]-> yes; g -[no:]-> e")  # fmt: skip

    assert p.ended_at == ["yes"]


def test_what_cannot_run_is_refused_by_id_and_never_deployed_to_do_nothing():
    with pytest.raises(Refused) as refused:
        read_bpmn(diagram(process("main", start("s"), el("complexGateway", "g"), end("e"), "s -> g -> e")))

    assert [(p.element_id, p.element_type) for p in refused.value.problems] == [("g", "complexGateway")]
