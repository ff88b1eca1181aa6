"""`yuntu client assertion`: what a hospital system signs to get a token, for trying with curl."""

from __future__ import annotations

from datetime import timedelta
from typing import IO, Any
from uuid import uuid4

import click
import jwt

from engine.clock import system_clock
from engine.errors import Malformed
from engine.store import plain
from runtime import settings as configuration

GOOD_FOR = timedelta(minutes=4)  # the server takes five at most


@click.command("assertion")
@click.option("--name", required=True, help="the system / 系统名")
@click.option("--key", "file", type=click.File("rb"), required=True, help="its private key, a JSON Web Key / 私钥文件")
@click.option("--audience", help="the token address [default: that of this installation] / 令牌地址")
def assertion(name: str, file: IO[bytes], audience: str | None) -> None:
    """签名断言 / Sign an assertion: good once, for four minutes. A system of yours does this itself.

    Example: yuntu client assertion --name his-demo --key var/his-demo-key.json
    """
    settings = configuration.read()
    where = audience or f"{settings.base_url or settings.address}/oauth/token"
    claims: dict[str, Any] = {"iss": name, "sub": name, "aud": where, "jti": uuid4().hex}
    claims["exp"] = int((system_clock() + GOOD_FOR).timestamp())
    algorithm, key, kid = _private(file.read())
    click.echo(jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else None))


def _private(content: bytes) -> tuple[str, Any, str | None]:
    """The algorithm that we take for such a key, the key, and its name."""
    wrong = click.UsageError(
        "--key: a private RSA or P-384 key as a JSON Web Key is needed / 须为私钥（JWK，RSA 或 P-384）"
    )
    try:
        found = plain.loads(content)
        algorithm = {"RSA": "RS384", "EC": "ES384"}[found["kty"]]
        if "d" not in found or found.get("crv", "P-384") != "P-384":
            raise wrong
        return algorithm, jwt.PyJWK(found, algorithm).key, found.get("kid")
    except (Malformed, ValueError, KeyError, TypeError, jwt.PyJWTError):
        raise wrong from None
