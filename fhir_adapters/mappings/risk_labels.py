"""Which label of her history a grading belongs to: a label spans the results that say the same, an error has one of its
own; its number, once given, is never another label's, whatever is amended later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from workflows.policies.gradings import Numbered

Says = Callable[[Numbered], str | None]  # the colour of one dimension; None: no label
Run = tuple[str | None, bool, list[int]]  # the colour, whether it is an error, the numbers of its results


def labels_of(every: Sequence[Numbered], says: Says) -> dict[int, int]:
    """By the number of a result that of its label, both from one. The course is gone through again as it was recorded:
    what was already labelled keeps its label, and of a label that is split its oldest true part."""
    replaced = {one.said["replaces"]: one.number for one in every if one.said.get("replaces") is not None}
    given: dict[int, int] = {}
    for now in sorted(one.number for one in every):
        runs = _runs([one for one in every if one.number <= now], says, replaced, now)
        held: dict[int, int] = {}  # run -> its label
        for is_error in (False, True):
            for at, (_, wrong, numbers) in enumerate(runs):
                known = {given[n] for n in numbers if n in given} - set(held.values())
                if wrong is is_error and known:
                    held[at] = min(known)
        newest = max(given.values(), default=0)
        for at, (colour, _, numbers) in enumerate(runs):
            if colour is not None and at not in held:
                newest += 1
                held[at] = newest
            given.update(dict.fromkeys(numbers, held[at]) if at in held else {})
    return given


def _runs(seen: Sequence[Numbered], says: Says, replaced: dict[int, int], now: int) -> list[Run]:
    def key(one: Numbered) -> tuple[str | None, int]:
        wrong = one.is_error and replaced.get(one.number, one.number + 1) <= now
        return says(one), one.number if wrong else 0

    return [(colour, wrong > 0, [one.number for one in run]) for (colour, wrong), run in groupby(seen, key=key)]
