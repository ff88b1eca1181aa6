"""`yuntu serve`: database, schema, definitions, demonstration; then web and worker processes, watched until Ctrl-C."""

from __future__ import annotations

import fcntl
import http.client
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import click

from engine.problems import Refused
from runtime import start, web_process, worker
from runtime.children import Child, stop_all
from runtime.database import embedded
from runtime.demo import sandbox
from runtime.demo.county import load_county
from runtime.demo.logins import read_logins
from runtime.inbound import process as inbound_process
from runtime.measured import begin_anew
from runtime.settings import Settings
from runtime.wiring import build
from workflows.services import Services

READY_LIMIT_S = 60.0
LOOK_EVERY_S = 0.2


class AlreadyRuns(Exception):
    """The port or the home is in use."""


def serve_until_stopped(settings: Settings) -> None:
    """Returns after a clean stop. Raises AlreadyRuns."""
    stop = Event()
    _on_signal(_interrupt)  # while the installation is made ready
    with _only_one(settings):
        if settings.web_processes:
            _require_free_port(settings)
        server = None if settings.database_url else embedded.attach(settings.home)
        begin_anew(settings.home / "metrics")
        children = [*_children(settings)]
        try:
            _make_ready(settings)
            _on_signal(lambda *_: stop.set())
            for child in children:
                child.start()
            if settings.web_processes and _until_ready(settings, children, stop):
                _say_hello(settings)
            _watch(server, children, stop)
        finally:
            stop_all(children)
            if server:
                server.release()


def _on_signal(handler: Callable[..., Any]) -> None:
    for which in (signal.SIGINT, signal.SIGTERM):
        signal.signal(which, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _make_ready(settings: Settings) -> None:
    if _half_loaded(settings).exists() and not settings.database_url:
        start.empty_database(settings)  # a first start that was killed: what it left is half a county
    start.prepare_database(settings)
    services = build(settings, connections=2)
    try:
        _deploy(services)
        if settings.demo and start.is_empty(services):
            _load_demo(services)
    finally:
        services.engine.leases.close()  # children are forked next, and only one thread comes along
        services.close()


def _deploy(services: Services) -> None:
    """What is refused is named; the versions that are deployed already go on serving running cases."""
    try:
        start.deploy_shipped(services)
    except Refused as error:
        for problem in error.problems:
            click.echo(f"{problem.element_id}: {problem.message.zh} {problem.message.en}", err=True)
        click.echo("随附的流程未通过校验，继续使用已部署的版本 / shipped definitions were refused", err=True)


def _load_demo(services: Services) -> None:
    click.echo("首次启动：正在生成演示县（合成数据） / first start: making the demonstration county", err=True)
    marker = _half_loaded(services.settings)
    marker.touch()
    load_county(services, progress=sys.stderr.isatty())
    start.gather_statistics(services.settings)
    marker.unlink()


def _half_loaded(settings: Settings) -> Path:
    return settings.home / "demo-is-being-made"


def _children(settings: Settings) -> Iterator[Child]:
    logs = settings.home / "log"
    logs.mkdir(parents=True, exist_ok=True)
    for kind, run, count in (
        ("web", web_process.run, settings.web_processes),
        ("worker", worker.run, settings.worker_processes),
    ):
        for number in range(count):
            yield Child(name=f"{kind}-{number + 1}", run=partial(run, settings), log=logs / f"{kind}.log")
    if settings.mllp is not None and settings.worker_processes:
        yield Child(name="mllp", run=partial(inbound_process.run, settings), log=logs / "mllp.log")


def _watch(server: embedded.Server | None, children: list[Child], stop: Event) -> None:
    """Whatever dies is started again: a child, and the embedded database itself."""
    while not stop.wait(LOOK_EVERY_S):
        for child in children:
            if child.restart_if_dead():
                click.echo(f"{child.name}: 已重启 / restarted", err=True)
        if server is not None and server.postmaster_pid is None:
            embedded.attach(server.folder.parent).release()  # ours stays: `server` still uses it
            click.echo("数据库已重启 / the database was restarted", err=True)


def _until_ready(settings: Settings, children: list[Child], stop: Event) -> bool:
    deadline = time.monotonic() + READY_LIMIT_S
    while not stop.is_set() and time.monotonic() < deadline:
        if is_ready(settings):
            return True
        for child in children:
            child.restart_if_dead()
        stop.wait(0.1)
    return False


def is_ready(settings: Settings) -> bool:
    """Whether `/health/ready` answers 200."""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _say_hello(settings: Settings) -> None:
    click.echo(f"孕途 Yuntu  {settings.address}")
    if settings.demo and (logins := read_logins(settings.home)):
        click.echo("演示账号（数据均为合成） / demonstration accounts, all data synthetic:")
        for login, password in logins.items():
            click.echo(f"  {login:<10} {password}")
        for line in sandbox.lines(settings):
            click.echo(line)
    click.echo("Ctrl-C 停止 / stops")


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    settings.home.mkdir(parents=True, exist_ok=True)
    with open(settings.home / "serve.lock", "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(f"{settings.home}: 已在运行 / runs already") from None
        yield


def _require_free_port(settings: Settings) -> None:
    """Web processes share the port among themselves; a stranger must not share it with them."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise AlreadyRuns(f"{settings.address}: 端口不可用 / the port cannot be used ({error.strerror})") from None
