"""What the commands share: services for the length of a command, and printing for people or for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from psycopg_pool import PoolTimeout

from engine.store import plain
from runtime import settings as configuration
from runtime.start import prepare_database
from runtime.wiring import build
from workflows.services import Services

FIRST_CONNECTION_S = 15.0  # a person at a command line waits so long for a busy server, a request does not
json_option = click.option("--json", "as_json", is_flag=True, help="print JSON / 输出 JSON")


@contextmanager
def services() -> Iterator[Services]:
    """The configured installation, its schema up to date, closed afterwards."""
    settings = configuration.read()
    prepare_database(settings)
    built = build(settings, connections=2)
    try:
        with suppress(PoolTimeout):  # whoever asks then says that the database is away
            built.pool.shared.wait(FIRST_CONNECTION_S)
        yield built
    finally:
        built.close()


def show(value: Any, as_json: bool, people: Callable[[], str]) -> None:
    """JSON on one line for programs, else what `people` says."""
    click.echo(plain.dumps(value).decode() if as_json else people())


def table(rows: list[tuple[Any, ...]]) -> str:
    """Columns side by side; empty for no rows."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows)]
    return "\n".join("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
