"""`yuntu client`: how it stands with a hospital system, and what is settled about it."""

from __future__ import annotations

from typing import IO, Any

import click

from fhir_adapters import clients
from fhir_adapters.tolerances.kinds import TOLERANCES
from fhir_adapters.tolerances.registration import Registration, Rerun
from runtime.commands.output import json_option, services, show, table
from runtime.start import AT_THE_MACHINE

name_option = click.option("--name", required=True, help="of the system / 系统名")
system_option = click.option("--system", default="", help="of the code, empty where none is sent / 编码体系")
code_option = click.option("--code", required=True, help="as the system sends it / 院内代码")


def _api() -> Any:
    """How the HTTP side says it; loaded when a command wants it, since that room takes a second."""
    import api.clients

    return api.clients


@click.command("show")
@name_option
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True)
@json_option
def show_client(name: str, days: int, as_json: bool) -> None:
    """流量、错误、积压 / Traffic, errors with places, uses of tolerances, what waits. Never what a resource says.

    Example: yuntu client show --name his --days 7
    """
    with services() as built:
        found = clients.detail(built, name, days)
    rows = [
        (kind, one.type or "-", one.interaction, one.detail, one.place or "-", one.count)
        for kind in ("traffic", "error", "tolerance")
        for one in found.summed(kind)
    ]
    show(_api().detail_json(found), as_json, lambda: table(rows) or "没有 / none")


@click.command("standing")
@json_option
def standing(as_json: bool) -> None:
    """各系统近况 / Each system: when it was last seen and what waits."""
    with services() as built:
        found = [_api().standing_json(one) for one in clients.standings(built)]
    lines = [(c["name"], c["last_seen_at"] or "-", c["waiting"], c["unmapped"], c["untold"]) for c in found]
    show({"items": found}, as_json, lambda: table(lines) or "没有 / none")


@click.command("tolerances")
@click.option("--name", help="of the system; without it, what there is / 系统名")
@click.option("--add", multiple=True, help="overlook this too / 增加")
@click.option("--remove", multiple=True, help="overlook this no more / 去掉")
@json_option
def tolerances(name: str | None, add: tuple[str, ...], remove: tuple[str, ...], as_json: bool) -> None:
    """容差 / What is overlooked in what a system sends; nothing, unless it is said here.

    Example: yuntu client tolerances --name his --add zone --add numbers
    """
    if name is None:
        if add or remove:
            raise click.UsageError("--name: of which system? / 哪个系统")
        there = [{"name": one.name, "zh": one.zh, "en": one.en} for one in TOLERANCES.values()]
        show({"items": there}, as_json, lambda: table([(o["name"], o["zh"], o["en"]) for o in there]))
        return
    with services() as built:
        desk = Registration(built)
        client = desk.client(name)
        if add or remove:
            client = desk.set_tolerances(name, (client.tolerances | set(add)) - set(remove), AT_THE_MACHINE)
    show(_api().client_json(client), as_json, lambda: "  ".join(sorted(client.tolerances)) or "没有 / none")


@click.group("codes")
def codes() -> None:
    """院内代码对照 / What a system's own codes mean."""


@codes.command("list")
@name_option
@json_option
def list_codes(name: str, as_json: bool) -> None:
    """已对照与待对照 / The concept map, and what nothing is known of, each with an owner."""
    with services() as built:
        desk = Registration(built)
        mapped, open_ = desk.codes(name), desk.unmapped(name)
    told = {
        "mapped": [_api().mapped_json(one) for one in mapped],
        "unmapped": [_api().unmapped_json(one) for one in open_],
    }
    lines: list[tuple[Any, ...]] = [(one.system or "-", one.code, one.item, one.unit or "-") for one in mapped]
    lines += [(one.system or "-", one.code, "?", f"{one.seen} × {one.display} ({one.owner})") for one in open_]
    show(told, as_json, lambda: table(lines) or "没有 / none")


@codes.command("map")
@name_option
@system_option
@code_option
@click.option("--item", required=True, help="like hb, sbp: the form's linkId / 项目")
@click.option("--unit", help="UCUM, for values without a unit / 单位")
@json_option
def map_code(name: str, system: str, code: str, item: str, unit: str | None, as_json: bool) -> None:
    """对照 / Say what a code means, from now on and in what is stored. Exit code 1 where one could not be written.

    Example: yuntu client codes map --name his --code HGB --item hb --unit g/L
    """
    with services() as built:
        done = Registration(built).map_code(name, (system, code), item, unit, AT_THE_MACHINE)
    _finish(done, as_json)


@codes.command("run")
@name_option
@system_option
@code_option
@json_option
def run_again(name: str, system: str, code: str, as_json: bool) -> None:
    """重新识别 / What is stored with a code that is mapped says what it meant."""
    with services() as built:
        done = Registration(built).run_again(name, (system, code), AT_THE_MACHINE)
    _finish(done, as_json)


def _finish(done: Rerun, as_json: bool) -> None:
    show(_api().rerun_json(done), as_json, lambda: f"{done.changed} 已改 / changed, {done.failed} 未成 / failed")
    raise SystemExit(1 if done.failed else 0)


@codes.command("drop")
@name_option
@system_option
@code_option
@json_option
def drop_code(name: str, system: str, code: str, as_json: bool) -> None:
    """撤销对照 / A code means nothing from now on; what is stored stays."""
    with services() as built:
        Registration(built).drop_code(name, (system, code), AT_THE_MACHINE)
    show({"code": code, "mapped": False}, as_json, lambda: code)


@codes.command("aside")
@name_option
@system_option
@code_option
@json_option
def set_aside(name: str, system: str, code: str, as_json: bool) -> None:
    """搁置 / A code is of no use here: nobody is asked again."""
    with services() as built:
        Registration(built).set_aside(name, (system, code), AT_THE_MACHINE)
    show({"code": code, "state": "set-aside"}, as_json, lambda: code)


@codes.command("owner")
@name_option
@system_option
@code_option
@click.option("--owner", required=True, help="a role or an account / 角色或账号")
@json_option
def hand_over(name: str, system: str, code: str, owner: str, as_json: bool) -> None:
    """转交 / Whose task it is to map a code."""
    with services() as built:
        Registration(built).hand_over(name, (system, code), owner, AT_THE_MACHINE)
    show({"code": code, "owner": owner}, as_json, lambda: owner)


@click.command("inbound")
@name_option
@click.option("--file", type=click.File("r", encoding="utf-8"), help="YAML that counts from now on / 接入档案")
@click.option("--drop", is_flag=True, help="the file in the inbound folder counts again / 撤销")
@json_option
def inbound(name: str, file: IO[str] | None, drop: bool, as_json: bool) -> None:
    """接入档案 / What is agreed for HL7 v2, CDA, files and views: shown, or set from a file.

    Example: yuntu client inbound --name his --file his.yaml
    """
    if file is not None and drop:
        raise click.UsageError("--file or --drop / 二者取一")
    with services() as built:
        desk = Registration(built)
        if file is not None:
            desk.put_inbound(name, file.read(), AT_THE_MACHINE)
        elif drop:
            desk.drop_inbound(name, AT_THE_MACHINE)
        text = desk.inbound_text(name)
    show({"text": text}, as_json, lambda: text.rstrip())


COMMANDS = (show_client, standing, tolerances, codes, inbound)
