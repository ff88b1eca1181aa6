"""C18 of docs/engine-audit.md, done less well than it has to be."""

from engine.commands import batches as commands
from engine.operations import batches
from engine.store.transaction import Tx
from tests.operations import test_batches
from tests.operations.test_batches import many  # noqa: F401
from tests.planting import turns_red


def a_batch_goes_as_fast_as_it_can(mp):
    send = Tx.send

    def hurried(tx, name, /, **given):
        return send(tx, name, **(given | {"rate": 9e9} if "rate" in given else given))

    mp.setattr(Tx, "send", hurried)


def a_filter_of_the_query_is_forgotten(mp):
    read = batches.parameters_of
    for room in (batches, commands):
        mp.setattr(room, "parameters_of", lambda query: {**read(query), "element": None})


def a_batch_that_rests_goes_on(mp):
    send = Tx.send

    def deaf(tx, name, /, **given):
        return send(tx, name, **(given | {"state": "running"} if name == "change_batch" else given))

    mp.setattr(Tx, "send", deaf)


def test_c18_a_rate_that_does_not_count_is_seen(request):
    turns_red(request, test_batches.test_no_more_are_taken_than_the_rate_allows, a_batch_goes_as_fast_as_it_can)


def test_c18_a_pause_that_does_not_count_is_seen(request):
    sees = test_batches.test_a_paused_batch_rests_a_resumed_one_goes_on_a_cancelled_one_stops
    turns_red(request, sees, a_batch_that_rests_goes_on)


def test_c18_a_filter_that_does_not_count_is_seen(request):
    sees = test_batches.test_a_query_finds_what_it_names
    turns_red(request, sees, a_filter_of_the_query_is_forgotten, query={"element_id": "task_b"}, found=set())
