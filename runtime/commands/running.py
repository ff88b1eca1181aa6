"""`yuntu serve`, `yuntu worker`."""

from __future__ import annotations

import sys

import click

from runtime import settings as configuration
from runtime import worker as worker_process
from runtime.serve import AlreadyRuns, serve_until_stopped


@click.command()
def serve() -> None:
    """运行全部服务 / Run everything on one port until Ctrl-C.

    Example: YUNTU_DEMO=1 yuntu serve
    """
    try:
        serve_until_stopped(configuration.read())
    except AlreadyRuns as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@click.command()
def worker() -> None:
    """工作进程 / One worker process, for an installation whose web processes run elsewhere."""
    worker_process.run(configuration.read())
