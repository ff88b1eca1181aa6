"""The bars by name: where each is, how large its whole size is, and what it needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.trials.databases import trial_database

Say = Callable[[str], None]


@dataclass(frozen=True)
class Bar:
    """`place`: module with `run(url, *, n, seed, say)`; `run(*, n, seed, say)` where it needs no database."""

    place: str
    n: int
    counts: str
    says: str
    makes_database: bool = True


BARS = {
    "R01": Bar(
        "runtime.trials.kills", 10_000, "completions", "kill -9 网页与后台进程 / web and worker processes", False
    ),
    "R02": Bar("runtime.trials.crashes", 17, "crash points", "崩溃点 / a death at each point of each command"),
    "R03": Bar("runtime.trials.restart", 200, "random diagrams", "每步重载 / reloaded after every step, and the twin", False),
    "R04": Bar("runtime.trials.outages", 20, "kills", "kill -9 数据库 / the database is killed", False),
    "R07": Bar("runtime.trials.timers", 100_000, "timers", "到期定时器 / timers after a downtime"),
    "R08": Bar("runtime.trials.pregnancies", 1_000, "women", "一千次妊娠 / pregnancies under kills and downtimes"),
    "R14": Bar("runtime.trials.poison", 1_000, "pieces of good work", "毒任务 / work that kills its worker"),
    "R17": Bar("runtime.trials.upgrade", 1, "passes", "升级 / stored state of the last release", False),
    "R10": Bar("runtime.trials.contention", 1_000, "rounds", "争用 / fifty callers, two deployments, two schedulers"),
}


def run(name: str, *, n: int | None, seed: int, say: Say, server: str | None = None) -> dict[str, Any]:
    """The verdict of one bar, on the given server or on a throw-away one."""
    bar = BARS[name]
    module = importlib.import_module(bar.place)
    sizes = {"n": n or bar.n, "seed": seed, "say": say}
    if not bar.makes_database:
        result: dict[str, Any] = module.run(**sizes)
        return result
    with trial_database(server) as url:
        result = module.run(url, **sizes)
        return result
