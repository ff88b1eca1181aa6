"""`yuntu doctor`: what is there, what is missing, what to do next."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable
from typing import Any

import click
import psycopg

from engine.clock import CHINA, system_clock
from engine.timers import HOLIDAYS_AHEAD, known_until
from runtime import holidays, interpreter
from runtime import settings as configuration
from runtime.commands.output import json_option, show
from runtime.database import embedded
from runtime.database.migrate import on_disk, status
from runtime.database.roles import faults_of_role
from runtime.database.security import tables_without_policy
from runtime.settings import Settings

LEAST_FREE_MB = 1024
FURTHEST_CLOCK_S = 5


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """体检 / Check the installation and say the next step for whatever fails.

    Example: yuntu doctor --json
    """
    settings = configuration.read()
    checks = [_one(name, check, settings) for name, check in CHECKS]
    show({"checks": checks}, as_json, lambda: "\n".join(_line(check) for check in checks))
    ctx.exit(0 if all(check["ok"] for check in checks) else 1)


def _python(_: Settings) -> tuple[bool, str, str]:
    """A slow build works; it is said because nothing else in the installation costs so much."""
    step = "install Python 3.11 or newer" if sys.version_info < (3, 11) else ""
    if interpreter.is_slow_build():
        step = step or "a Python built with --enable-optimizations, such as Debian's, does a third more: make PYTHON=…"
    return sys.version_info >= (3, 11), interpreter.described(), step


def _disk(settings: Settings) -> tuple[bool, str, str]:
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(place).free // 1_000_000
    return free >= LEAST_FREE_MB, f"{free} MB free at {place}", "free some disk space"


def _port(settings: Settings) -> tuple[bool, str, str]:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        in_use = probe.connect_ex((settings.host, settings.port)) == 0
    return True, f"{settings.address} {'answers' if in_use else 'is free'}", ""


def _database(settings: Settings) -> tuple[bool, str, str]:
    with _Connected(settings) as conn:
        version = conn.execute("SELECT current_setting('server_version')").fetchone()
    kind = "configured" if settings.database_url else "embedded"
    return True, f"PostgreSQL {version[0] if version else '?'}, {kind}", ""


def _durable(settings: Settings) -> tuple[bool, str, str]:
    with _Connected(settings) as conn:
        row = conn.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
    safe = row is not None and row[0] == "on" and row[1] != "off"
    return (
        safe,
        f"fsync {row[0]}, synchronous_commit {row[1]}" if row else "?",
        "switch fsync and synchronous_commit on",
    )


def _schema(settings: Settings) -> tuple[bool, str, str]:
    with _Connected(settings) as conn:
        found = status(conn.info.dsn) if settings.database_url else status(_url(settings))
    newest = max((m.version for m in on_disk()), default=0)
    return found["schema_version"] == newest, f"{found['schema_version']} of {newest}", "yuntu db migrate"


def _clock(settings: Settings) -> tuple[bool, str, str]:
    with _Connected(settings) as conn:
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    apart = abs((row[0] - system_clock()).total_seconds()) if row else 0.0
    kind = "system" if settings.manual_clock_at is None else "manual"
    return apart <= FURTHEST_CLOCK_S, f"{kind}; database {apart:.1f} s apart", "set the clocks of the machines (NTP)"


def _roles(settings: Settings) -> tuple[bool, str, str]:
    """The application's role owns nothing, no policy is passed by, and every table has one."""
    with _Connected(settings) as conn:
        faults = [*faults_of_role(conn), *tables_without_policy(conn)]
        role = conn.info.user
    return not faults, f"{role}: {', '.join(faults) or 'policies hold'}", "docs/operations/roles.md"


def _holidays(settings: Settings) -> tuple[bool, str, str]:
    """Beyond the years whose notice is known, working days are Monday to Friday: said before it comes to that."""
    holidays.use(settings.holidays)
    end, today = known_until(), (settings.manual_clock_at or system_clock()).astimezone(CHINA).date()
    near = (end - today).days < HOLIDAYS_AHEAD
    said = f"known until {end}; 已知到 {end}"
    doubt = "; beyond it working days are counted Monday to Friday 其后暂按周一至周五计" if near else ""
    return today <= end, said + doubt, "yuntu holidays add (docs/operations/holidays.md)" if near else ""


WARNING = frozenset({"holidays"})  # whose next step is told though all is well yet
CHECKS: tuple[tuple[str, Callable[[Settings], tuple[bool, str, str]]], ...] = (
    ("python", _python),
    ("disk", _disk),
    ("port", _port),
    ("database", _database),
    ("durability", _durable),
    ("schema", _schema),
    ("roles", _roles),
    ("clock", _clock),
    ("holidays", _holidays),
)


def _one(name: str, check: Callable[[Settings], tuple[bool, str, str]], settings: Settings) -> dict[str, Any]:
    """A check that cannot even be made has failed."""
    try:
        ok, detail, next_step = check(settings)
    except Exception as error:
        ok, detail, next_step = False, f"{type(error).__name__}: {error}".splitlines()[0], NEXT_STEPS.get(name, "")
    told = next_step if not ok or name in WARNING else ""
    return {"name": name, "ok": ok, "detail": detail, "next_step": told or None}


_NO_DATABASE = "start the database, or correct YUNTU_DATABASE_URL"
NEXT_STEPS = dict.fromkeys(("database", "durability", "schema", "roles", "clock"), _NO_DATABASE)


class _Connected:
    """A connection to the configured database; the embedded one is started for the length of the check."""

    def __init__(self, settings: Settings) -> None:
        self._server = None if settings.database_url else embedded.attach(settings.home)
        self._conn = psycopg.connect(
            settings.database_url or self._server.application_url(),  # type: ignore[union-attr]
            autocommit=True,
            connect_timeout=3,
        )

    def __enter__(self) -> psycopg.Connection[Any]:
        return self._conn

    def __exit__(self, *_: object) -> None:
        self._conn.close()
        if self._server:
            self._server.release()


def _url(settings: Settings) -> str:
    server = embedded.attach(settings.home)
    try:
        return server.url()
    finally:
        server.release()


def _line(check: dict[str, Any]) -> str:
    mark = "✗" if not check["ok"] else "!" if check["next_step"] else "✓"
    return f"{mark} {check['name']}: {check['detail']}" + (f" → {check['next_step']}" if check["next_step"] else "")
