"""A running instance in a new version of its process: what stays, what is asked anew, what is refused. Pure."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.interpreter import decode, encode
from engine.interpreter.contracts import WaitKind
from engine.operations.migration import Plan, TimerRule, migrate
from tests.process.invariants import check
from tests.process.play import (
    NOW,
    Play,
    boundary,
    call,
    catch,
    closure_of,
    condition,
    declare,
    diagram,
    each,
    el,
    end,
    event_gateway,
    event_start,
    event_sub,
    fork,
    io,
    message,
    process,
    script,
    service,
    signal,
    start,
    sub,
    timer,
    user,
    xor,
)

MESSAGES = declare({"m": '="k"', "n": '="k"'}, signals="sig")


def version(*parts: str, others: str = ""):
    return closure_of(diagram(MESSAGES, process("main", *parts), others))


def one(task: str, *more: str, ext: str = ""):
    return version(start("s"), user(task, ext=ext), end("e"), f"s -> {task} -> e", *more)


def taken(old: Play, new, *, since=None, moves=True, called=None, timers=None, **mapping):
    """The instance in the new version, ready to be played on."""
    plan = Plan(root="main", mappings={"main": mapping, **(called or {})}, timers=timers or {})
    before = encode(old.now_state)
    outcome = migrate(old.closure, new, old.now_state, plan, old.now, since=since or (lambda _: None), moves=moves)
    assert encode(old.now_state) == before, "the state given must not change"
    if outcome.problems:
        return outcome
    reloaded = decode(encode(outcome.step.state), outcome.step.state.variables)
    assert reloaded == outcome.step.state
    check(new, reloaded)
    moved = Play.__new__(Play)
    moved.closure, moved.now, moved._state = new, old.now, reloaded
    moved.history, moved.published, moved.last = list(outcome.step.happened), [], outcome.step
    moved.notes = [(note.element_id, note.code) for note in outcome.notes]
    return moved


def refused(outcome) -> list[tuple[str | None, str]]:
    assert all(p.message.zh and p.message.en for p in outcome.problems)
    return [(problem.element_id, problem.code) for problem in outcome.problems]


GUARDED = (
    start("s"), user("a"), end("e"), boundary("late", "a", timer("P12W"), interrupting=False), end("told"),
    "s -> a -> e; late -> told",
)  # fmt: skip


def test_s3_a_timer_of_which_one_week_in_twelve_is_left_has_one_week_left():
    old = Play(version(*GUARDED), {}).advance("P11W")

    new = taken(old, version(*GUARDED, user("b")))

    assert new.due == {"late": (NOW + timedelta(weeks=12)).isoformat()}
    assert new.advance("P6DT23H").waiting == ["timer late", "user_task a"]
    assert new.advance("PT1H").waiting == ["user_task a"]


@pytest.mark.parametrize(
    ("rule", "weeks"), [(TimerRule.KEEP, 12), (TimerRule.RESTART, 11 + 20), (TimerRule.RECOMPUTE, 20)]
)
def test_a_timer_may_begin_again_or_count_what_has_passed_when_the_operator_says_so(rule, weeks):
    old = Play(version(*GUARDED), {}).advance("P11W")
    longer = [part.replace("P12W", "P20W") for part in GUARDED]

    new = taken(old, version(*longer), timers={"late": rule}, since=lambda place: {"a": NOW}[place])

    assert new.due == {"late": (NOW + timedelta(weeks=weeks)).isoformat()}


def test_what_a_kept_timer_does_not_take_from_the_new_version_is_said():
    old = Play(version(*GUARDED), {})

    new = taken(old, version(*[part.replace("P12W", "P1D") for part in GUARDED]))

    assert new.notes == [("late", "timer-kept")]


def test_s4_the_wait_of_an_open_task_keeps_its_number_so_that_its_row_and_draft_stay():
    old = Play(one("a"), {})

    new = taken(old, one("b"), a="b")

    assert [(wait.id, wait.path) for wait in new.waits()] == [(old.waits()[0].id, "b")]
    assert new.complete("b").state == "completed"


def test_s5_a_task_that_is_gone_and_not_mapped_is_refused_with_its_id():
    assert refused(taken(Play(one("a"), {}), one("b"))) == [("a", "element-removed")]


def test_every_reason_is_named_at_once():
    parts = start("s"), fork("f"), user("a"), user("b"), end("e"), end("g"), "s -> f -> a -> e; f -> b -> g"
    assert refused(taken(Play(version(*parts), {}), one("c"))) == [("a", "element-removed"), ("b", "element-removed")]


def test_a_misspelt_id_is_refused_wherever_it_stands():
    outcome = taken(Play(one("a"), {}), one("a"), timers={"lost": TimerRule.RESTART}, x="a", a="y")

    assert [name for name, code in refused(outcome) if code == "element-unknown"] == ["x", "y", "lost"]


def test_a_task_does_not_become_something_else():
    new = version(start("s"), service("a", "work"), end("e"), "s -> a -> e")

    assert refused(taken(Play(one("a"), {}), new)) == [("a", "kind-changed")]


def test_a_task_does_not_slip_into_a_sub_process():
    new = version(start("s"), sub("x", start("t"), user("a"), end("u"), "t -> a -> u"), end("e"), "s -> x -> e")

    assert refused(taken(Play(one("a"), {}), new)) == [("a", "scope-changed")]


def test_a_task_that_ran_once_is_not_made_to_run_several_times():
    new = version(start("s"), el("userTask", "a", each("=[1,2]")), end("e"), "s -> a -> e")

    assert refused(taken(Play(one("a"), {}), new)) == [("a", "loop-changed")]


def test_inside_several_runs_each_goes_on_and_a_change_of_their_order_is_refused():
    def several(task: str, sequential: bool):
        looped = el("userTask", task, each("=[1,2,3]", "item", sequential=sequential))
        return version(start("s"), looped, end("e"), f"s -> {task} -> e")

    old = Play(several("a", False), {}).complete("a")

    assert refused(taken(old, several("a", True))) == [("a", "loop-changed")]
    assert taken(old, several("b", False), a="b").complete("b").complete("b").state == "completed"


def test_a_new_boundary_event_listens_from_now_on_and_one_that_is_gone_does_not():
    old = Play(version(*GUARDED), {}).advance("P1W")
    fresh = boundary("soon", "a", timer("P1D")), end("left"), "soon -> left"

    new = taken(old, version(start("s"), user("a"), end("e"), "s -> a -> e", *fresh))

    assert new.due == {"soon": (old.now + timedelta(days=1)).isoformat()}
    assert sorted(new.notes) == [("late", "listener-removed"), ("soon", "listener-added")]
    assert new.advance("P1D").ended_at == ["left"]


def test_a_new_deadline_can_count_from_when_the_task_was_opened():
    old = Play(one("a"), {}).advance("P2D")
    new = one("a", boundary("soon", "a", timer("P3D")), end("left"), "soon -> left")

    moved = taken(old, new, timers={"soon": TimerRule.RECOMPUTE}, since=lambda place: NOW if place == "a" else None)

    assert moved.due == {"soon": (NOW + timedelta(days=3)).isoformat()}


def test_a_deadline_that_has_fired_for_the_last_time_does_not_come_back():
    old = Play(version(*GUARDED), {}).advance("P13W")

    assert taken(old, version(*GUARDED, user("b"))).waiting == ["user_task a"]


def test_a_task_that_gets_or_loses_a_place_of_its_own_goes_on():
    scoped = one("a", boundary("told", "a", message("m"), interrupting=False), end("u"), "told -> u")

    there = taken(Play(one("a"), {}), scoped)
    back = taken(there, one("a"))

    assert there.waiting == ["message told", "user_task a"]
    assert back.waiting == ["user_task a"]
    assert back.complete("a").state == "completed"


def test_inputs_that_are_new_are_mapped_and_outputs_find_them():
    new = one("a", ext=io({"seen": "=weight + 1"}, {"result": "=seen"}))

    moved = taken(Play(one("a"), {"weight": 63}), new)

    assert moved.complete("a").variables["result"] == 64


def test_an_expression_that_fails_in_the_new_version_is_refused_at_its_element():
    new = one("a", boundary("late", "a", timer("=deadline")), end("u"), "late -> u")

    assert refused(taken(Play(one("a"), {}), new)) == [("late", "timer_invalid")]


def test_a_condition_that_is_new_is_looked_at_and_fires_when_it_holds():
    new = one("a", boundary("high", "a", condition("x > 3")), end("u"), "high -> u")

    assert taken(Play(one("a"), {"x": 5}), new).ended_at == ["u"]
    assert taken(Play(one("a"), {"x": 1}), new).set(x=4).ended_at == ["u"]


def test_of_a_suspended_instance_nothing_moves():
    new = one("a", boundary("high", "a", condition("x > 3")), end("u"), "high -> u")

    assert taken(Play(one("a"), {"x": 5}), new, moves=False).waiting == ["condition high", "user_task a"]


def test_a_condition_that_was_met_already_does_not_fire_again():
    parts = start("s"), user("a"), end("e"), boundary("high", "a", condition("x > 3"), interrupting=False), end("u")
    old = Play(version(*parts, "s -> a -> e; high -> u"), {"x": 5})

    new = taken(old, version(*parts, user("b"), "s -> a -> b -> e; high -> u"))

    assert [h.event for h in new.history if h.element_id == "high"] == []


def test_a_message_is_asked_for_by_its_new_name():
    def waits_for(name: str):
        return version(start("s"), catch("c", message(name)), end("e"), "s -> c -> e")

    new = taken(Play(waits_for("m"), {}), waits_for("n"))

    assert new.message("n").state == "completed"


def test_an_event_gateway_listens_for_what_the_new_version_has_behind_it():
    def race(*events: tuple[str, str]):
        parts = [part for name, event in events for part in (catch(name, event), f"g -> {name} -> e")]
        return version(start("s"), event_gateway("g"), end("e"), "s -> g", *parts)

    old = Play(race(("c", message("m")), ("d", timer("P9D"))), {}).advance("P8D")

    new = taken(old, race(("d", timer("P9D")), ("x", signal("sig"))))

    assert new.waiting == ["signal x", "timer d"]
    assert new.advance("P1D").state == "completed"


def test_an_event_sub_process_that_is_new_listens_and_one_that_runs_goes_on():
    def guarded(*names: str):
        subs = [event_sub(n, event_start(f"{n}s", message(m), interrupting=False), user(f"{n}t"), end(f"{n}e"),
                          f"{n}s -> {n}t -> {n}e") for n, m in zip(names, "mn")]  # fmt: skip
        return version(start("s"), user("a"), end("e"), "s -> a -> e", *subs)

    old = Play(guarded("p"), {}).message("m")

    new = taken(old, guarded("p", "q"))

    assert new.waiting == ["message ps", "message qs", "user_task a", "user_task pt"]
    assert new.message("n").complete("qt").complete("pt").complete("a").state == "completed"


def test_a_token_at_a_join_finds_the_flow_from_the_same_task():
    def joined(first: str, flow: str):
        return version(start("s"), fork("f"), user(first), user("b"), fork("j"), end("e"),
                       f"s -> f -> {first} -[{flow}:]-> j -> e; f -> b -> j")  # fmt: skip

    old = Play(joined("a", "one"), {}).complete("a")

    assert taken(old, joined("c", "two"), a="c").complete("b").state == "completed"


def test_a_join_that_loses_the_flow_a_token_stands_on_is_refused():
    parts = start("s"), fork("f"), user("b"), fork("j"), end("e")
    old = Play(version(*parts, user("a"), "s -> f -> a -> j -> e; f -> b -> j"), {}).complete("a")

    outcome = taken(old, version(*parts, user("c"), "s -> f -> c -> j -> e; f -> b -> j"))

    assert refused(outcome) == [("j", "join-changed")]


def test_a_join_that_would_wait_for_a_branch_nobody_began_is_refused():
    parts = start("s"), fork("f"), user("a"), user("b"), fork("j"), end("e")
    flows = "s -> f -> a -> j -> e; f -> b -> j"

    outcome = taken(Play(version(*parts, flows), {}), version(*parts, user("c"), flows, "f -> c -> j"))

    assert refused(outcome) == [("j", "join-starved")]


def test_a_join_that_needs_one_branch_less_is_full_and_goes_on():
    parts = start("s"), fork("f"), user("a"), fork("j"), user("z"), end("e")
    old = Play(version(*parts, user("b"), end("x"), "s -> f -> a -> j -> z -> e; f -> b -> j"), {}).complete("a")
    new = version(*parts, user("b"), end("x"), "s -> f -> a -> j -> z -> e; f -> b -> x")

    assert taken(old, new).open == ["b", "z"]


def test_a_called_process_is_taken_along_with_its_own_mapping():
    def calling(inner: str):
        called = process("other", start("cs"), user(inner), end("ce"), f"cs -> {inner} -> ce")
        return version(start("s"), call("c", "other"), end("e"), "s -> c -> e", others=called)

    old = Play(calling("x"), {})

    assert refused(taken(old, calling("y"))) == [("x", "element-removed")]
    assert taken(old, calling("y"), called={"other": {"x": "y"}}).complete("c/y").state == "completed"


def test_a_call_of_another_process_is_refused():
    def calling(name: str):
        others = "".join(
            process(n, start(f"{n}s"), user(f"{n}u"), end(f"{n}e"), f"{n}s -> {n}u -> {n}e") for n in ("one", "two")
        )
        return version(start("s"), call("c", name), end("e"), "s -> c -> e", others=others)

    assert refused(taken(Play(calling("one"), {}), calling("two"))) == [("c", "called-process-changed")]


def test_an_incident_is_tried_again_by_the_new_text_of_its_element():
    broken = version(start("s"), xor("g"), user("a"), end("e"), "s -> g -[x > 1]-> a -> e; g -[x > 2]-> e")
    mended = version(start("s"), xor("g", "d"), user("a"), end("e"), "s -> g -[x > 1]-> a -> e; g -[d:]-> e")
    old = Play(broken, {"x": 0})
    assert old.incidents == ["g"]

    assert taken(old, mended).retry("g").state == "completed"


def test_what_could_be_undone_must_stay_so_or_be_given_up_by_name():
    def undoable(handler: bool):
        compensation = "<compensateEventDefinition/>"
        parts = [start("s"), script("a", "1", "r"), user("b"), end("e"), "s -> a -> b -> e"]
        if handler:
            parts += [boundary("u", "a", compensation), el("scriptTask", "h", isForCompensation="true",
                      ext='<zeebe:script expression="=2" resultVariable="r"/>')]  # fmt: skip
            parts += ['<association id="x" sourceRef="u" targetRef="h" associationDirection="One"/>']
        return version(*parts)

    old = Play(undoable(True), {})

    assert refused(taken(old, undoable(False))) == [("a", "compensation-lost")]


def test_who_may_do_a_task_and_its_form_are_the_new_ones_its_window_stays():
    def task(role: str, form: str, due: str):
        return one("a", ext=f'<zeebe:assignmentDefinition candidateGroups="{role}"/>'
                   f'<zeebe:taskSchedule dueDate="{due}"/>'
                   f'<zeebe:formDefinition formId="{form}"/>')  # fmt: skip

    old = Play(task("R-A", "f1", "P3D"), {})

    new = taken(old, task("R-B", "f2", "P9D"))

    data = new.wait(WaitKind.USER_TASK, "a").data
    assert (data["candidate_roles"], data["form"]) == (["R-B"], "f2")
    assert data["due"] == (NOW + timedelta(days=3)).isoformat()
    assert new.notes == [("a", "window-kept")]
