"""`yuntu client endpoint`: the addresses that a hospital system may be told at, and what is signed for it."""

from __future__ import annotations

import secrets
from typing import Any

import click

from engine.errors import NotFound
from fhir_adapters import delivery
from fhir_adapters.store.subscriptions import Endpoint, Subscriptions
from runtime.commands.output import json_option, services, show, table

SECRET_BYTES = 32
client_option = click.option("--client", "client_name", required=True, help="name of the system / 系统名")
url_option = click.option("--url", required=True, help="address; what lies below it is meant too / 地址")


@click.group("endpoint")
def group() -> None:
    """通知地址 / Addresses that notifications may go to."""


@group.command("add")
@client_option
@url_option
@click.option(
    "--network",
    type=click.Choice(["public", "intranet", "loopback"]),
    default="public",
    show_default=True,
    help="where the address may lie; http only in the last two",
)
@json_option
def add(client_name: str, url: str, network: str, as_json: bool) -> None:
    """登记地址 / Register an address; the secret that signs what is sent there is made and shown once.

    Example: yuntu client endpoint add --client his --url https://his.example.org/told --json
    """
    address, secret = url.rstrip("/"), secrets.token_urlsafe(SECRET_BYTES)
    with services() as built, built.pool.connection() as conn:
        now = built.clock()
        probe = Endpoint(address=address, network=network, secrets=[secret], created_at=now)
        if delivery.allowed(address, [probe]) is None:
            raise click.UsageError("--url: https://host/path without a query; http only with --network intranet")
        Subscriptions(conn, built.region_id).put_endpoint(
            _client_id(built, client_name), address, network, [secret], now
        )
    body = {"client": client_name, "address": address, "network": network, "secret": secret}
    show(body, as_json, lambda: secret)


@group.command("rotate")
@client_option
@url_option
@click.option("--retire", is_flag=True, help="the older secret is good no more / 停用旧密钥")
@json_option
def rotate(client_name: str, url: str, retire: bool, as_json: bool) -> None:
    """更换密钥 / A new secret beside the old one: what is sent bears both marks until `--retire`."""
    with services() as built, built.pool.connection() as conn:
        rows, client_id = Subscriptions(conn, built.region_id), _client_id(built, client_name)
        found = _endpoint(rows, client_id, url)
        made = None if retire else secrets.token_urlsafe(SECRET_BYTES)
        kept = [made, found.secrets[0]] if made else [found.secrets[0]]
        rows.put_endpoint(client_id, found.address, found.network, kept, built.clock())
    body = {"client": client_name, "address": found.address, "secret": made, "valid": len(kept)}
    show(body, as_json, lambda: made or "ok")


@group.command("remove")
@client_option
@url_option
@json_option
def remove(client_name: str, url: str, as_json: bool) -> None:
    """撤销地址 / Nothing is sent there any more; its subscriptions go to error."""
    with services() as built, built.pool.connection() as conn:
        rows, client_id = Subscriptions(conn, built.region_id), _client_id(built, client_name)
        address = _endpoint(rows, client_id, url).address
        rows.remove_endpoint(client_id, address)
    show({"client": client_name, "removed": address}, as_json, lambda: address)


@group.command("list")
@client_option
@json_option
def listed(client_name: str, as_json: bool) -> None:
    """已登记的地址 / Registered addresses, without their secrets."""
    with services() as built, built.pool.connection() as conn:
        found = Subscriptions(conn, built.region_id).endpoints(_client_id(built, client_name))
    body = [{"address": one.address, "network": one.network, "secrets": len(one.secrets)} for one in found]
    show(body, as_json, lambda: table([(one["address"], one["network"], str(one["secrets"])) for one in body]))


def _client_id(built: Any, name: str) -> Any:
    found = built.people.client(name)
    if found is None:
        raise NotFound(f"没有系统“{name}”", f"no client {name}")
    return found.id


def _endpoint(rows: Subscriptions, client_id: Any, url: str) -> Endpoint:
    found = next((one for one in rows.endpoints(client_id) if one.address == url.rstrip("/")), None)
    if found is None:
        raise NotFound("没有登记这个地址", "this address is not registered")
    return found
