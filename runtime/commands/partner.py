"""`yuntu partner`: the keys by which this installation signs in at institutions that have one of their own."""

from __future__ import annotations

import json

import click

from fhir_adapters.partners import keys as signing
from fhir_adapters.store import signing as rows
from runtime.commands.output import json_option, services, show


@click.group("partner")
def group() -> None:
    """伙伴机构 / Institutions with an installation of their own; their address stands in the directory."""


@group.command("keys")
@json_option
def keys(as_json: bool) -> None:
    """本系统的公钥 / Our public keys, a JSON Web Key Set; the partner registers it with `yuntu client add --jwks`.

    Example: yuntu partner keys --json > our-keys.json
    """
    with services() as built, built.pool.connection() as conn:
        body = signing.published(conn, built.region_id, built.clock())
    show(body, as_json, lambda: json.dumps(body))


@group.command("rotate")
@click.option("--retire", is_flag=True, help="publish the older keys no more / 不再公布旧密钥")
@json_option
def rotate(retire: bool, as_json: bool) -> None:
    """更换密钥 / A new key signs from now on. Without a gap: rotate, give the partner both keys, then --retire."""
    with services() as built, built.pool.connection() as conn:
        if retire:
            rows.forget(conn, built.region_id)
        else:
            signing.rotate(conn, built.region_id, built.clock())
        found = signing.published(conn, built.region_id, built.clock())
    body = {"kids": [key["kid"] for key in found["keys"]]}
    show(body, as_json, lambda: "\n".join(body["kids"]))
