"""`yuntu serve`, `yuntu worker`."""

from __future__ import annotations

import sys
from dataclasses import replace

import click

from runtime import settings as configuration
from runtime import worker as worker_process
from runtime.serve import AlreadyRuns, serve_until_stopped


@click.command()
@click.option("--web-only", is_flag=True, help="this host serves pages and FHIR; others work / 只运行网页进程")
@click.option("--worker-only", is_flag=True, help="this host works; others serve / 只运行后台进程")
def serve(web_only: bool, worker_only: bool) -> None:
    """运行全部服务 / Run everything on one port until Ctrl-C.

    Example: YUNTU_DEMO=1 yuntu serve
    """
    if web_only and worker_only:
        raise click.UsageError("--web-only, --worker-only: one of them / 二者选一")
    settings = configuration.read()
    if web_only:
        settings = replace(settings, web_processes=settings.web_processes or 1, worker_processes=0)
    if worker_only:
        settings = replace(settings, web_processes=0, worker_processes=settings.worker_processes or 1)
    try:
        serve_until_stopped(settings)
    except AlreadyRuns as error:
        click.echo(str(error), err=True)
        sys.exit(1)


@click.command()
def worker() -> None:
    """工作进程 / One worker process, for an installation whose web processes run elsewhere."""
    worker_process.run(configuration.read())
