"""The keys by which this installation signs in elsewhere: one signs, older ones stay published until those who trust
them have read anew."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fhir_adapters.store import signing

ALGORITHM = "ES384"
GOOD_FOR = timedelta(minutes=4)


def signing_key(conn: Any, region_id: str, now: datetime) -> tuple[str, str]:
    """Its id and the private key; the first time it is made."""
    found = signing.current(conn, region_id)
    if found is None:
        rotate(conn, region_id, now)
        found = signing.current(conn, region_id)
    assert found is not None
    return found


def rotate(conn: Any, region_id: str, now: datetime) -> str:
    """A new key signs from now on; the one before stays published."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    kid, made = uuid4().hex, ec.generate_private_key(ec.SECP384R1())
    signing.replace(conn, region_id, kid, made.private_bytes(*form).decode(), now)
    return kid


def published(conn: Any, region_id: str, now: datetime) -> dict[str, Any]:
    """The public key set."""
    signing_key(conn, region_id, now)
    keys = []
    for kid, private in signing.every(conn, region_id):
        loaded: Any = serialization.load_pem_private_key(private.encode(), None)
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(loaded.public_key()))
        keys.append({**public, "kid": kid, "alg": ALGORITHM, "use": "sig"})
    return {"keys": keys}


def assertion(key: tuple[str, str], client_id: str, audience: str, now: datetime) -> str:
    """Who we are, for the sign-in page of a partner: good once, for some minutes."""
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": uuid4().hex}
    claims["exp"] = int((now + GOOD_FOR).timestamp())  # type: ignore[assignment]
    return jwt.encode(claims, key[1], algorithm=ALGORITHM, headers={"kid": key[0]})
