"""`yuntu simulate`: a synthetic county through the real engine on a fast clock."""

from __future__ import annotations

import sys
from typing import Any

import click

from engine.errors import NotFound
from runtime import settings as configuration
from runtime.commands.output import json_option, show
from runtime.simulation.plan import Plan
from runtime.simulation.report import simulate as run
from workflows.regions import load_pack


@click.command()
@click.option("--region", default="cn-baseline", show_default=True, help="region pack / 地区包")
@click.option("--births", default=50, show_default=True, type=click.IntRange(1, 90_000))
@click.option("--seed", default=1, show_default=True)
@click.option("--days", default=400, show_default=True, type=click.IntRange(1, 4000))
@click.option("--recount", is_flag=True, help="count every indicator a second time from the raw history / 指标独立复算")
@click.option(
    "--everything",
    is_flag=True,
    help="rare is frequent, every rule is on: some dozens go every way / 走遍全图",
)
@json_option
@click.pass_context
def simulate(
    ctx: click.Context, region: str, births: int, seed: int, days: int, recount: bool, everything: bool, as_json: bool
) -> None:
    """模拟一个县 / Simulate a county on a database of its own; nothing of this installation is touched.

    Example: yuntu simulate --region cn-baseline --births 100 --seed 7 --json
    """
    try:
        load_pack(region)
    except (NotFound, FileNotFoundError, KeyError) as error:
        raise click.UsageError(f"--region {region}: no such pack") from error
    plan = (Plan.everything if everything else Plan)(births=births, seed=seed, days=days)
    report = run(
        configuration.read(),
        plan,
        region=region,
        progress=sys.stderr.isatty(),
        counted_again=recount,
    )
    show(report, as_json, lambda: "\n".join(f"{name}: {value}" for name, value in report.items()))
    ctx.exit(1 if _falls_short(report) or (everything and _leaves_out(report)) else 0)


def _falls_short(report: dict[str, Any]) -> bool:
    return any(
        report.get(name)
        for name in ("stuck", "incidents", "idle_timers", "nobody", "accepted_wrong", "recount", "not_as_expected")
    )


def _leaves_out(report: dict[str, Any]) -> bool:
    return any(one["never_done"] for one in report["reach"].values())
