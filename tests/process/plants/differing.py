"""D: where engines differ, and what must be refused (R)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.interpreter import (
    behaviours,
    catching,
    compensation,
    compile,
    joins,
    lifecycle,
    listening,
    multi_instance,
    step,
    throwing,
)
from engine.interpreter.behaviours import gateways
from engine.interpreter.run import Run
from engine.interpreter.values import Values
from engine.model import reader
from engine.model.elements import Kind
from tests.process.plants.hostile import a_spent_budget_ends_in_silence
from tests.process.plants.registry import planted

PHASES, BEHAVIOURS = step.TABLES.phases, behaviours.BEHAVIOURS

DIFFER = "test_where_engines_differ::"


@planted("D1", DIFFER + "test_of_several_true_conditions_the_first_in_the_file_is_taken")
def the_last_true_flow_is_taken(mp: pytest.MonkeyPatch) -> None:
    connect = compile._connect

    def turned(node: Any, here: Any) -> None:
        connect(node, here)
        node.outgoing = node.outgoing[::-1]

    mp.setattr(compile, "_connect", turned)


@planted("D2", DIFFER + "test_a_condition_that_is_neither_true_nor_false_is_an_incident_and_not_the_default_flow[yes]")
def what_is_not_true_is_false(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Values, "holds", lambda run, formula, scope: run.value(formula, scope) is True)


@planted("D3", DIFFER + "test_a_spare_token_at_a_parallel_join_stays_and_keeps_the_scope_alive")
def a_spare_token_is_lost(mp: pytest.MonkeyPatch) -> None:
    merge = joins._merge

    def all_gone(run: Run, scope: int, node: Any) -> None:
        merge(run, scope, node)
        rest = run.scope(scope).joins.pop(node.id, {})
        run.scope(scope).tokens -= sum(rest.values())

    mp.setattr(joins, "_merge", all_gone)


@planted("D4", DIFFER + "test_a_parallel_gateway_with_two_incoming_flows_is_a_join_even_for_a_loop")
def a_fork_never_joins(mp: pytest.MonkeyPatch) -> None:
    mp.setitem(
        BEHAVIOURS,
        Kind.PARALLEL,
        lambda run, at, node, via: (
            lifecycle.take(run, at, node.outgoing) if len(node.outgoing) > 1 else gateways.parallel(run, at, node, via)
        ),
    )


@planted("D5", DIFFER + "test_an_inclusive_join_fires_when_a_branch_ends_early")
def an_inclusive_join_looks_only_when_a_token_arrives(mp: pytest.MonkeyPatch) -> None:
    release, arrive = step.release_inclusive, gateways.arrive
    arrived: set[int] = set()

    def come(run: Run, *more: Any) -> None:
        arrived.add(id(run))
        arrive(run, *more)

    mp.setattr(gateways, "arrive", come)
    mp.setattr(step, "release_inclusive", lambda run: id(run) in arrived and release(run))


@planted("D5 cancelled", DIFFER + "test_an_inclusive_join_fires_when_a_branch_is_cancelled")
def an_inclusive_join_does_not_see_a_cancellation(mp: pytest.MonkeyPatch) -> None:
    an_inclusive_join_looks_only_when_a_token_arrives(mp)


@planted("D6", DIFFER + "test_a_loop_without_a_wait_becomes_an_incident_when_the_step_budget_is_spent")
def a_loop_without_a_wait_stops_in_silence(mp: pytest.MonkeyPatch) -> None:
    a_spent_budget_ends_in_silence(mp)


@planted("D7", DIFFER + "test_an_error_thrown_inside_an_error_event_sub_process_goes_outward")
def an_error_is_caught_where_it_was_caught_before(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(throwing, "_interrupted", lambda run, scope: False)


@planted("D8", DIFFER + "test_the_event_sub_process_catches_before_the_boundary_event")
def the_boundary_event_comes_first(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(throwing, "_starts", lambda body: [])


@planted("D9", DIFFER + "test_a_non_interrupting_event_sub_process_listens_while_only_its_own_occurrence_is_left")
def an_event_sub_process_hears_once(mp: pytest.MonkeyPatch) -> None:
    caught = catching.CAUGHT[Kind.START]

    def once(run: Run, wait: Any, node: Any, payload: Any) -> None:
        run.close_wait(wait)
        caught(run, wait, node, payload)

    mp.setitem(catching.CAUGHT, Kind.START, once)


@planted("D10", DIFFER + "test_a_correlation_key_that_is_neither_text_nor_number_is_an_incident[None]")
def any_value_is_a_key(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(listening, "correlation_key", lambda run, node, scope: str(run.value(node.formulas["key"], scope)))


@planted("D11", DIFFER + "test_a_boundary_event_on_a_multi_instance_activity_belongs_to_the_whole")
def each_run_has_its_own_boundary_event(mp: pytest.MonkeyPatch) -> None:
    begin = PHASES["inner"]

    def listening_too(run: Run, move: Any) -> None:
        listening.listen_at_boundaries(run, move.scope, move.node)
        begin(run, move)

    mp.setattr(multi_instance, "listen_at_boundaries", lambda run, scope, node: None)
    mp.setitem(PHASES, "inner", listening_too)


@planted("D12", DIFFER + "test_a_true_completion_condition_cancels_the_rest_and_leaves_their_results_null")
def results_come_in_the_order_in_which_they_are_given(mp: pytest.MonkeyPatch) -> None:
    keep = multi_instance._keep_result
    mp.setattr(
        multi_instance,
        "_keep_result",
        lambda run, body, at, loop, index: keep(run, body, at, loop, body.loop["done"]),
    )


@planted("D13", DIFFER + "test_only_mapped_values_leave_where_there_are_output_mappings")
def everything_leaves(mp: pytest.MonkeyPatch) -> None:
    def give(run: Values, at: int, node: Any, values: Any) -> None:
        for name, value in values.items():
            run.write(at, name, value)

    mp.setattr(Values, "give", give)


@planted(
    "D13 none", DIFFER + "test_without_output_mappings_values_go_to_the_scope_that_has_the_name_else_to_the_process"
)
def a_value_always_goes_to_the_process(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Values, "write", lambda run, scope, name, value, own=Values.write: own(run, 0, name, value))


@planted("D14", DIFFER + "test_two_branches_writing_one_name_the_last_to_complete_wins")
def the_first_writer_wins(mp: pytest.MonkeyPatch) -> None:
    def first(run: Values, scope: int, name: str, value: Any, own: Any = Values.write) -> None:
        if name not in run.visible(scope):
            own(run, scope, name, value)

    mp.setattr(Values, "write", first)


@planted("D14 lists", DIFFER + "test_two_scripts_that_append_in_one_step_see_each_other")
def a_step_sees_the_values_from_before_it(mp: pytest.MonkeyPatch) -> None:
    seen: dict[tuple[int, int], dict[str, Any]] = {}

    def before(run: Values, scope: int) -> dict[str, Any]:
        return seen.setdefault((id(run.state), scope), dict(run.state.visible(scope)))

    mp.setattr(Values, "visible", before)


@planted("D16", DIFFER + "test_compensation_runs_handlers_of_completed_activities_last_first_and_no_others")
def the_first_is_undone_first(mp: pytest.MonkeyPatch) -> None:
    flat = compensation._flat
    mp.setattr(compensation, "_flat", lambda records: flat(records)[::-1])


@planted("D17", DIFFER + "test_a_cycle_on_a_boundary_event_counts_from_the_last_due_time_and_ends_with_the_activity")
def a_cycle_counts_from_its_firing(mp: pytest.MonkeyPatch) -> None:
    following = listening.next_due

    def from_now(last: Any, now: Any, *more: Any) -> Any:
        return following(dataclasses.replace(last, due=max(last.due, now)), now, *more)

    mp.setattr(listening, "next_due", from_now)


@planted("D18", DIFFER + "test_several_timers_in_a_big_jump_each_see_their_own_time")
def a_step_sees_the_time_of_the_first(mp: pytest.MonkeyPatch) -> None:
    times: list[Any] = []
    begin = Values.__init__

    def first(run: Values, closure: Any, state: Any, now: Any) -> None:
        times.append(now)
        begin(run, closure, state, times[min(1, len(times) - 1)])

    mp.setattr(Values, "__init__", first)


# --- R: what must be refused ------------------------------------------------------------------------------------------


@planted("R", "test_refusals::test_is_refused_at_its_element[a complex gateway]")
def an_unknown_element_is_overlooked(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(reader, "DOCUMENTATION", reader.DOCUMENTATION | {"complexGateway"})


@planted("R lint", "test_refusals::test_is_refused_at_its_element[event gateway before a task]")
def nobody_reads_the_diagram_twice(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(reader, "lint", lambda process: ())
