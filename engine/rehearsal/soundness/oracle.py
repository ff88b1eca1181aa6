"""Choices left free: whoever asks gets an answer, and every answer gets its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

DEEPEST = 12  # choices that are tried out in one step; later ones alternate, so that loops end
MOST_ANSWERS = 64  # runs of one step


class Oracle:
    """One step asks, in order; `runs` plays the step again until each answer was given."""

    def __init__(self) -> None:
        self._script: list[int] = []
        self._asked: list[tuple[int, int]] = []  # (answer, how many there were)
        self._later = 0
        self.decided: list[tuple[str, int]] = []  # (place, answer) of this run
        self.exhausted = True

    def choose(self, place: str, count: int) -> int:
        """A number below `count`."""
        if count < 2:
            return 0
        if len(self._asked) >= DEEPEST:
            self._later += 1
            return self._later % count
        number = len(self._asked)
        answer = self._script[number] if number < len(self._script) else 0
        self._asked.append((answer, count))
        self.decided.append((place, answer))
        return answer

    def runs(self, step: Callable[[], Any]) -> Iterator[tuple[Any, tuple[tuple[str, int], ...]]]:
        """What the step comes to under each series of answers, with the answers."""
        self._script = []
        for _ in range(MOST_ANSWERS):
            self._asked, self.decided, self._later = [], [], 0
            yield step(), tuple(self.decided)
            self.exhausted = self.exhausted and self._later == 0
            following = _next(self._asked)
            if following is None:
                return
            self._script = following
        self.exhausted = False


def _next(asked: list[tuple[int, int]]) -> list[int] | None:
    """The series of answers after this one, the last choice first."""
    for number in range(len(asked) - 1, -1, -1):
        answer, count = asked[number]
        if answer + 1 < count:
            return [*(given for given, _ in asked[:number]), answer + 1]
    return None


class Either:
    """An expression whose value is one of a few, as the oracle has it."""

    names: frozenset[str] = frozenset()

    def __init__(self, oracle: Oracle, place: str, values: tuple[Any, ...]) -> None:
        self._oracle, self._place, self._values = oracle, place, values

    def evaluate(self, context: Mapping[str, Any], **_: Any) -> Any:
        return self._values[self._oracle.choose(self._place, len(self._values))]


class Split:
    """The conditions of one element: which of its flows are true is one choice, made when the first is asked."""

    def __init__(self, oracle: Oracle, place: str, flows: int, *, one: bool, none: bool) -> None:
        """`one`: exactly one flow is taken. `none`: it may be that no condition holds."""
        self._oracle, self._place = oracle, place
        self._options = _options(flows, one=one, none=none)
        self._picked = self._options[0]

    def holds(self, number: int) -> bool:
        if number == 0:
            self._picked = self._options[self._oracle.choose(self._place, len(self._options))]
        return self._picked[number]


def _options(flows: int, *, one: bool, none: bool) -> list[tuple[bool, ...]]:
    single = [tuple(i == chosen for i in range(flows)) for chosen in range(flows)]
    several = single if one or flows > 3 else list(product((True, False), repeat=flows))
    options = [option for option in several if any(option)]
    if flows > 3 and not one:
        options.append((True,) * flows)
    return [*options, (False,) * flows] if none else options


class Condition:
    """The condition of one flow of a split."""

    names: frozenset[str] = frozenset()

    def __init__(self, split: Split, number: int) -> None:
        self._split, self._number = split, number

    def evaluate(self, context: Mapping[str, Any], **_: Any) -> bool:
        return self._split.holds(self._number)


class Happens:
    """The condition of a conditional event: true while a name of its own is set, so that the search can fire it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.names = frozenset({name})

    def evaluate(self, context: Mapping[str, Any], **_: Any) -> bool:
        return context.get(self.name) is True
