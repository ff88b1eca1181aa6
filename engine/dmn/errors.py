"""What a decision can fail with."""

from __future__ import annotations

from engine.errors import Incorrect


class DecisionError(Incorrect):
    """The table contradicts itself for these inputs: several rules where one may match, or answers that differ."""

    code = "decision"
