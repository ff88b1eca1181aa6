"""The report of `yuntu simulate` (contract §3), and what it adds beside it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import psycopg

from engine.clock import CHINA
from runtime.demo.county import ORGANISATIONS
from runtime.settings import Settings
from runtime.simulation import expected, reach, recount
from runtime.simulation.clock import PlacedClock
from runtime.simulation.course import Tally
from runtime.simulation.plan import BEGIN, Plan
from runtime.simulation.run import county, live
from runtime.wiring import build
from workflows import indicators
from workflows.intake import JOURNEY
from workflows.services import Services
from workflows.store import figures

INSTANCES = "SELECT definition_key, count(*) FROM instance GROUP BY 1 ORDER BY 1"
UNDONE = "SELECT element_id, count(*) FROM user_task WHERE state = 'cancelled' GROUP BY 1 ORDER BY 1"
INCIDENTS = "SELECT count(*) FROM incident WHERE resolved_at IS NULL"


def simulate(
    settings: Settings, plan: Plan, *, region: str, progress: bool, counted_again: bool = False
) -> dict[str, Any]:
    """The same seed gives the same report, but for `seconds`, `lived_s`, `cpu_s` and `memory`."""
    began = time.monotonic()
    with county(settings, region) as (here, server):
        tally, took = live(here, server, plan, progress=progress)
        services = build(here, clock=PlacedClock(plan.end), connections=2, regions=plan.pack)
        try:
            report = {**_report(services, tally, plan.births), **took}
            with psycopg.connect(server.url()) as owner:
                report["processes"] = dict(owner.execute(INSTANCES).fetchall())
                report["undone"] = dict(owner.execute(UNDONE).fetchall())
                report["reach"] = reach.reach(owner, plan.pack(region))
                report["incidents"] = owner.execute(INCIDENTS).fetchone()[0]  # type: ignore[index]
                if counted_again:
                    report["recount"] = recount.differences(owner, report["indicators"], region, BEGIN, plan.end)
                    report["not_as_expected"] = expected.differences(owner, plan.people(), plan.end.date())
        finally:
            services.close()
    return {"seconds": round(time.monotonic() - began, 1), **report}


def _report(services: Services, tally: Tally, births: int) -> dict[str, Any]:
    lived = indicators.read_period(f"{BEGIN.date()}/{services.clock().astimezone(CHINA).date()}")
    with services.engine.read() as conn:
        cases = figures.cases(conn, services.region_id, JOURNEY)
        stuck = figures.stuck(conn, services.region_id)
        counted = indicators.report(services, conn, lived).figures
    known = [case["variables"] for case in cases]
    live = sum(case["status"] in ("active", "suspended") for case in cases)
    return {
        "women": births,
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
        "forms_refused": tally.forms_refused,
        "accepted_wrong": dict(tally.accepted_wrong),
        "unheard": tally.unheard,
        "idle_timers": dict(tally.idle_timers),
        "refused": dict(sorted(tally.refused.items())),
        "nobody": dict(sorted(tally.nobody.items())),
        "organisations": len(ORGANISATIONS),
    }


def _counted(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
