"""`yuntu inbound`: what arrived otherwise than over FHIR, and the process that listens for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import yaml

from api.arrivals import CHANNELS, outcome_json
from fhir_adapters.arrivals.desk import STATES, Desk
from fhir_adapters.arrivals.profile import read_profile
from fhir_adapters.arrivals.receiving import Receiver
from runtime import settings as configuration
from runtime.commands.output import json_option, services, show, table
from runtime.inbound import process
from runtime.start import AT_THE_MACHINE


@click.group()
def group() -> None:
    """HL7 v2、CDA、文件 / What arrives otherwise than over FHIR."""


@group.command("list")
@click.option("--state", type=click.Choice(tuple(STATES)), default="open", show_default=True)
@click.option("--client", help="only of this system / 接入系统")
@click.option("--channel", type=click.Choice(CHANNELS))
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_command(state: str, client: str | None, channel: str | None, limit: int, as_json: bool) -> None:
    """列出收到的消息 / What arrived and how it stands; never what it says.

    Example: yuntu inbound list --state open --channel hl7v2
    """
    with services() as built:
        found = [outcome_json(one) for one in Desk(built).listed(state, limit, client, channel)]
    show({"items": found}, as_json, lambda: table([_line(one) for one in found]) or "没有 / none")


@group.command("retry")
@click.argument("ids", nargs=-1, type=click.UUID)
@click.option("--all", "every", is_flag=True, help="everything that was not understood / 全部未识别的")
@json_option
def retry(ids: tuple[UUID, ...], every: bool, as_json: bool) -> None:
    """重新识别 / Look again: after a code was mapped or two records were merged. Exit code 1 where some still wait.

    Example: yuntu inbound retry --all
    """
    if bool(ids) == every:
        raise click.UsageError("IDS or --all / 给出编号或 --all")
    with services() as built:
        desk = Desk(built)
        chosen = [one.arrival_id for one in desk.listed("open", 1000)] if every else list(ids)
        found = [outcome_json(desk.retry(id_, AT_THE_MACHINE)) for id_ in chosen]
    show({"items": found}, as_json, lambda: table([_line(one) for one in found]) or "没有 / none")
    raise SystemExit(any(one["state"] != "understood" for one in found))


@group.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """检查接入档案 / Whether a client's YAML file can be used; what is wrong is said with its place."""
    for path in files:
        try:
            told = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise click.ClickException(f"{path}: 不是可读的 YAML / is no readable YAML") from error
        profile = read_profile(told, path.name)
        click.echo(f"{path}: {profile.client} 可用 / can be used")


@group.command("listen")
@click.option("--at", "address", help="127.0.0.1:2575; default YUNTU_MLLP")
def listen(address: str | None) -> None:
    """接收 HL7 v2（MLLP） / Listen for HL7 v2 until stopped; other processes run elsewhere."""
    settings = configuration.read()
    if address:
        settings = replace(settings, mllp=configuration.listener(address))
    if settings.mllp is None:
        raise click.UsageError("--at or YUNTU_MLLP: where? / 在哪里监听")
    process.run(settings)


@group.command("file")
@click.argument("client")
@click.argument("channel", type=click.Choice(CHANNELS[:2]))
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def file(client: str, channel: str, files: tuple[Path, ...], as_json: bool) -> None:
    """接收文件中的消息 / Take a message or document from a file, as if it had been sent. Exit code 1 where one waits.

    Example: yuntu inbound file his-demo hl7v2 result.hl7
    """
    with services() as built:
        receiver = Receiver(built)
        told: dict[str, Any] = {"client": client, "channel": channel}
        found = [outcome_json(receiver.receive(path.read_bytes(), origin=path.name, **told)) for path in files]
    show({"items": found}, as_json, lambda: table([_line(one) for one in found]))
    raise SystemExit(any(one["state"] != "understood" for one in found))


def _line(one: dict[str, Any]) -> tuple[Any, ...]:
    first = one["problems"][0] if one["problems"] else {}
    said = f"{first.get('at', '')} {first.get('zh', '')} / {first.get('en', '')}" if first else ""
    return one["id"], one["client"] or "-", one["channel"], one["kind"] or "-", one["state"], said
