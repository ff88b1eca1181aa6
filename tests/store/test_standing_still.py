"""An active instance in which no token waits for anything is somebody's work at once, and is none once it moves."""

import pytest

from engine.commands.contracts import Instruction, ModifyInstance, RetryIncident
from engine.errors import Conflict
from engine.operations.reconcile import reconcile
from engine.rehearsal.drawing import (
    declare,
    diagram,
    end,
    event_start,
    event_sub,
    fork,
    message,
    process,
    start,
    user,
    xor,
)
from tests.store.store_kit import NURSE

LISTENER = event_sub(
    "aside",
    event_start("called", message("m"), interrupting=False),
    user("task_x"),
    end("ex"),
    "called -> task_x -> ex",
)
SPARE = [
    *(start("s"), fork("split"), user("task_a"), user("task_b"), user("task_c"), xor("merge"), fork("join"), end("e")),
    "s -> split; split -> task_a -> merge; split -> task_b -> merge; split -> task_c",
    "merge -> join; task_c -> join; join -> e",
]


def three_done(world, *more):
    """Both on one flow of the join, one on the other: a token is left over there."""
    world.deploy(diagram(declare({"m": '="k"'}), process("spare", *SPARE, *more)))
    instance = world.start("spare")
    for element in ("task_a", "task_b", "task_c"):
        world.complete(instance, element)
    return instance


@pytest.mark.parametrize("more", [(), (LISTENER,)], ids=["nothing else", "beside it only somebody who listens"])
def test_a_token_left_at_a_join_for_ever_is_an_incident_in_the_step_that_leaves_it_there(world, more):
    instance = three_done(world, *more)

    (incident,) = world.incidents(instance)

    assert (incident.kind, incident.element_id) == ("zombie", "spare")
    assert "join" in incident.message.en
    assert "join" in incident.message.zh


def test_trying_again_moves_nothing_and_says_so(world):
    instance = three_done(world, LISTENER)
    (incident,) = world.incidents(instance)

    with pytest.raises(Conflict):
        world.engine.execute(RetryIncident(incident_id=incident.id), by=NURSE)

    assert world.incidents(instance) == [incident]


def test_a_moved_token_is_no_incident_any_more(world):
    instance = three_done(world)

    there = [Instruction(action="cancel", element_id="join"), Instruction(action="start_before", element_id="task_c")]
    world.engine.execute(ModifyInstance(instance_id=instance, instructions=tuple(there)), by=NURSE)

    assert (world.open(instance), world.incidents(instance)) == (["task_c"], [])


def test_the_incident_is_about_no_place_and_no_difference_between_rows_and_states(world):
    instance = three_done(world)

    with world.engine.read() as conn:
        _, differences = reconcile(conn, world.engine.region_id)

    assert [(one.instance_id, one.kind) for one in differences] == [(instance, "stuck")]
