"""A process that has settled looks for rings of forgotten objects more seldom, and still finds them."""

from __future__ import annotations

import gc
import weakref

import pytest

from runtime import memory


class Ring:
    def __init__(self):
        self.itself = self


@pytest.fixture
def settled():
    before = gc.get_threshold()
    memory.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_was_there_is_left_alone_and_a_ring_made_later_goes_after_a_while(settled):
    assert gc.get_freeze_count() > 10_000
    forgotten = weakref.ref(Ring())

    kept = [[] for _ in range(2 * memory.THRESHOLDS[0])]

    assert len(kept) > memory.THRESHOLDS[0] and forgotten() is None
