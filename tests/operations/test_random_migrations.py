"""Random migrations of random states; and that these tests see a migration that is wrong in one way."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.operations.random_migrations import (
    deadlines_added_change_nothing_else,
    renamed_migration_equals_its_twin,
)

MUTANTS = sorted(path.stem for path in (Path(__file__).parent / "mutants").glob("migration_*.py"))
SEEDS = range(60)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_an_instance_migrated_to_other_names_stands_where_its_twin_stands(seed):
    renamed_migration_equals_its_twin(seed)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_deadlines_that_are_added_change_nothing_else_to_the_end(seed):
    deadlines_added_change_nothing_else(seed)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_migration_that_is_wrong_in_one_way_is_seen(name, monkeypatch):
    import_module(f"tests.operations.mutants.{name}").plant(monkeypatch)

    assert any(_is_seen(seed) for seed in SEEDS)


def _is_seen(seed: int) -> bool:
    try:
        renamed_migration_equals_its_twin(seed)
        deadlines_added_change_nothing_else(seed)
    except Exception:
        return True
    return False
