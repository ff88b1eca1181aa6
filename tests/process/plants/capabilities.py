"""C: capabilities that a diagram alone can show, each done less well than it has to be."""

from __future__ import annotations

import dataclasses
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.interpreter import behaviours, catching, compensation, compile, joins, lifecycle, multi_instance, throwing
from engine.interpreter.behaviours import activities, events, user_tasks
from engine.interpreter.contracts import WaitKind
from engine.interpreter.run import Run
from engine.interpreter.state import ROOT, ScopeKind
from engine.interpreter.values import Values
from engine.model import events as events_of_diagrams
from engine.model import reader
from engine.model.elements import EscalationEvent, Kind, LinkEvent, TerminateEvent
from engine.operations import modification
from engine.timers import cycles, workdays
from tests.process.plants.registry import planted

ACTIVITIES, CALLS = "test_activities::", "test_calls_and_values::"
BEHAVIOURS = behaviours.BEHAVIOURS


@planted("C1", ACTIVITIES + "test_manual_and_abstract_tasks_pass")
def a_manual_task_waits_for_somebody(mp: pytest.MonkeyPatch) -> None:
    def waits(run: Run, at: int, node: Any, via: str | None) -> None:
        run.open_wait(at, node, WaitKind.USER_TASK, {})

    mp.setitem(BEHAVIOURS, Kind.MANUAL_TASK, waits)


@planted("C2", "test_where_engines_differ::test_an_inclusive_join_waits_only_for_branches_that_were_taken")
def an_inclusive_join_waits_for_every_flow(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(
        joins,
        "_something_can_come",
        lambda run, scope, join: len(scope.joins[join.id]) < len(join.element.incoming),
    )


@planted("C3", "test_refusals::test_is_refused_at_its_element[a complex gateway]")
def a_complex_gateway_is_read_as_an_exclusive_one(mp: pytest.MonkeyPatch) -> None:
    mp.setitem(reader.KINDS, "complexGateway", Kind.EXCLUSIVE)


@planted("C4", ACTIVITIES + "test_an_implicit_split_takes_every_flow_and_a_conditional_one_only_when_true")
def an_implicit_split_takes_one_flow(mp: pytest.MonkeyPatch) -> None:
    chosen = lifecycle.chosen_flows
    mp.setattr(lifecycle, "chosen_flows", lambda run, scope, node: chosen(run, scope, node)[:1])


@planted("C5", "test_reference_traces::test_bpmn_says[13.5.4 an escalation is caught beside the work, which goes on]")
def an_escalation_is_a_none_event(mp: pytest.MonkeyPatch) -> None:
    mp.delitem(events.THROWERS, EscalationEvent)


@planted("C6", "test_known_silent_errors::test_s12_a_link_goes_on_at_its_catching_side")
def a_link_doubles_its_token(mp: pytest.MonkeyPatch) -> None:
    connect = compile._connect

    def doubled(node: Any, here: Any) -> None:
        connect(node, here)
        if isinstance(node.event, LinkEvent) and node.kind is Kind.THROW:
            node.outgoing *= 2

    mp.setattr(compile, "_connect", doubled)


@planted("C7", "test_compensation::test_what_ran_inside_a_sub_process_is_undone_with_it_the_last_first")
def the_first_is_undone_first(mp: pytest.MonkeyPatch) -> None:
    flat = compensation._flat
    mp.setattr(compensation, "_flat", lambda records: flat(records)[::-1])


@planted("C8", CALLS + "test_terminate_in_a_sub_process_ends_only_the_sub_process")
def terminate_ends_everything(mp: pytest.MonkeyPatch) -> None:
    end = BEHAVIOURS[Kind.END]

    def ends(run: Run, at: int, node: Any, via: str | None) -> None:
        if isinstance(node.event, TerminateEvent):
            run.clear(ROOT)
            lifecycle.scope_done(run, run.scope(ROOT))
        else:
            end(run, at, node, via)

    mp.setitem(BEHAVIOURS, Kind.END, ends)


@planted("C9", "test_refusals::test_is_refused_at_its_element[two event definitions]")
def of_several_event_definitions_the_first_counts(mp: pytest.MonkeyPatch) -> None:
    read = events_of_diagrams.read_event

    def first(xml: Any, *more: Any, **named: Any) -> Any:
        for other in [child for child in xml if child.tag.endswith("EventDefinition")][1:]:
            xml.remove(other)
        return read(xml, *more, **named)

    mp.setattr(reader, "read_event", first)


@planted("C10", ACTIVITIES + "test_a_cycle_starts_an_event_sub_process_again_and_again")
def an_event_sub_process_comes_once(mp: pytest.MonkeyPatch) -> None:
    def once(run: Run, wait: Any, node: Any) -> bool:
        run.close_wait(wait)
        return True

    mp.setattr(catching, "rearm", once)


@planted("C11", "test_refusals::test_is_refused_at_its_element[an ad-hoc sub-process]")
def an_ad_hoc_sub_process_is_read_as_a_task_that_passes(mp: pytest.MonkeyPatch) -> None:
    mp.setitem(reader.KINDS, "adHocSubProcess", Kind.TASK)


@planted("C12", ACTIVITIES + "test_sequential_runs_come_one_after_the_other")
def sequential_runs_come_all_at_once(mp: pytest.MonkeyPatch) -> None:
    loop = multi_instance._loop
    mp.setattr(multi_instance, "_loop", lambda node: dataclasses.replace(loop(node), sequential=False))


@planted("C16", "operations.test_modification::test_a_token_goes_from_one_task_to_another_with_new_values")
def what_is_cancelled_stays_open(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(modification._Hand, "_cancel", lambda hand, path: None)


@planted("C19", "test_timers::test_cron_with_five_or_six_fields_is_read_in_chinese_time")
def cron_is_read_in_universal_time(mp: pytest.MonkeyPatch) -> None:
    following = cycles._next_of_cron
    mp.setattr(cycles, "_next_of_cron", lambda cron, moment, zone: following(cron, moment, ZoneInfo("UTC")))


@planted("C20", "test_timers::test_working_days_follow_the_holidays_and_the_saturdays_that_make_up_for_them")
def every_day_from_monday_to_friday_is_a_working_day(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(workdays, "is_workday", lambda calendar_id, day: day.weekday() < 5)


@planted("C23", CALLS + "test_an_error_of_a_called_process_is_caught_at_the_call_activity")
def an_error_stays_in_the_called_process(mp: pytest.MonkeyPatch) -> None:
    find = throwing.find

    def inside(run: Run, scope_id: int, thrown: Any, code: str) -> Any:
        catcher, scope = find(run, scope_id, thrown, code), run.scope(scope_id)
        while scope.parent is not None and scope.kind is not ScopeKind.CALLED:
            scope = run.scope(scope.parent)
        is_outside = catcher is not None and catcher.scope.id < scope.id
        return None if is_outside else catcher

    mp.setattr(throwing, "find", inside)


@planted("C24", "test_incidents::test_an_incident_keeps_the_instance_alive")
def a_failed_element_loses_its_token(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Run, "stand_still", lambda run, failed, move, cause=None: lifecycle.take(run, move.scope, ()))


@planted("C27", ACTIVITIES + "test_lanes_give_roles_from_the_outermost_to_the_innermost_and_the_organisation")
def the_innermost_lane_alone_gives_a_role(mp: pytest.MonkeyPatch) -> None:
    data = user_tasks.user_task_data

    def last(run: Run, at: int, node: Any) -> dict[str, Any]:
        made = data(run, at, node)
        return {**made, "candidate_roles": made["candidate_roles"][-1:]}

    mp.setattr(activities, "user_task_data", last)


@planted("C28", ACTIVITIES + "test_a_user_task_says_who_may_and_in_which_window")
def the_window_is_forgotten(mp: pytest.MonkeyPatch) -> None:
    data = user_tasks.user_task_data
    mp.setattr(activities, "user_task_data", lambda run, at, node: {**data(run, at, node), "until": None})


@planted("C36", CALLS + "test_input_mappings_are_local_and_see_each_other")
def inputs_are_given_to_the_process(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Values, "write_local", lambda run, scope, name, value: run.write(ROOT, name, value))
