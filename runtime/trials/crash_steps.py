"""Deaths by number: of a piece of work outside of any command, such as a delivery or an export, every statement it
sends, every commit, before and after, and every effect outside are places to die at; the n-th of them is the one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from engine.store.wire import Wire
from fhir_adapters import delivery
from runtime.trials.crash_points import die


class Countdown:
    """Dies at the n-th place of this process, from 1; `passed` counts them. With 0 it lives, and only counts."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.passed = 0
        self._around(psycopg.Cursor, "execute", after=False)
        self._around(psycopg.Cursor, "copy", after=False)
        self._around(psycopg.Transaction, "__exit__")
        self._around(psycopg.Connection, "commit")
        self._around(Wire, "send", after=False)
        self._around(Wire, "commit")
        self._around(delivery, "send")

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._number:
            die()

    def _around(self, place: Any, name: str, *, after: bool = True) -> None:
        function: Callable[..., Any] = getattr(place, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            self._pass()
            answer = function(*arguments, **named)
            if after:
                self._pass()
            return answer

        setattr(place, name, watched)
