"""S: what another engine gets wrong in silence."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from engine.dmn import tables
from engine.dmn.environment import Environment
from engine.interpreter import (
    behaviours,
    catching,
    codec,
    compensation,
    compile,
    conditions,
    deliveries,
    lifecycle,
    listening,
    step,
    throwing,
)
from engine.interpreter.behaviours import activities, events, gateways
from engine.interpreter.contracts import MessageReceived, UserTaskDone, WaitKind
from engine.interpreter.run import Run
from engine.interpreter.values import Values
from engine.model.elements import ErrorEvent, Kind, LinkEvent, SignalEvent
from engine.timers import cycles, durations, schedule
from tests.process.plants.registry import planted

PHASES, BEHAVIOURS = step.TABLES.phases, behaviours.BEHAVIOURS

SILENT = "test_known_silent_errors::"


@planted("S1", SILENT + "test_s1_the_501st_iteration_of_a_loop_still_offers_its_task")
def a_long_loop_ends_in_silence(mp: pytest.MonkeyPatch) -> None:
    own = BEHAVIOURS[Kind.USER_TASK]
    mp.setitem(BEHAVIOURS, Kind.USER_TASK, lambda run, *more: own(run, *more) if run.state.next_id < 1_000 else None)


@planted("S2", SILENT + "test_s2_a_state_whose_keys_were_reordered_means_the_same")
def the_order_of_keys_has_a_meaning(mp: pytest.MonkeyPatch) -> None:
    written: dict[str, list[str]] = {}
    encode, wait = codec._dumps, codec.Wait

    def remember(document: Any) -> bytes:
        for _, _, element, _, data in document[4]:
            written.setdefault(element, list(data))
        return encode(document)

    def by_position(identity: int, scope: int, element: str, path: str, kind: Any, data: dict[str, Any]) -> Any:
        return wait(identity, scope, element, path, kind, dict(zip(written[element], data.values())))

    mp.setattr(codec, "_dumps", remember)
    mp.setattr(codec, "Wait", by_position)


@planted("S6", SILENT + "test_s6_parallel_branches_do_not_overwrite_each_others_values")
def a_task_gives_back_everything_it_saw(mp: pytest.MonkeyPatch) -> None:
    data, done = activities.user_task_data, deliveries._work_done
    mp.setattr(
        activities, "user_task_data", lambda run, at, node: {**data(run, at, node), "saw": dict(run.visible(at))}
    )
    mp.setattr(deliveries, "_work_done", lambda run, wait, values: done(run, wait, {**wait.data["saw"], **values}))


@planted("S7", SILENT + "test_s7_a_conditional_boundary_event_sees_what_another_branch_sets")
def a_condition_is_looked_at_once(mp: pytest.MonkeyPatch) -> None:
    look = conditions._look
    mp.setattr(
        conditions, "_look", lambda run, wait, names: look(run, wait, names) if wait.data["met"] is None else None
    )


@planted("S8", SILENT + "test_s8_an_event_sub_process_for_an_error_or_escalation_runs_only_when_it_is_thrown")
def every_event_sub_process_begins_with_its_scope(mp: pytest.MonkeyPatch) -> None:
    listen = lifecycle.listen_for_event_sub_processes

    def begin(run: Run, scope: int, body: Any) -> None:
        listen(run, scope, body)
        for inner in body.event_sub_processes:
            if not isinstance(inner.body.start.event, listening.LISTENED):
                catching.begin_event_sub_process(run, scope, inner.body.start, {})

    mp.setattr(lifecycle, "listen_for_event_sub_processes", begin)


@planted("S9", SILENT + "test_s9_an_interrupting_event_sub_process_cancels_what_runs_beside_it")
def is_interrupting_is_not_read(mp: pytest.MonkeyPatch) -> None:
    begin = catching.begin_event_sub_process

    def beside(run: Run, *more: Any) -> None:
        with pytest.MonkeyPatch.context() as here:
            here.setattr(run, "clear", lambda scope: None)
            begin(run, *more)

    mp.setattr(catching, "begin_event_sub_process", beside)


@planted("S10", SILENT + "test_s10_two_instances_of_one_program_know_nothing_of_each_other")
def what_ran_stays_in_the_program(mp: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    begin, first = catching.begin_event_sub_process, PHASES["begin"]

    def remember(run: Run, scope: int, start: Any, payload: Any) -> None:
        ran.append(start)
        begin(run, scope, start, payload)

    def again(run: Run, move: Any) -> None:
        first(run, move)
        for start in ran:
            begin(run, 0, start, {})

    mp.setattr(catching, "begin_event_sub_process", remember)
    mp.setitem(PHASES, "begin", again)


@planted("S11", SILENT + "test_s11_a_signal_end_event_throws_its_signal")
def a_signal_end_event_is_a_none_event(mp: pytest.MonkeyPatch) -> None:
    mp.delitem(events.THROWERS, SignalEvent)


@planted("S12", SILENT + "test_s12_a_link_goes_on_at_its_catching_side")
def a_link_ends_its_path(mp: pytest.MonkeyPatch) -> None:
    connect = compile._connect

    def cut(node: Any, here: Any) -> None:
        connect(node, here)
        if isinstance(node.event, LinkEvent) and node.kind is Kind.THROW:
            node.outgoing = ()

    mp.setattr(compile, "_connect", cut)


@planted("S13", SILENT + "test_s13_compensation_is_run")
def compensation_is_a_none_event(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(compensation, "throw", lambda run, at, node, activity: lifecycle.complete(run, at, node))


@planted("S14", SILENT + "test_s14_the_condition_of_a_lone_flow_counts")
def a_lone_flow_is_taken_unseen(mp: pytest.MonkeyPatch) -> None:
    leave = PHASES["leave"]

    def unseen(run: Run, move: Any) -> None:
        flows = move.node.outgoing
        lifecycle.take(run, move.scope, flows) if len(flows) == 1 else leave(run, move)

    mp.setitem(PHASES, "leave", unseen)


@planted("S15", SILENT + "test_s15_a_non_interrupting_message_boundary_event_fires_again_and_again")
def a_boundary_event_fires_once(mp: pytest.MonkeyPatch) -> None:
    caught = catching.CAUGHT[Kind.BOUNDARY]

    def once(run: Run, wait: Any, node: Any, payload: Any) -> None:
        caught(run, wait, node, payload)
        if wait.id in run.state.waits:
            run.close_wait(run.state.waits[wait.id])

    mp.setitem(catching.CAUGHT, Kind.BOUNDARY, once)


@planted("S16", SILENT + "test_s16_one_message_is_received_by_one_of_two_catchers")
def a_message_goes_to_everybody(mp: pytest.MonkeyPatch) -> None:
    def everybody(run: Run, event: MessageReceived) -> None:
        wanted = run.state.waits[event.wait_id].data
        for wait in [w for w in run.state.waits.values() if w.kind is WaitKind.MESSAGE and w.data == wanted]:
            catching.trigger(run, wait, event.payload)

    mp.setitem(deliveries.DELIVERIES, MessageReceived, everybody)


def _swallowed(mp: pytest.MonkeyPatch, kind: type) -> None:
    own = deliveries.DELIVERIES[kind]
    mp.setitem(
        deliveries.DELIVERIES, kind, lambda run, event: own(run, event) if event.wait_id in run.state.waits else None
    )


@planted("S17", SILENT + "test_s17_a_message_that_nobody_waits_for_yet_is_refused_and_changes_nothing")
def a_message_that_came_early_is_swallowed(mp: pytest.MonkeyPatch) -> None:
    _swallowed(mp, MessageReceived)


@planted("S18", SILENT + "test_s18_each_timer_of_an_event_gateway_has_its_own_due_time")
def timers_of_a_gateway_share_a_due_time(mp: pytest.MonkeyPatch) -> None:
    own = listening._timer

    def shared(run: Run, scope: int, *more: Any) -> dict[str, Any]:
        first = [wait.data for wait in run.waits_in(scope) if wait.kind is WaitKind.TIMER]
        return first[0] if first else own(run, scope, *more)

    mp.setattr(listening, "_timer", shared)


@planted("S19", SILENT + "test_s19_an_event_gateway_names_its_message_and_its_due_time")
def an_event_gateway_says_only_that_it_waits(mp: pytest.MonkeyPatch) -> None:
    listen = gateways.listen

    def unnamed(run: Run, scope: int, node: Any) -> None:
        listen(run, scope, node)
        for wait in run.waits_in(scope):
            if wait.kind is WaitKind.MESSAGE:
                run.replace_wait(wait, {"name": None, "key": None})

    mp.setattr(gateways, "listen", unnamed)


@planted("S20", SILENT + "test_s20_a_monthly_cycle_goes_by_calendar_months")
def a_month_is_thirty_days(mp: pytest.MonkeyPatch) -> None:
    def fixed(text: str) -> Any:
        found = durations.parse_duration(text)
        return dataclasses.replace(found, months=0, days=found.days + 30 * found.months)

    mp.setattr(cycles, "parse_duration", fixed)
    mp.setattr(schedule, "parse_cycle", cycles.parse_cycle.__wrapped__)


@planted("S21", SILENT + "test_s21_after_a_long_outage_a_weekly_cycle_reminds_once")
def what_was_slept_through_is_all_made_up_for(mp: pytest.MonkeyPatch) -> None:
    following = listening.next_due
    mp.setattr(listening, "next_due", lambda last, now, policy, *more: following(last, now, "fire_all", *more))


@planted("S22", SILENT + "test_s22_a_task_cannot_be_completed_twice")
def a_second_completion_is_taken(mp: pytest.MonkeyPatch) -> None:
    _swallowed(mp, UserTaskDone)


@planted("S23", SILENT + "test_s23_an_error_that_nothing_catches_is_an_incident")
def an_error_that_nothing_catches_goes_by(mp: pytest.MonkeyPatch) -> None:
    own = events.THROWERS[ErrorEvent]

    def by(run: Run, at: int, node: Any) -> bool:
        caught = throwing.find(run, at, ErrorEvent, listening.text(run, node, "code", at))
        return True if caught is None else own(run, at, node)

    mp.setitem(events.THROWERS, ErrorEvent, by)


@planted("S24", SILENT + "test_s24_a_unique_table_with_two_matches_is_an_incident")
def unique_takes_the_first(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(tables, "unique", lambda place, rules, rows, run: rows[0])


@planted("S25", SILENT + "test_s25_rule_order_gives_all_and_any_with_differing_outputs_is_an_incident")
def any_takes_the_first(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(tables, "any_of", lambda place, rules, rows, run: rows[0])


@planted("S26", SILENT + "test_s26_collect_with_an_aggregation_gives_a_number")
def collect_is_a_list(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(tables, "aggregate", lambda kind, rows, run: rows)


@planted("S27", SILENT + "test_s27_cells_are_feel")
def a_cell_is_one_value(mp: pytest.MonkeyPatch) -> None:
    own = Environment.tests

    def never(self: Environment, text: str, place: str) -> Any:
        return own(self, '"no such value"' if "," in text or text.startswith("not(") else text, place)

    mp.setattr(Environment, "tests", never)


@planted("S28", SILENT + "test_s28_numbers_are_decimal")
def numbers_are_binary(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Values, "write", lambda run, scope, name, value, own=Values.write: own(run, scope, name, _binary(value)))


def _binary(value: Any) -> Any:
    """As though the sum had been made of binary fractions."""
    return Decimal(0.1 + 0.2) if value == Decimal("0.3") else value
