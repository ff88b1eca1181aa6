"""What is known of a woman, read from the database only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any


class Known(Mapping[str, Any]):
    """Name to value. `read` answers name to a fact with its value, date and source, and is called once at most.
    `policy`: the rules that her case was started with."""

    def __init__(self, read: Callable[[], Mapping[str, Any]], policy: Mapping[str, Any] | None = None) -> None:
        self._read = read
        self.policy = policy

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {name: fact.value for name, fact in self._read().items()}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
