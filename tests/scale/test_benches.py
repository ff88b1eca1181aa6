"""The benches of size measure what they say, in small."""

import pytest

from runtime.benchmarks import endurance, messages, scale, shapes, timers
from runtime.benchmarks.servers import Bench


@pytest.fixture
def bench(server):
    made = Bench(server, seconds=1.0, processes=1, scale=0.002)
    yield made
    made.drop()


def quiet(_):
    """Nobody watches."""


def test_a_multiplied_case_is_moved_like_a_played_one(bench):
    result = scale.measure(bench, quiet)

    assert result["details"]["instances_many"] == 2_000
    assert result["details"]["cost_ratio"] > 0
    assert 500 < result["bytes_per_instance"] < 8_000
    assert set(result["details"]["bytes_per_table"]) == {"instance", "user_task", "timer"}


def test_every_due_timer_is_fired_once_while_users_work(bench):
    result = timers.measure(bench, quiet)

    assert result["details"]["timers_due"] == 200
    assert (result["details"]["fired_once"], result["details"]["left_due"]) == (True, 0)


def test_a_burst_is_answered_by_its_kinds(bench):
    bench.scale = 0.01
    result = messages.measure(bench, quiet)

    assert result["details"]["answers"] == {"buffered": 22, "delivered": 73, "duplicate": 5}
    assert result["details"]["instance_states"] == {"completed": 93}
    assert result["details"]["message_states"] == {"buffered": 2, "delivered": 93}
    assert result["details"]["received_twice"] == 0


def test_a_loop_of_one_instance_keeps_its_size(bench):
    result = shapes.measure(bench.database(), rounds=40)

    first, last = result["loop_state_bytes"]
    assert result["loop_rounds"] == 40
    assert last <= first * 1.1


def test_sizes_stay_flat_while_what_has_ended_is_archived_and_swept(bench):
    result = endurance.measure(bench, quiet)

    looks = result["details"]["looks"]
    assert result["details"]["archived"] > 0
    assert len(looks) == endurance.ROUNDS and all(look["bytes"] > 0 for look in looks)
