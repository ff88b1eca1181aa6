"""`yuntu`: one command line. Exit codes: 0 good, 1 what was checked falls short, 2 wrong usage."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import threading
from typing import Any

import click

from engine.errors import EngineError
from runtime.database.migrate import MigrationMismatch
from runtime.holidays import WrongHolidays
from runtime.settings import WrongSetting

# Name -> module:attribute, imported when it is called: `yuntu doctor` must work where half of the rest does not.
COMMANDS = {
    "serve": "runtime.commands.running:serve",
    "worker": "runtime.commands.running:worker",
    "doctor": "runtime.commands.doctor:doctor",
    "accounts": "runtime.commands.people:accounts",
    "token": "runtime.commands.people:token",
    "organisation": "runtime.commands.organisations:group",
    "user": "runtime.commands.people:user",
    "client": "runtime.commands.people:client",
    "app": "runtime.commands.apps:app",
    "hospital": "runtime.commands.apps:hospital",
    "deploy": "runtime.commands.definitions:deploy",
    "definitions": "runtime.commands.definitions:definitions",
    "instances": "runtime.commands.instances:group",
    "timers": "runtime.commands.timers:group",
    "simulate": "runtime.commands.simulate:simulate",
    "db": "runtime.commands.db:group",
    "bench": "runtime.commands.bench:group",
    "bar": "runtime.commands.bar:group",
    "reconcile": "runtime.commands.reconcile:command",
    "bpmn": "runtime.commands.bpmn:group",
    "dmn": "runtime.commands.dmn:dmn",
    "scenario": "runtime.commands.scenario:group",
    "holidays": "runtime.commands.holidays:group",
    "history": "runtime.commands.history:group",
    "region": "runtime.commands.region:group",
    "forms": "runtime.commands.forms:group",
    "fhir": "runtime.commands.fhir:group",
    "indicators": "runtime.commands.indicators:command",
    "inbound": "runtime.commands.inbound:group",
    "partner": "runtime.commands.partner:group",
}


class Commands(click.Group):
    """Finds a command by the table, and says what went wrong in one line instead of a trace."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, place in COMMANDS.items() if importlib.util.find_spec(place.partition(":")[0])]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        module, _, attribute = COMMANDS.get(name, "").partition(":")
        if not module or importlib.util.find_spec(module) is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (WrongSetting, WrongHolidays) as error:
            raise click.UsageError(str(error)) from error
        except MigrationMismatch as error:
            raise click.ClickException(f"数据库与此版本不符 / {error}") from error
        except EngineError as error:
            for fault in error.faults:
                click.echo(f"  {fault.path}: {fault.message.zh} {fault.message.en}", err=True)
            raise click.ClickException(f"{error.message.zh} {error.message.en}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="yuntu")
def main() -> None:
    """孕途 Yuntu: 母婴安全流程 / the maternal-safety pathway.

    Example: yuntu serve
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _leave)


def _leave(*_: object) -> None:
    """Asked to end: what a command has started, such as a throw-away database, is put away on the way out."""
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main()
