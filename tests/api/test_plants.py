"""C29, C43 and C46 of docs/engine-audit.md, each done less well than it has to be."""

from importlib import import_module
from uuid import uuid4

from engine.commands import attach_to_user_task, comment_user_task
from engine.commands.contracts import Actor, SetVariables
from engine.store import insight
from tests.api import test_beside_tasks, test_evaluation, test_instances
from tests.api.test_beside_tasks import task  # noqa: F401
from tests.api.test_evaluation import tabled  # noqa: F401
from tests.planting import turns_red

evaluation = import_module("api.evaluation.blueprint")  # its room gives its name to a function


def the_same_file_sent_again_is_another(mp):
    mp.setattr(attach_to_user_task, "id_of", lambda task_id, sha256: uuid4())


def a_comment_leaves_nothing_in_the_past_of_the_case(mp):
    class Silent:
        lock_for_user_task = staticmethod(comment_user_task.instances.lock_for_user_task)

        @staticmethod
        def note(*_, **__):
            """Nothing."""

    mp.setattr(comment_user_task, "instances", Silent)


def what_was_left_is_counted_as_standing_there(mp):
    rows = insight._rows

    def counted(conn, name, **asked):
        found = rows(conn, name, **asked)
        return [row | {"open": row["open"] + 1} if "open" in row else row for row in found]

    mp.setattr(insight, "_rows", counted)


def what_is_tried_stays_in_the_case(mp):
    context = evaluation._context

    def kept(services, asked):
        if asked["instance"] is not None:
            command = SetVariables(instance_id=asked["instance"], variables={"tried": True}, reason="trial")
            services.engine.execute(command, by=Actor(id="designer"))
        return context(services, asked)

    mp.setattr(evaluation, "_context", kept)


def test_c29_a_file_that_is_kept_twice_is_seen(request):
    sees = test_beside_tasks.test_a_file_is_kept_with_its_hash_and_comes_back_as_it_was
    turns_red(request, sees, the_same_file_sent_again_is_another)


def test_c29_a_comment_without_a_trace_is_seen(request):
    sees = test_beside_tasks.test_comments_stand_in_sequence_with_who_and_when_and_once
    turns_red(request, sees, a_comment_leaves_nothing_in_the_past_of_the_case)


def test_c43_a_wrong_figure_at_an_element_is_seen(request):
    sees = test_instances.test_statistics_count_entries_ends_and_the_time_between_by_element
    turns_red(request, sees, what_was_left_is_counted_as_standing_there)


def test_c46_trying_out_that_stores_something_is_seen(request):
    turns_red(
        request, test_evaluation.test_trying_out_stores_nothing_and_moves_nothing, what_is_tried_stays_in_the_case
    )
