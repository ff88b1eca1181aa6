"""Capabilities that need a database, each done less well than it has to be: the test of its row in
docs/engine-audit.md turns red."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib import import_module

import pytest

from engine.commands import claim_user_task, deploy, save_draft
from engine.store import instances, reads
from engine.store.library import Library
from engine.store.transaction import Tx
from tests.planting import Plant, turns_red

PLANTED: dict[str, tuple[str, Plant]] = {}


def planted(row: str, sees: str) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        PLANTED[row] = (sees, plant)
        return plant

    return keep


@planted("C13", "test_deployment::test_a_called_process_is_pinned_when_the_case_starts")
def what_is_called_is_looked_up_once_for_all_cases(mp: pytest.MonkeyPatch) -> None:
    find, found = Library.pins, {}

    def kept(library, tx, root, *fixed):
        return found.setdefault((root.key, root.version), find(library, tx, root, *fixed))

    mp.setattr(Library, "pins", kept)


@planted("C14", "test_deployment::test_an_unchanged_file_makes_no_new_version")
def every_deployment_is_a_new_version(mp: pytest.MonkeyPatch) -> None:
    def following(draft, catalogue):
        newest = catalogue.newest(draft.kind, draft.key)
        return (newest.version if newest else 0) + 1, True

    mp.setattr(deploy, "_version", following)


@planted("C17", "test_steps::test_a_suspended_instance_refuses_every_step_until_it_is_activated")
def a_suspended_instance_goes_on(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(instances, "require_active", lambda status: None)


@planted("C21", "test_timers_jobs_messages::test_a_message_that_comes_early_waits_and_is_delivered_once")
def whoever_begins_to_wait_does_not_look_at_what_came_before(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(Tx, "look_for_buffered", lambda tx, instance_id: None)


@planted("C22", "test_timers_jobs_messages::test_a_signal_reaches_everyone_who_listens_and_is_not_kept")
def a_signal_reaches_the_first_who_listens(mp: pytest.MonkeyPatch) -> None:
    every = Tx.all

    def first(tx, statement, /, **given):
        found = every(tx, statement, **given)
        return found[:1] if statement == "find_signal_receivers" else found

    mp.setattr(Tx, "all", first)


@planted("C26", "test_steps::test_a_claimed_task_is_somebody_elses_until_it_is_released_or_taken_over")
def whoever_claims_last_has_it(mp: pytest.MonkeyPatch) -> None:
    class Careless:
        change_user_task = staticmethod(instances.change_user_task)

        @staticmethod
        def lock_for_user_task(tx, task_id):
            held, task = instances.lock_for_user_task(tx, task_id)
            return held, dataclasses.replace(task, assignee=None)

    mp.setattr(claim_user_task, "instances", Careless)


@planted("C30", "test_steps::test_a_draft_is_kept_and_does_not_make_the_page_stale")
def a_draft_is_not_stored(mp: pytest.MonkeyPatch) -> None:
    mp.setattr(save_draft, "as_json", lambda value: None)


@planted("C31", "test_deployment::test_a_form_is_checked_and_its_version_is_pinned_at_the_start")
def the_first_version_of_a_form_is_everybodys(mp: pytest.MonkeyPatch) -> None:
    find, first = Library.pins, {}

    def kept(library, tx, root, *fixed):
        pins = find(library, tx, root, *fixed)
        return {**pins, "form": first.setdefault(root.key, pins["form"])}

    mp.setattr(Library, "pins", kept)


@planted("C44", "test_steps::test_the_work_list_is_filtered_and_paged")
def a_page_of_the_work_list_begins_at_the_beginning(mp: pytest.MonkeyPatch) -> None:
    read = reads.user_tasks
    mp.setattr(reads, "user_tasks", lambda conn, region_id, **asked: read(conn, region_id, **asked | {"after": None}))


@pytest.mark.parametrize("row", PLANTED)
def test_its_test_turns_red(row, request):
    sees, plant = PLANTED[row]
    file, _, name = sees.partition("::")
    turns_red(request, getattr(import_module(f"tests.store.{file}"), name), plant)
