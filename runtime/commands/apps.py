"""`yuntu app`, `yuntu hospital`: apps that act for people here, and hospitals whose own system opens our pages."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import IO, Any

import click

from engine.clock import system_clock
from engine.errors import NotFound
from engine.store import plain
from fhir_adapters.access import unknown
from fhir_adapters.partners import identity
from runtime.commands.output import json_option, services, show, table
from workflows.people.apps import AUTHENTICATIONS
from workflows.people.apps_model import App
from workflows.people.hospitals import NETWORKS, SCOPES, Hospital
from workflows.people.scopes import AROUND

client_id_option = click.option("--client-id", required=True, help="as `yuntu app list` names it")
issuer_option = click.option("--issuer", required=True, help="address of the hospital's FHIR interface / iss")


@click.group("app")
def app() -> None:
    """应用 / Apps that act for people (SMART App Launch)."""


@app.command("add")
@click.option("--name", required=True)
@click.option("--title", required=True, help="as people read it / 给人看的名称")
@click.option("--organisation", required=True)
@click.option("--scopes", required=True, help='like "openid fhirUser launch/patient patient/*.rs"')
@click.option("--redirect-uri", "redirect_uris", multiple=True, required=True, help="exactly as the app sends it")
@click.option("--launch-uri", help="where it is opened from a woman's page")
@click.option("--authentication", type=click.Choice(AUTHENTICATIONS), default="none", show_default=True)
@click.option("--jwks", type=click.File("rb"), help="public keys, for private_key_jwt")
@json_option
def add_app(
    name: str,
    title: str,
    organisation: str,
    scopes: str,
    redirect_uris: tuple[str, ...],
    launch_uri: str | None,
    authentication: str,
    jwks: IO[bytes] | None,
    as_json: bool,
) -> None:
    """登记应用 / Register an app; a secret is made and shown once.

    Example: yuntu app add --name edu --title 孕期宣教 --organisation org-hospital --scopes "openid launch/patient
    patient/*.rs" --redirect-uri https://app.example.org/back --json
    """
    wrong = unknown(scopes.split(), AROUND)
    if wrong:
        raise click.UsageError(f"--scopes: {wrong[0]} is not a scope")
    with services() as built:
        made = built.people.add_app(
            name=name,
            title=title,
            organisation_id=organisation,
            scopes=scopes.split(),
            redirect_uris=redirect_uris,
            authentication=authentication,
            launch_uri=launch_uri,
            jwks=plain.loads(jwks.read()) if jwks is not None else None,
        )
    body = {"client_id": str(made.app.id), "client_secret": made.secret, "name": name}
    show(body, as_json, lambda: "  ".join(str(value) for value in body.values() if value))


@app.command("list")
@json_option
def list_apps(as_json: bool) -> None:
    """已登记的应用 / Registered apps, without their secrets."""
    with services() as built:
        found = [
            {
                "client_id": str(one.id),
                "name": one.client.name,
                "title": one.title,
                "organisation": one.client.organisation_id,
                "authentication": one.authentication,
                "scopes": sorted(one.client.scopes),
                "redirect_uris": list(one.redirect_uris),
                "active": one.client.active,
            }
            for one in built.people.apps()
        ]
    show(found, as_json, lambda: table([(one["client_id"], one["name"], str(one["active"])) for one in found]))


@app.command("switch")
@client_id_option
@click.option("--on/--off", "active", required=True)
@json_option
def switch_app(client_id: str, active: bool, as_json: bool) -> None:
    """启用、停用 / Off: whatever people granted it ends now."""
    with services() as built:
        built.people.switch_app(_app(built, client_id), active)
    show({"client_id": client_id, "active": active}, as_json, lambda: "on" if active else "off")


@app.command("secret")
@client_id_option
@json_option
def new_secret(client_id: str, as_json: bool) -> None:
    """换新密码 / A new secret, shown once; the one before is good no more."""
    with services() as built:
        secret = built.people.new_app_secret(_app(built, client_id))
    show({"client_id": client_id, "client_secret": secret}, as_json, lambda: secret)


@app.command("rotate-keys")
@json_option
def rotate_keys(as_json: bool) -> None:
    """更换身份令牌的签名密钥 / A new key signs id tokens from now on; the old one stays published for a while."""
    with services() as built, built.pool.connection() as conn:
        now = system_clock()
        kid = identity.rotate(conn, built.region_id, now)
        published = [one["kid"] for one in identity.published(conn, built.region_id, now)["keys"]]
    show({"kid": kid, "published": published}, as_json, lambda: kid)


@click.group("hospital")
def hospital() -> None:
    """从医院系统打开 / Hospitals whose own system opens our pages."""


@hospital.command("add")
@issuer_option
@click.option("--title", required=True)
@click.option("--organisation", required=True, help="whose accounts, and those below it, may come in")
@click.option("--client-id", required=True, help="as we are registered there")
@click.option("--authentication", type=click.Choice(["none", "private_key_jwt"]), default="none", show_default=True)
@click.option("--scopes", default=SCOPES, show_default=True)
@click.option("--origin", "origins", multiple=True, help="whose pages may show ours inside: https://his.example.org")
@click.option("--identifier", "identifiers", multiple=True, help="system of a number that names one woman")
@click.option("--network", type=click.Choice(NETWORKS), default="public", show_default=True)
@json_option
def add_hospital(as_json: bool, **given: Any) -> None:
    """登记医院系统 / Register a hospital's system, or correct what is known of it.

    Example: yuntu hospital add --issuer https://his.example.org/fhir --title 县医院 --organisation org-hospital
    --client-id yuntu --origin https://his.example.org
    """
    found = Hospital(organisation_id=given.pop("organisation"), **given)
    with services() as built:
        built.people.put_hospital(found)
    show(asdict(found), as_json, lambda: found.issuer)


@hospital.command("list")
@json_option
def list_hospitals(as_json: bool) -> None:
    """已登记的医院系统 / Registered hospitals' systems, with whom their people are here."""
    with services() as built:
        found = [
            {**asdict(one), "people": [list(pair) for pair in built.people.mapped_people(one.issuer)]}
            for one in built.people.hospitals()
        ]
    show(found, as_json, lambda: json.dumps(found, ensure_ascii=False, indent=1))


@hospital.command("person")
@issuer_option
@click.option("--external", required=True, help="as the hospital says who it is: Practitioner/1, or system|number")
@click.option("--account", help="log-in here; left out: nobody any more")
@json_option
def person(issuer: str, external: str, account: str | None, as_json: bool) -> None:
    """人员对应 / As which account somebody of that hospital comes in."""
    with services() as built:
        if account is None:
            built.people.unmap_person(issuer, external)
        else:
            built.people.map_person(issuer, external, account, by="cli")
    show({"issuer": issuer, "external": external, "account": account}, as_json, lambda: account or "-")


@hospital.command("switch")
@issuer_option
@click.option("--on/--off", "active", required=True)
@json_option
def switch_hospital(issuer: str, active: bool, as_json: bool) -> None:
    """启用、停用 / Off: nobody comes in from there, and who came in is out."""
    with services() as built:
        built.people.switch_hospital(issuer, active)
    show({"issuer": issuer, "active": active}, as_json, lambda: "on" if active else "off")


def _app(built: Any, client_id: str) -> App:
    found = next((one for one in built.people.apps() if str(one.id) == client_id), None)
    if found is None:
        raise NotFound("没有这个应用", "no such app")
    return found
