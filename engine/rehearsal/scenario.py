"""Scenario files: a process test that a designer can read. This module plays the steps; reading YAML is the caller's.

A scenario is plain data: `process`, `now`, `start`, `steps`. `play` never raises for what the scenario or the diagram
does wrong: the report says at which step, what was expected and what was there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.clock import CHINA
from engine.errors import EngineError
from engine.interpreter import Closure
from engine.rehearsal.rehearsal import Rehearsal
from engine.timers import TimerFault, parse_duration

TOLERANCE = timedelta(seconds=2)
YEAR = timedelta(days=365)
STEP_KINDS = ("expect", "complete", "message", "signal", "advance", "error")


@dataclass
class Report:
    """`steps`: how many were played; `failed_at`: number of the failing step, from 1, or None."""

    passed: bool
    steps: int
    failed_at: int | None = None
    expected: Any = None
    actual: Any = None
    rehearsal: Rehearsal | None = None


class Mismatch(Exception):
    def __init__(self, expected: Any, actual: Any) -> None:
        super().__init__(f"expected {expected}, was {actual}")
        self.expected, self.actual = expected, actual


@dataclass
class _Player:
    run: Rehearsal
    compare: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.compare = {
            "open": lambda want: same_bag("open", want, self.run.open_tasks()),
            "not_open": self._not_open,
            "state": lambda want: same("state", want, self.run.status.value),
            "variables": self._variables,
            "timers": self._timers,
            "ended_at": lambda want: same("ended_at", sorted(set(want)), sorted(set(self.run.state.ended_at))),
            "visited": self._visited,
            "incidents": lambda want: same_bag("incidents", want, self.run.incidents()),
        }

    def step(self, step: Mapping[str, Any]) -> None:
        kinds = [kind for kind in STEP_KINDS if kind in step]
        if len(kinds) != 1:
            raise Mismatch({"one of": list(STEP_KINDS)}, {"step": sorted(map(str, step))})
        getattr(self, f"_{kinds[0]}")(step[kinds[0]], step)

    def _complete(self, path: Any, step: Mapping[str, Any]) -> None:
        known({"complete", "with", "nth"}, step)
        self.run.complete(str(path), step.get("with") or {}, nth=int(step.get("nth", 1)))

    def _message(self, message: Any, step: Mapping[str, Any]) -> None:
        known({"name", "key", "payload", "message_id", "ttl"}, message)
        ttl = span(message["ttl"], self.run.now) if message.get("ttl") is not None else YEAR
        key = message.get("key")
        message_id = message.get("message_id")
        self.run.send(
            str(message["name"]),
            "" if key is None else key,
            message.get("payload") or {},
            ttl=ttl,
            message_id=None if message_id is None else str(message_id),
        )

    def _signal(self, signal: Any, step: Mapping[str, Any]) -> None:
        known({"name", "payload"}, signal)
        self.run.broadcast(str(signal["name"]), signal.get("payload") or {})

    def _error(self, error: Any, step: Mapping[str, Any]) -> None:
        known({"at", "code", "with"}, error)
        self.run.throw(str(error["at"]), str(error["code"]), error.get("with") or {})

    def _advance(self, by: Any, step: Mapping[str, Any]) -> None:
        self.run.advance(span(by, self.run.now))

    def _expect(self, wanted: Any, step: Mapping[str, Any]) -> None:
        known(set(self.compare), wanted)
        checks: dict[str, Any] = {"incidents": []} | dict(wanted)
        for name, value in checks.items():
            self.compare[name](value)

    def _not_open(self, want: Sequence[str]) -> None:
        here = self.run.open_tasks()
        if any(path in here for path in want):
            raise Mismatch({"not_open": list(want)}, {"open": here})

    def _variables(self, want: Mapping[str, Any]) -> None:
        there = self.run.state.variables
        wrong = [name for name, value in want.items() if not equal(value, there.get(name))]
        if wrong:
            raise Mismatch(
                {"variables": {name: want[name] for name in wrong}},
                {"variables": {name: there.get(name) for name in wrong}},
            )

    def _timers(self, want: Mapping[str, Any]) -> None:
        there = self.run.timers()
        for path, due in want.items():
            actual = there.get(path)
            if actual is None or abs(actual - instant(due)) > TOLERANCE:
                shown = {p: moment.astimezone(CHINA).isoformat() for p, moment in there.items()}
                raise Mismatch({"timers": {path: instant(due).astimezone(CHINA).isoformat()}}, {"timers": shown})

    def _visited(self, want: Sequence[str]) -> None:
        missing = [path for path in want if path not in self.run.visited()]
        if missing:
            raise Mismatch({"visited": missing}, {"visited": sorted(self.run.visited())})


def play(closure: Closure, scenario: Mapping[str, Any], **options: Any) -> Report:
    """Run the steps in order; stop at the first that does not hold. `options` go to `Rehearsal`."""
    given = scenario.get("steps") or []
    steps = given if isinstance(given, list) else []
    played = 0
    run = None
    try:
        known(
            {"diagram", "process", "now", "start", "start_at", "steps", "name", "description", "business_key"}, scenario
        )
        if steps is not given and given:
            raise Mismatch({"steps": "a list"}, {"steps": given})
        run = Rehearsal(
            closure,
            instant(scenario["now"]) if scenario.get("now") is not None else datetime(2026, 1, 5, 8, tzinfo=CHINA),
            scenario.get("start") or {},
            business_key=scenario.get("business_key"),
            start_element=scenario.get("start_at"),
            **options,
        )
        player = _Player(run)
        for step in steps:
            player.step(step)
            played += 1
    except Mismatch as mismatch:
        return Report(False, played, played + 1, mismatch.expected, mismatch.actual, run)
    except EngineError as error:
        place = steps[played] if run is not None and played < len(steps) else "start"
        return Report(
            False, played, played + 1, place, {"error": {"zh": error.message.zh, "en": error.message.en}}, run
        )
    except TimerFault as fault:
        place = steps[played] if played < len(steps) else "scenario"
        return Report(
            False, played, played + 1, place, {"error": {"zh": fault.message.zh, "en": fault.message.en}}, run
        )
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        place = steps[played] if played < len(steps) else "scenario"
        return Report(False, played, played + 1, place, {"error": f"this step cannot be read: {error!r}"}, run)
    return Report(True, played, rehearsal=run)


def known(names: set[str], given: Mapping[str, Any]) -> None:
    """A misspelt key must not pass as a test that checks nothing."""
    unknown = sorted(set(given) - names)
    if unknown:
        raise Mismatch({"keys": sorted(names)}, {"unknown": unknown})


def same(what: str, want: Any, actual: Any) -> None:
    if want != actual:
        raise Mismatch({what: want}, {what: actual})


def same_bag(what: str, want: Sequence[str], actual: Sequence[str]) -> None:
    if Counter(want) != Counter(actual):
        raise Mismatch({what: list(want)}, {what: list(actual)})


def equal(want: Any, actual: Any) -> bool:
    """Numbers by value, lists and objects member by member, null and absent alike."""
    if isinstance(want, bool) or isinstance(actual, bool):
        return want is actual
    if isinstance(want, int | Decimal) and isinstance(actual, int | Decimal):
        return Decimal(want) == Decimal(actual)
    if isinstance(want, Mapping) and isinstance(actual, Mapping):
        return all(equal(want.get(name), actual.get(name)) for name in want.keys() | actual.keys())
    if isinstance(want, list) and isinstance(actual, list):
        return len(want) == len(actual) and all(map(equal, want, actual))
    return type(want) is type(actual) and want == actual


def instant(value: Any) -> datetime:
    """An ISO 8601 instant; without an offset it is China Standard Time."""
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def span(value: Any, start: datetime) -> timedelta:
    """An ISO 8601 duration counted from `start`, by the calendar where it has months."""
    return parse_duration(str(value)).after(start) - start
