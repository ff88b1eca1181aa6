"""R02 above the engine: a process dies at a place on the way of what a hospital system or a person asked for, or of
what a worker does for them; the same is asked again, and there is what would be there if nobody had died."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import psycopg

from engine.operations.reconcile import reconcile
from runtime.demo.county import settle_people
from runtime.start import deploy_shipped
from runtime.trials import county_cases, county_cases_rooms, processes
from runtime.trials.county_cases import CountyCase
from runtime.trials.county_site import CountyCell, Site
from runtime.trials.crash_points import DIED, POINTS, WORK, Armed
from runtime.trials.crash_steps import Countdown
from runtime.trials.crashes import RUN_OUT
from runtime.trials.verdict import at_least, none_of, verdict
from runtime.wiring import handlers

CASES = {**county_cases.CASES, **county_cases_rooms.CASES}
COUNTS = {**county_cases.COUNTS, **county_cases_rooms.COUNTS}
PLACES = tuple(point for point in POINTS if point not in WORK)
STEPS = 15  # places of one piece of work outside of commands that a run looks at, spread over all of them
NAMELESS = "step"
HELD = "UPDATE http_answer SET held_until = clock_timestamp() - interval '1 second' WHERE status IS NULL"
CONNECTED = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
Counts = dict[str, Counter[str]]


def die_there(url: str, home: str, tokens: dict[str, str], name: str, place: str, cell: CountyCell, told: str) -> None:
    """The body of the process that dies. It comes back alive where the act does not pass the place."""
    case = CASES[name]
    with Site(url, home, tokens, case.ahead) as site:
        if case.watched is None:
            counted = Countdown(int(place))
            case.act(site, cell)
            Path(told).write_text(str(counted.passed))
        else:
            armed = Armed(place, case.watched)
            case.act(site, cell)
            armed.finished()
    os._exit(0)


class CountyCrashes:
    def __init__(
        self, url: str, seed: int, say: Callable[[str], None], names: Iterable[str], places: Iterable[str], steps: int
    ) -> None:
        self._url, self._seed, self._say, self._names = url, seed, say, list(names)
        self._places, self._steps = list(places), steps
        self._number = 0
        self.faults: list[str] = []
        self.died: Counter[str] = Counter()
        self.places: set[str] = set()

    def run(self) -> dict[str, Any]:
        with ExitStack() as stack:
            self._home = stack.enter_context(TemporaryDirectory(prefix="yuntu-"))
            self._judge = stack.enter_context(psycopg.connect(self._url, autocommit=True))
            self._port = stack.enter_context(_receiver())
            self._site = stack.enter_context(Site(self._url, self._home))
            settle_people(self._site.services)
            deploy_shipped(self._site.services)
            self._site.sign_in()
            for name in self._names:
                self._case(name, CASES[name])
                self._say(f"{name}: died {self.died[name]}, faults {len(self.faults)} {self.faults[-1:]}")
            with self._site.services.engine.read() as conn:
                _, differences = reconcile(conn, self._site.services.region_id)
        return self._verdict(len(differences))

    def _verdict(self, differences: int) -> dict[str, Any]:
        covered = {case.watched for case in CASES.values()} | {one for case in CASES.values() for one in case.covers}
        without = sorted({command.__name__ for command in commands()} - covered)
        figures = {
            "cells": self._number,
            "died": sum(self.died.values()),
            "cases": len(self.died),
            "places": len(self.places),
            "faults": len(self.faults),
            "differences": differences,
            "commands_without_a_case": len(without),
        }
        limits = none_of("faults", "differences", "commands_without_a_case") | {
            "cases": at_least(len(self._names)),
            "places": at_least(min(12, len(self._places))),
        }
        return verdict("R02-county", figures, limits, first_faults=self.faults[:8], without_a_case=without)

    def _case(self, name: str, case: CountyCase) -> None:
        """First how it goes when nobody dies, then death after death."""
        came, steps = self._one(name, case, "0" if case.watched is None else "nowhere")
        assert came is not None
        self._by_hand(name, case, came)
        for place in self._chosen(case, steps):
            again, _ = self._one(name, case, place)
            if again is not None and again != came:
                self.faults.append(f"{name} {place}: {_difference(came, again)}")

    def _chosen(self, case: CountyCase, steps: int) -> list[str]:
        """Of work outside of commands steps from all its length, the last one among them."""
        if case.watched is not None:
            return self._places
        every = max(1, -(-steps // self._steps))
        return [str(number) for number in range(steps, 0, -every)]

    def _by_hand(self, name: str, case: CountyCase, came: Counts) -> None:
        for kind, expected in case.comes.items():
            for what, count in expected.items():
                if came[kind][what] != count:
                    self.faults.append(f"{name}: {kind} {dict(came[kind])}, must have {what} {count}")

    def _one(self, name: str, case: CountyCase, place: str) -> tuple[Counts | None, int]:
        """What came of it, None where nobody died there; and how many steps a life without death has."""
        self._number += 1
        cell = CountyCell(uuid5(NAMESPACE_OID, f"{self._seed}/{name}/{place}"), self._number, {"port": self._port})
        case.prepare(self._site, cell)
        self._settle(self._site)
        before, connected = self._counts(), self._connected()
        told = Path(self._home) / f"steps-{self._number}"
        process = processes.start(
            die_there, self._url, self._home, self._site.tokens, name, place, cell, str(told)
        )  # fmt: skip
        process.join(120)
        steps = int(told.read_text()) if told.exists() else 0
        if process.exitcode not in (DIED, 0):
            self.faults.append(f"{name} {place}: the process ended with {process.exitcode}")
            processes.kill(process)
        if process.exitcode == DIED:
            self.died[name] += 1
            self.places.add(place if case.watched else NAMELESS + place)
            self._wait_for_the_end_of(connected)
            self._judge.execute(f"{RUN_OUT}; {HELD}".encode())
            self._site.go(case.ahead)
            self._repeat(cell, case, f"{name} {place}")
        elif place not in ("0", "nowhere"):
            return None, 0
        self._settle(self._site)
        self._site.go(timedelta(0))
        after = self._counts()
        return {kind: _more(before[kind], after[kind]) for kind in COUNTS if kind not in case.again}, steps

    def _repeat(self, cell: CountyCell, case: CountyCase, where: str) -> None:
        try:
            case.act(self._site, cell)
        except Exception as error:
            self.faults.append(f"{where}: the repetition was refused: {type(error).__name__} {error}")

    def _connected(self) -> set[int]:
        return {row[0] for row in self._judge.execute(CONNECTED.encode())}

    def _wait_for_the_end_of(self, connected: set[int]) -> None:
        """What the server kept of the dead goes when it sees that they are gone: their locks, their transactions."""
        deadline = time.monotonic() + 5
        while self._connected() - connected and time.monotonic() < deadline:
            time.sleep(0.01)

    def _settle(self, site: Site) -> None:
        """A worker comes by, after the claims of the dead have run out."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            self._judge.execute(RUN_OUT)
            if not site.services.engine.run_due():
                return

    def _counts(self) -> Counts:
        return {
            kind: Counter({str(what): int(count) for what, count in self._judge.execute(query.encode())})
            for kind, query in COUNTS.items()
        }


def _more(before: Counter[str], after: Counter[str]) -> Counter[str]:
    return Counter({what: after[what] - before[what] for what in before | after if after[what] != before[what]})


def _difference(came: Counts, again: Counts) -> str:
    return "; ".join(
        f"{kind} {dict(again[kind])}, must be {dict(came[kind])}" for kind in came if came[kind] != again[kind]
    )


def commands() -> list[type]:
    """Of the rooms above the engine."""
    nobody: Any = None
    return list(handlers(nobody))


@contextmanager
def _receiver() -> Iterator[int]:
    """A port that takes whatever it is sent."""

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def run(
    url: str,
    *,
    n: int = len(PLACES),
    seed: int,
    say: Callable[[str], None],
    names: Iterable[str] = tuple(CASES),
    places: Iterable[str] = PLACES,
    steps: int = STEPS,
) -> dict[str, Any]:
    """`n` places of each case."""
    processes.preload("runtime.trials.county_crashes")
    return CountyCrashes(url, seed, say, names, list(places)[:n], min(n, steps)).run()
