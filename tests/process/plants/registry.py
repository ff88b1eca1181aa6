"""The defects of S1-S28, F1-F13 and of the list where engines differ, planted in our interpreter one at a time.

Each is named after the row of docs/engine-audit.md it belongs to and says which test must turn red. They are small on
purpose: one function less careful than ours, or one that does what another engine was seen to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Planted:
    """`sees`: `file::test` in this folder, or in the folder that `file` names, that must turn red."""

    plant: Plant
    sees: str


PLANTED: dict[str, Planted] = {}


def planted(row: str, sees: str) -> Callable[[Plant], Plant]:
    def keep(plant: Plant) -> Plant:
        assert row not in PLANTED
        PLANTED[row] = Planted(plant, sees)
        return plant

    return keep
