"""Does a second interpreter, written by other people, run this diagram as ours does?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.clock import CHINA
from engine.interpreter import Closure
from engine.twin.rewrite import rewrite
from engine.twin.walk import Walk

NOW = datetime(2026, 1, 5, 8, tzinfo=CHINA)


@dataclass
class Comparison:
    """`agreed`: paths on which both stood at the same place after every move, to the end or to a known defect.
    `skipped`: element ids that the library is known to run wrongly or not at all. A difference shows its path."""

    paths: int = 0
    agreed: int = 0
    skipped: list[str] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)
    stopped: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "paths": self.paths,
            "agreed": self.agreed,
            "skipped": self.skipped,
            "differences": self.differences,
        }


def compare(
    closure: Closure,
    process_id: str,
    diagrams: Sequence[bytes],
    *,
    paths: int = 20,
    seed: int = 1,
    variables: Mapping[str, Any] | None = None,
    known: Mapping[str, Sequence[Any]] | None = None,
    now: datetime = NOW,
) -> Comparison:
    """Walk `paths` seeded paths through `process_id`. `diagrams`: the files of the closure, each once.

    `variables` are there from the start and never answered; `known`: values to answer a name with, instead of guesses.

    Never raises for what the library cannot do: that is a `stopped` reason or a difference.
    """
    walk = Walk(closure, process_id, [rewrite(xml) for xml in diagrams], now, variables or {}, known)
    result = Comparison(skipped=sorted(walk.skipped))
    for number in range(seed, seed + paths):
        walked = walk.path(number)
        result.paths += 1
        result.visited |= walked.visited
        if walked.difference is None:
            result.agreed += 1
        else:
            moves = [move.as_json() for move in walked.moves]
            result.differences.append({"seed": number, "path": moves, **walked.difference})
        if walked.stopped:
            reason = walked.stopped.split(":")[0]
            result.stopped[reason] = result.stopped.get(reason, 0) + 1
    return result
