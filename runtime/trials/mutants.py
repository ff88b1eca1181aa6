"""The planted bugs, one after the other: each bar must see its own. A bar that never failed on a bug does not count."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from runtime.trials import planted, processes, suite
from runtime.trials.databases import empty_database, trial_database
from runtime.trials.verdict import at_least, broken, verdict

LONGEST_S = 240.0  # on a machine that others use


def bar_of(name: str) -> str:
    """Which bar must see it: read, not run."""
    said = _said(name)
    if "CAUGHT_BY" not in said:
        raise ValueError(f"{name} names no bar")
    return str(said["CAUGHT_BY"])


def _said(name: str) -> dict[str, Any]:
    """`CAUGHT_BY`, and of what its bar's small form must consist where that is not the usual one: `SMALL`."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse((planted.FOLDER / f"{name}.py").read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("CAUGHT_BY", "SMALL")
    }


def seen(name: str, url: str) -> list[str]:
    """The figures that broke their limit under this bug; empty when nobody saw it. In a process of its own."""
    with TemporaryDirectory(prefix="yuntu-") as folder:
        answer = Path(folder) / "verdict"
        process = processes.start_with(name, _try, bar_of(name), url, str(answer), _said(name).get("SMALL", {}))
        process.join(LONGEST_S)
        processes.kill(process)
        with suppress(OSError):
            result = json.loads(answer.read_text())
            return broken(result["figures"], result["limits"])
    return []


def _try(bar: str, url: str, answer: str, small: Mapping[str, Any]) -> None:
    result = suite.run_small(bar, url, **small)
    Path(answer).write_text(json.dumps({name: result[name] for name in ("figures", "limits")}, default=str))


def run(url: str, *, n: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """`n` bugs at most. Works beside the given database, on copies of it."""
    caught: dict[str, list[str]] = {}
    chosen = planted.names()[:n]
    with trial_database(url) as template:
        for name in chosen:
            with empty_database(url, str(conninfo_to_dict(template)["dbname"])) as database:
                caught[name] = seen(name, database)
            say(f"{name}: {bar_of(name)} {', '.join(caught[name]) or 'did not see it'}")
    by_mutant = {name: [bar_of(name), *found] for name, found in caught.items()}
    figures = {"mutants": len(chosen), "caught": sum(bool(names) for names in caught.values())}
    limits = {"mutants": at_least(min(n, 15)), "caught": at_least(len(chosen))}
    return verdict("mutants", figures, limits, by_mutant=by_mutant)
