from collections.abc import Callable
from typing import Any

import pytest

from engine.engine import Engine
from tests.store.store_kit import Clock, World


@pytest.fixture
def make_world(pool) -> Callable[..., World]:
    def make(**settings: Any) -> World:
        clock = Clock()
        given = {"region_id": "test-region", "clock": clock, "fires_at_due_time": True, **settings}
        return World(Engine(pool, **given), clock)

    return make


@pytest.fixture
def world(make_world) -> World:
    return make_world()
