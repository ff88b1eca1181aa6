"""`yuntu bar`: experiments that must hold whatever happens."""

from __future__ import annotations

import time
from typing import Any

import click

from runtime.commands.output import json_option, show
from runtime.trials import suite
from runtime.trials.verdict import broken

SAY_EVERY_S = 2.0


class Progress:
    """A line on standard error every few seconds, at once when the words change kind."""

    def __init__(self) -> None:
        self._said_at = float("-inf")

    def __call__(self, text: str) -> None:
        if time.monotonic() - self._said_at >= SAY_EVERY_S:
            self._said_at = time.monotonic()
            click.echo(text, err=True)


def _sizes() -> str:
    return "; ".join(f"{name} {bar.n} {bar.counts}: {bar.says}" for name, bar in suite.BARS.items())


@click.command("bar", epilog=_sizes())
@click.argument("name", type=click.Choice(sorted(suite.BARS)))
@click.option("--n", type=click.IntRange(1, 10_000_000), help="size; without it the whole one, named below / 规模")
@click.option("--seed", default=1, show_default=True)
@click.option("--database-url", help="a server to make databases on, instead of a throw-away one")
@json_option
def group(name: str, n: int | None, seed: int, database_url: str | None, as_json: bool) -> None:
    """可靠性实验 / Reliability experiments; exit code 1 when a limit is passed.

    Example: yuntu bar R10 --n 20 --json
    """
    if database_url and not suite.BARS[name].makes_database:
        raise click.UsageError(f"{name} 自己起数据库 / starts a database of its own: leave out --database-url")
    began = time.monotonic()
    result = suite.run(name, n=n, seed=seed, say=Progress(), server=database_url)
    result = {**result, "seed": seed, "seconds": round(time.monotonic() - began, 1)}
    show(result, as_json, lambda: _lines(result))
    raise SystemExit(0 if result["pass"] else 1)


def _lines(result: dict[str, Any]) -> str:
    figures, limits = result["figures"], result["limits"]
    missed = broken(figures, limits)
    words = {name: " ".join(f"{kind} {value:g}" for kind, value in limit.items()) for name, limit in limits.items()}
    lines = [f"{'✗' if n in missed else ' '} {n}: {v}  {words.get(n, '')}".rstrip() for n, v in figures.items()]
    rest = [f"{name}: {value}" for name, value in result.items() if name not in ("figures", "limits", "pass", "name")]
    verdict = "通过 / pass" if result["pass"] else "未通过 / fail"
    return "\n".join([f"{result['name']} {verdict}", *lines, *rest])
