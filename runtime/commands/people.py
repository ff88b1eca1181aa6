"""`yuntu accounts`, `token`, `user`, `client`: people and hospital systems."""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from engine.clock import CHINA, system_clock
from engine.errors import Conflict, NotFound
from engine.store import plain
from fhir_adapters.access import unknown
from fhir_adapters.partners import key_sets
from runtime import start
from runtime.commands import client_settings, endpoints
from runtime.commands.assertions import assertion
from runtime.commands.output import json_option, services, show, table
from runtime.demo.logins import read_logins
from workflows.people import passwords

SHORTEST = 8  # characters of a password
network_option = click.option(
    "--network",
    type=click.Choice(["public", "intranet", "loopback"]),
    default="public",
    show_default=True,
    help="where --jwks-uri may lie; http only in the last two",
)
stdin_option = click.option("--password-stdin", is_flag=True, help="read the password from standard input")


@click.command()
@json_option
def accounts(as_json: bool) -> None:
    """演示账号 / The demonstration log-ins of this installation.

    Example: yuntu accounts --json
    """
    with services() as built:
        known = {a.login: a for a in built.people.accounts() if a.active}
        found = [
            {
                "account": login,
                "password": password,
                "roles": list(known[login].roles),
                "organisation": known[login].organisation_id,
            }
            for login, password in read_logins(built.settings.home).items()
            if login in known
        ]
    people = [(a["account"], a["password"], ",".join(a["roles"]), a["organisation"]) for a in found]
    show(found, as_json, lambda: table(people) if people else "没有演示账号 / no demonstration accounts")


@click.command()
@click.option("--account", help="log-in of a person / 账号")
@click.option("--client", "client_name", help="name of a hospital system / 系统名")
@json_option
def token(account: str | None, client_name: str | None, as_json: bool) -> None:
    """访问令牌 / An access token for /api and /fhir.

    Example: yuntu token --account nurse --json
    """
    if (account is None) == (client_name is None):
        raise click.UsageError("give --account or --client")
    with services() as built:
        if account is not None:
            person = built.people.account(account)
            if not person.active:
                raise NotFound(f"账号“{account}”已停用", f"the account {account} is disabled")
            issued = built.people.issue_token(account=person)
        else:
            system = built.people.client(client_name or "")
            if system is None:
                raise NotFound(f"没有系统“{client_name}”", f"no client {client_name}")
            issued = built.people.issue_token(client=system)
    expires = issued.expires_at.astimezone(CHINA).isoformat()
    body = {"access_token": issued.access_token, "token_type": "Bearer", "expires_at": expires}
    show(body, as_json, lambda: issued.access_token)


@click.group()
def user() -> None:
    """账号管理 / Accounts."""


@user.command("add")
@click.argument("login")
@click.option("--name", required=True)
@click.option("--organisation", required=True)
@click.option("--role", "roles", multiple=True, required=True)
@stdin_option
@json_option
def add_user(
    login: str, name: str, organisation: str, roles: tuple[str, ...], password_stdin: bool, as_json: bool
) -> None:
    """新建账号 / Add an account; its password is made and shown once, or read from standard input.

    Example: yuntu user add wang --name 王五 --organisation org-twn-1 --role R-MCHW
    """
    given = _password_from(password_stdin)
    password = given or passwords.generate()
    with services() as built:
        made = built.people.add_account(
            login=login, name=name, organisation_id=organisation, roles=roles, password=password, by="cli"
        )
        _note(built, "AddAccount", login, roles=list(made.roles))
    body = {"account": made.login, "roles": list(made.roles), "organisation": organisation}
    shown = body if given else {**body, "password": password}
    show(shown, as_json, lambda: table([tuple(shown.values())]))


@user.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """所有账号 / All accounts."""
    with services() as built:
        found = [
            {
                "account": a.login,
                "name": a.name,
                "roles": list(a.roles),
                "organisation": a.organisation_id,
                "active": a.active,
            }
            for a in built.people.accounts()
        ]
    show(found, as_json, lambda: table([tuple(a.values()) for a in found]))


@user.command("disable")
@click.argument("login")
@json_option
def disable_user(login: str, as_json: bool) -> None:
    """停用账号 / End every session and token of an account, now."""
    with services() as built:
        built.people.set_active(login, False)
        _note(built, "DisableAccount", login)
    show({"account": login.lower(), "active": False}, as_json, lambda: f"{login} disabled")


@user.command("enable")
@click.argument("login")
@json_option
def enable_user(login: str, as_json: bool) -> None:
    """启用账号 / A disabled account can sign in again."""
    with services() as built:
        built.people.set_active(login, True)
        _note(built, "EnableAccount", login)
    show({"account": login.lower(), "active": True}, as_json, lambda: f"{login} enabled")


@user.command("grant")
@click.argument("login")
@click.argument("role")
@json_option
def grant(login: str, role: str, as_json: bool) -> None:
    """增加角色 / One role more, from the next request on.

    Example: yuntu user grant wang R-PM-F
    """
    with services() as built:
        built.people.grant_role(login, role, "cli")
        _note(built, "GrantRole", login, role=role)
        _show_roles(built, login, as_json)


@user.command("revoke")
@click.argument("login")
@click.argument("role")
@json_option
def revoke(login: str, role: str, as_json: bool) -> None:
    """收回角色 / One role less, from the next request on."""
    with services() as built:
        if not built.people.revoke_role(login, role):
            raise Conflict(f"{login} 没有角色 {role}", f"{login} does not hold the role {role}", code="role")
        _note(built, "RevokeRole", login, role=role)
        _show_roles(built, login, as_json)


def _note(built: Any, action: str, login: str, **detail: Any) -> None:
    account = built.people.account(login)
    built.people.audit(start.AT_THE_MACHINE, action, "account", str(account.id), detail or None)


def _show_roles(built: Any, login: str, as_json: bool) -> None:
    roles = list(built.people.account(login).roles)
    show({"account": login.lower(), "roles": roles}, as_json, lambda: f"{login}  {', '.join(roles)}")


@user.command("password")
@click.argument("login")
@stdin_option
@json_option
def set_password(login: str, password_stdin: bool, as_json: bool) -> None:
    """重设密码 / A new password, made and shown once, or read from standard input."""
    given = _password_from(password_stdin)
    password = given or passwords.generate()
    with services() as built:
        built.people.set_password(login, password)
        _note(built, "SetPassword", login)
    shown = {"account": login.lower()} if given else {"account": login.lower(), "password": password}
    show(shown, as_json, lambda: "  ".join(shown.values()))


@click.group()
def client() -> None:
    """院内系统 / Hospital systems (SMART backend services)."""


client.add_command(endpoints.group)
for one in client_settings.COMMANDS:
    client.add_command(one)
client.add_command(assertion)


@client.command("add")
@click.option("--name", required=True)
@click.option("--organisation", required=True)
@click.option("--scopes", required=True, help='like "system/*.rs system/Observation.c"')
@click.option("--jwks", type=click.File("rb"), help="public keys, a JSON Web Key Set")
@click.option("--jwks-uri", help="where it publishes them; read anew when it signs with another one")
@network_option
@json_option
def add_client(
    name: str,
    organisation: str,
    scopes: str,
    jwks: IO[bytes] | None,
    jwks_uri: str | None,
    network: str,
    as_json: bool,
) -> None:
    """登记系统 / Register a hospital system by its public keys.

    Example: yuntu client add --name his --organisation org-hospital --scopes "system/*.rs" --jwks jwks.json --json
    """
    keys = _keys(jwks, jwks_uri, network)
    if wrong := unknown(scopes.split()):
        raise click.UsageError(f"--scopes: {wrong[0]} is not a scope")
    with services() as built:
        made = built.people.add_client(
            name=name, organisation_id=organisation, scopes=frozenset(scopes.split()), jwks=keys
        )
        if jwks_uri is not None:
            built.people.put_key_address(made, jwks_uri, network)
    body = {"client_id": str(made.id), "name": name, "organisation": organisation, "scopes": sorted(made.scopes)}
    show(body, as_json, lambda: str(made.id))


@client.command("keys")
@click.option("--name", required=True)
@click.option("--jwks", type=click.File("rb"), help="public keys, a JSON Web Key Set; it replaces the old one")
@click.option("--jwks-uri", help="where it publishes them from now on; read now, and when it signs with another one")
@network_option
@json_option
def replace_client_keys(name: str, jwks: IO[bytes] | None, jwks_uri: str | None, network: str, as_json: bool) -> None:
    """更换公钥 / Replace a system's public keys.

    Without a gap: first a file with the old key and the new one, and when the system signs with the new one, a file
    with that alone. Or once the address where it publishes its keys: then it changes them without asking anybody.
    Example: yuntu client keys --name his --jwks jwks.json
    """
    keys = _keys(jwks, jwks_uri, network)
    with services() as built:
        found = built.people.client(name)
        if found is None:
            raise click.UsageError("--name: no active system has this name")
        changed = built.people.replace_client_keys(found, keys)
        built.people.put_key_address(found, jwks_uri, network)
    body = {"client_id": str(changed.id), "name": name, "kids": [key.get("kid") for key in changed.jwks["keys"]]}
    show(body, as_json, lambda: "  ".join(str(kid) for kid in body["kids"]))


@client.command("list")
@json_option
def list_clients(as_json: bool) -> None:
    """已登记的系统 / Registered systems."""
    with services() as built:
        found = [
            {"client_id": str(c.id), "name": c.name, "organisation": c.organisation_id, "scopes": sorted(c.scopes)}
            for c in built.people.clients()
        ]
    show(found, as_json, lambda: table([(c["client_id"], c["name"], c["organisation"]) for c in found]))


def _keys(file: IO[bytes] | None, address: str | None, network: str) -> dict[str, Any]:
    """Of the file, or from the address, which is asked now: what does not answer is not registered."""
    if (file is None) == (address is None):
        raise click.UsageError("give --jwks or --jwks-uri")
    if address is not None:
        return key_sets.read(address, network, system_clock())
    keys = plain.loads(file.read()) if file is not None else None
    if not isinstance(keys, dict):
        raise click.UsageError("--jwks: the file must hold a JSON object with keys")
    return keys


def _password_from(stdin: bool) -> str | None:
    """One line of standard input, never the command line: other people can read that."""
    if not stdin:
        return None
    given = sys.stdin.readline().rstrip("\n")
    if len(given) < SHORTEST:
        raise click.UsageError(f"--password-stdin: at least {SHORTEST} characters")
    return given
