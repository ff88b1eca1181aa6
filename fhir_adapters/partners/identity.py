"""Who somebody is, signed: the id_token of our own people, and what a hospital's system says of its people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from fhir_adapters.partners.keys import published as keys_of_partners
from fhir_adapters.store import signing

ALGORITHM = "RS256"  # OpenID Connect Core 15.1; SMART App Launch asks for it
ACCEPTED = ("RS256", "RS384", "ES256", "ES384")
BITS = 2048
GOOD_FOR = timedelta(hours=1)
KEPT = timedelta(hours=2)  # a key that signs no more is published until what it signed is good no more
LEEWAY_S = 60


class NotProven(Exception):
    """A token that does not prove who somebody is."""


def signing_key(conn: Any, region_id: str, now: datetime) -> tuple[str, str]:
    """Id and private key; the first one is made when it is asked for."""
    found = signing.current_identity(conn, region_id)
    if found is None:
        rotate(conn, region_id, now)
        found = signing.current_identity(conn, region_id)
    assert found is not None
    return found


def rotate(conn: Any, region_id: str, now: datetime) -> str:
    """A new key signs from now on; the one before stays published while what it signed is good."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    kid, made = uuid4().hex, rsa.generate_private_key(65537, BITS)
    signing.replace_identity(conn, region_id, kid, made.private_bytes(*form).decode(), now)
    return kid


def published(conn: Any, region_id: str, now: datetime) -> dict[str, Any]:
    """Every public key of ours: those that say who somebody is, and those by which we sign in elsewhere."""
    signing_key(conn, region_id, now)
    keys = []
    for kid, private in signing.identities(conn, region_id, now - KEPT):
        loaded: Any = serialization.load_pem_private_key(private.encode(), None)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(loaded.public_key()))
        keys.append({**public, "kid": kid, "alg": ALGORITHM, "use": "sig"})
    return {"keys": [*keys, *keys_of_partners(conn, region_id, now)["keys"]]}


def id_token(key: tuple[str, str], claims: Mapping[str, Any], now: datetime) -> str:
    """`claims`: iss, sub, aud, and what else is said of the person."""
    times = {"iat": int(now.timestamp()), "exp": int((now + GOOD_FOR).timestamp())}
    return jwt.encode({**claims, **times}, key[1], algorithm=ALGORITHM, headers={"kid": key[0]})


def read_id_token(token: str, jwks: Mapping[str, Any], *, issuer: str, audience: str, nonce: str) -> dict[str, Any]:
    """What another system says of who signed in there. Raises NotProven: not its signature, not for us, not for this
    very sign-in, not now."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ACCEPTED:
            raise NotProven("alg")
        found = jwt.decode(
            token,
            _key(jwks, header),
            algorithms=[header["alg"]],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_S,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, KeyError, ValueError, TypeError) as error:
        raise NotProven(type(error).__name__) from None
    if found.get("nonce") != nonce:
        raise NotProven("nonce")
    return dict(found)


def _key(jwks: Mapping[str, Any], header: Mapping[str, Any]) -> Any:
    kind = "RSA" if header["alg"].startswith("RS") else "EC"
    listed = jwks.get("keys")
    fitting = [
        key
        for key in (listed if isinstance(listed, list) else ())
        if isinstance(key, dict) and key.get("kty") == kind and header.get("kid") in (None, key.get("kid"))
    ]
    if len(fitting) != 1:
        raise KeyError("kid")
    return jwt.PyJWK.from_dict(fitting[0], algorithm=header["alg"]).key
