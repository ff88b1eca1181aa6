"""`yuntu bar`: experiments that must hold whatever happens."""

from __future__ import annotations

from typing import Any

import click

from runtime.commands.output import json_option, show
from runtime.trials import kill


@click.group()
def group() -> None:
    """可靠性实验 / Reliability experiments; exit code 1 when a limit is passed."""


@group.command("kill")
@click.option("--completions", default=1000, show_default=True, type=click.IntRange(20, 1_000_000))
@click.option("--kills", default=25, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True)
@click.option("--database-url", help="a server to make two databases on, instead of a throw-away one")
@json_option
def kill_command(completions: int, kills: int, seed: int, database_url: str | None, as_json: bool) -> None:
    """随机 kill -9 网页与后台进程 / Completions while web and worker processes die at random moments."""
    rounds = 10
    trial = kill.Trial(instances=-(-completions // rounds), rounds=rounds, kills=kills, seed=seed)

    def progress(text: str) -> None:
        click.echo(f"\r{text}  ", nl=False, err=True)

    result = kill.run(trial, database_url, progress)
    click.echo("", err=True)
    show(result, as_json, lambda: _lines(result))
    raise SystemExit(0 if result["pass"] else 1)


def _lines(result: dict[str, Any]) -> str:
    verdict = "通过 / pass" if result["pass"] else "未通过 / fail"
    return "\n".join([verdict, *(f"{name}: {value}" for name, value in result["figures"].items())])
