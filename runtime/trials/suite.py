"""The bars by name: where each is, how large its whole size is, and what it needs."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.trials.databases import trial_database

Say = Callable[[str], None]


@dataclass(frozen=True)
class Bar:
    """`place`: module with `run(url, *, n, seed, say)`, without the address where no database is made for it."""

    place: str
    n: int
    counts: str
    says: str
    makes_database: bool = True


BARS = {
    "A07": Bar(
        "runtime.trials.mutated_resources",
        10_000,
        "spoilt documents",
        "坏文档 / spoilt FHIR resources and bundles",
    ),
    "R01": Bar("runtime.trials.kills", 10_000, "completions", "杀网页与后台进程 / kill -9 of web and workers", False),
    "R02": Bar("runtime.trials.crashes", 17, "crash points", "崩溃点 / a death at each point of each command"),
    "R02-county": Bar(
        "runtime.trials.county_crashes",
        15,
        "places of death",
        "县域崩溃点 / a death on the way of what hospitals and people ask, and of what is told them",
    ),
    "R03": Bar(
        "runtime.trials.restart", 200, "random diagrams", "每步重载 / reloaded after every step, and the twin", False
    ),
    "R04": Bar(
        "runtime.trials.outages",
        20,
        "kills of each kind",
        "杀数据库 / the database is killed: kill -9, stop -m immediate",
        False,
    ),
    "R07": Bar("runtime.trials.timers", 100_000, "timers", "到期定时器 / timers after a downtime"),
    "R08": Bar("runtime.trials.pregnancies", 1_000, "women", "一千次妊娠 / pregnancies under kills and downtimes"),
    "R10": Bar("runtime.trials.contention", 1_000, "rounds", "争用 / fifty callers, two deployments, two schedulers"),
    "R12": Bar(
        "runtime.trials.messages",
        10_000,
        "FHIR messages",
        "消息 / messages that come twice, late, spoilt, or under a number of another",
    ),
    "R13": Bar(
        "runtime.trials.outbox",
        1_000,
        "results that eight receivers are told",
        "发件 / receivers that are down for days, fail, hang up, refuse or cannot be believed",
    ),
    "R14": Bar("runtime.trials.poison", 1_000, "pieces of good work", "毒任务 / work that kills its worker"),
    "R17": Bar("runtime.trials.upgrade", 1, "passes", "升级 / stored state of the last release", False),
    "S09": Bar(
        "runtime.trials.tenancy",
        1_000,
        "cases",
        "区域之间互不可见 / two regions on one database see nothing of each other",
    ),
    "operations": Bar(
        "runtime.trials.operations",
        1_000,
        "random diagrams",
        "随机操作 / random operations on random diagrams: whoever has not ended waits for something or is an incident",
    ),
    "P08": Bar(
        "runtime.trials.plan_change",
        1_000,
        "women in care",
        "改图迁移 / the antenatal visits are changed under women who are in them",
    ),
    "pathway-walks": Bar(
        "runtime.trials.pathway_walks",
        500,
        "women under each region's rules",
        "随机走查 / random walks through the real diagrams: no stuck case, no lost deadline, no reminder after an end",
    ),
    "mutants": Bar("runtime.trials.mutants", 1_000, "planted bugs", "植入的错误 / each bar sees its planted bugs"),
}


SMALL: Mapping[str, Mapping[str, Any]] = {
    "A07": {"n": 48},
    "R01": {"n": 30, "kills": 1, "standstill_s": 8.0},
    "R02": {
        "names": ("CompleteUserTask",),
        "points": ("after_the_save_was_run", "after_the_projection", "before_the_commit",
                   "after_the_commit_before_it_is_known", "after_the_transaction"),
    },
    "R02-county": {
        "names": ("a person decides", "a document is given out"), "n": 3,
        "places": ("after_the_commit_before_it_is_known",),
    },
    "R03": {"n": 25, "paths": 3},
    "R04": {"n": 1, "standstill_s": 30.0, "between_s": (0.5, 1.0)},
    "R07": {"n": 24, "punctual": 4, "workers": 1, "standstill_s": 2.0},
    "R08": {"n": 3, "followed": 40, "kills": 2, "standstill_s": 5.0},
    "R10": {"n": 1, "callers": 4},
    "R12": {"n": 80},
    "R13": {"n": 18},
    "R14": {"n": 5, "hurried": True},
    "S09": {"n": 4},
    "operations": {"n": 12},
    "P08": {"n": 8},
    "pathway-walks": {"n": 6, "packs": ("cn-xf-2022",), "parts": 1},
}  # fmt: skip


def run_small(name: str, url: str, seed: int = 1, **other: Any) -> dict[str, Any]:
    """A moment's run, on a migrated database: enough for a planted bug to be seen."""
    bar = BARS[name]
    database = (url,) if bar.makes_database else ()
    result: dict[str, Any] = importlib.import_module(bar.place).run(
        *database, **{"seed": seed, "say": lambda text: None, **SMALL[name], **other}
    )
    return result


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
