"""A year of a county on a throw-away database: `yuntu simulate`."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from engine.clock import CHINA
from runtime import start
from runtime.database import embedded
from runtime.demo.cohort import Cohort, Tally
from runtime.demo.county import HOMES, ORGANISATIONS, progress_bar, settle_people
from runtime.demo.stepped_clock import SteppedClock
from runtime.demo.women import Woman, draw
from runtime.settings import Settings
from runtime.wiring import build
from workflows import indicators
from workflows.intake import JOURNEY
from workflows.services import Services
from workflows.store import figures

BEGIN = datetime(2026, 1, 5, 8, 0, tzinfo=CHINA)
LONGEST_CASE = 350  # days from registration to closure of a woman who came at six weeks


def simulate(settings: Settings, *, region: str, births: int, seed: int, days: int, progress: bool) -> dict[str, Any]:
    """The report of the contract. The same seed gives the same report but for `seconds`."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="yuntu-simulate-") as folder:
        own = replace(settings, home=Path(folder), database_url=None, manual_clock_at=None, pack=region)
        server = embedded.attach(own.home)
        try:
            start.prepare_database(own)
            clock = SteppedClock(BEGIN)
            services = build(own, clock=clock, connections=2)
            try:
                tally = _live(services, clock, births, seed, days, progress)
                report = _report(services, tally)
            finally:
                services.close()
        finally:
            server.release()
    return {"seconds": round(time.monotonic() - began, 1), **report}


def _live(services: Services, clock: SteppedClock, births: int, seed: int, days: int, progress: bool) -> Tally:
    start.deploy_shipped(services)
    settle_people(services)
    women = _arrivals(births, seed, max(1, days - LONGEST_CASE))
    with progress_bar(progress, BEGIN, BEGIN + timedelta(days=days), "simulate") as moved:
        return Cohort(services, clock, women, seed=seed).run(BEGIN + timedelta(days=days), moved)


def _arrivals(births: int, seed: int, over_days: int) -> list[Woman]:
    rng = Random(seed)
    days = sorted(rng.randrange(over_days) for _ in range(births))
    return [draw(n, rng, BEGIN.date() + timedelta(days=day), HOMES) for n, day in enumerate(days)]


def _report(services: Services, tally: Tally) -> dict[str, Any]:
    lived = indicators.read_period(f"{BEGIN.date()}/{services.clock().astimezone(CHINA).date()}")
    with services.engine.read() as conn:
        cases = figures.cases(conn, services.region_id, JOURNEY)
        stuck = figures.stuck(conn, services.region_id)
        counted = indicators.report(services, conn, lived).figures
    known = [case["variables"] for case in cases]
    live = sum(case["status"] in ("active", "suspended") for case in cases)
    return {
        "women": tally.women,
        "steps": tally.steps,
        "instances": {"started": len(cases), "ended": len(cases) - live, "live": live},
        "ends": _counted(case.get("end_code") for case in known if case.get("end_code")),
        "colours": _counted(case.get("colour") or "none" for case in known)
        | {"purple": sum(bool(case.get("purple")) for case in known)},
        "tasks": dict(sorted(tally.tasks.items())),
        "timers_fired": tally.timers_fired,
        "overdue": dict(sorted(tally.overdue.items())),
        "indicators": {
            figure.definition.id: {"numerator": figure.numerator, "denominator": figure.denominator}
            for figure in counted
        },
        "stuck": stuck,
        "refused": dict(sorted(tally.refused.items())),
        "nobody": dict(sorted(tally.nobody.items())),
        "organisations": len(ORGANISATIONS),
    }


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
